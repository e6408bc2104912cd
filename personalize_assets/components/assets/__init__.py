"""The assets of one dataset group, a module a stage, in the order in which data flows."""
