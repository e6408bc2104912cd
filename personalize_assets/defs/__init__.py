"""What is deployed, declared: each folder with a defs.yaml is one dataset group, one asset graph."""
