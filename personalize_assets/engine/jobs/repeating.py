"""Ending work that comes again and again, before a new round of it begins.

Knows jobs only by their kinds.
"""

from personalize_assets.engine.jobs.kinds import Step


def end_rounds(step: Step, kind: str) -> None:
    """End the waiting jobs of one kind on the resource of a job.

    Args:
        step: Of another job on the resource.
        kind: Name of the kind.
    """
    for job in step.store.jobs.of(step.resource.arn, {"pending"}):
        if job.kind == kind:
            step.store.jobs.finish(job.id, step.now, failed=False)
