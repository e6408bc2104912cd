"""Runs of the Glue job: found by their order, looked at, stopped."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

OVER: Final = frozenset({"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"})
"""States that a run does not leave [job-run-statuses.html]."""

LOG_GROUP: Final = "/aws-glue/jobs"
"""Where logs are unless the run says so."""

_LOOKED_THROUGH: Final = 400
"""Runs of the job that are looked through for an order, the newest first."""


@dataclass(frozen=True)
class GlueRun:
    """One run of a job.

    Attributes:
        id: ``jr_...``.
        state: Such as ``RUNNING``.
        order: Its argument ``--order``; None for a run that somebody started otherwise.
        error: Why it failed, as Glue tells it.
        seconds: How long it worked.
        dpu_seconds: What is paid for: DPU times seconds.
        log_group: Beginning of the names of its log groups.
    """

    id: str
    state: str
    order: str | None = None
    error: str | None = None
    seconds: float | None = None
    dpu_seconds: float | None = None
    log_group: str = LOG_GROUP

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in OVER


def parse_run(answer: Any) -> GlueRun:
    """Read a ``JobRun`` as GetJobRun and GetJobRuns give it.

    A run without auto scaling says no DPU seconds: then they are what it had times how long.
    """
    seconds = answer.get("ExecutionTime")
    dpu_seconds = answer.get("DPUSeconds")
    if dpu_seconds is None and seconds is not None and "MaxCapacity" in answer:
        dpu_seconds = seconds * answer["MaxCapacity"]
    return GlueRun(
        id=answer["Id"],
        state=answer["JobRunState"],
        order=answer.get("Arguments", {}).get("--order"),
        error=answer.get("ErrorMessage"),
        seconds=seconds,
        dpu_seconds=dpu_seconds,
        log_group=answer.get("LogGroupName", LOG_GROUP),
    )


def read_run(glue: Any, job: str, run_id: str) -> GlueRun:
    """Look at one run.

    Args:
        glue: boto3 client.
        job: Name of the job.
        run_id: Its id.

    Raises:
        ClientError: There is none, or access is refused.
    """
    return parse_run(glue.get_job_run(JobName=job, RunId=run_id)["JobRun"])


def find_run(glue: Any, job: str, orders: Collection[str]) -> GlueRun | None:
    """Find the run that carries out one of these orders: one that is not over, else the newest.

    Args:
        glue: boto3 client.
        job: Name of the job.
        orders: Addresses of orders.

    Raises:
        ClientError: There is no such job, or access is refused.
    """
    pages = glue.get_paginator("get_job_runs").paginate(
        JobName=job, PaginationConfig={"MaxItems": _LOOKED_THROUGH}
    )
    runs = [parse_run(answer) for page in pages for answer in page["JobRuns"]]
    found = [run for run in runs if run.order in orders]
    return next((run for run in found if not run.is_over), found[0] if found else None)


def stop_run(glue: Any, job: str, run_id: str) -> None:
    """Stop a run.

    Raises:
        ClientError: Access is refused.
    """
    glue.batch_stop_job_run(JobName=job, JobRunIds=[run_id])
