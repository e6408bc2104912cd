"""The commands `personalize-assets` and `personalize-local`."""
