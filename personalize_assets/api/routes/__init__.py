"""The endpoints, one module for what belongs together."""
