"""Proofs that the pipeline can be left running; `python -m` this package prints their tables."""
