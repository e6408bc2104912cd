"""Asynchronous work of the engine: a queue in the store, runners, and the kinds of work."""

from personalize_assets.engine.jobs.processes import ProcessRunner
from personalize_assets.engine.jobs.runner import InlineRunner, JobRunner

__all__ = ["InlineRunner", "JobRunner", "ProcessRunner"]
