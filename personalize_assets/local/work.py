"""What the engine of the local stack is working on, in words for a log.

Asks the engine's control paths. Standard library only, and no part of what AWS answers.
"""

from typing import Any, Final

from personalize_assets.local.health import read_object

_JOBS: Final = "/_personalize/jobs"


def describe_work(address: str, arn: str) -> str | None:
    """How far the engine is with a resource; None if it does not work on it or does not answer.

    Args:
        address: Of the engine, such as ``http://127.0.0.1:4321``.
        arn: The resource.
    """
    found = read_object(address, _JOBS)
    jobs: list[dict[str, Any]] = [] if found is None else found.get("unfinished", [])
    of_resource = [job for job in jobs if job.get("resource_arn") == arn and job.get("stage")]
    return _describe(of_resource[0]) if of_resource else None


def _describe(job: dict[str, Any]) -> str:
    text = f"{job['stage']}, {job['share']:.0%} of the work is done"
    left = job.get("seconds_left")
    return text if left is None else f"{text}, about {_duration(left)} left"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"
