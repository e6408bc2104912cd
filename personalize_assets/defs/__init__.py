"""What is deployed, declared: a folder with a defs.yaml is one dataset group, one asset graph."""
