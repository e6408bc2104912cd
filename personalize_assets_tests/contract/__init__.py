"""One workflow over all of `aws/`, against the engine, the transcribed service and an account."""
