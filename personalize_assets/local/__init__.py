"""The local stack: engine and S3 on this machine, started on demand and shared."""
