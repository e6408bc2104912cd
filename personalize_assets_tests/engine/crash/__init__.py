"""Kills the engine at every write that lasts, one after the other, and looks at what is left."""
