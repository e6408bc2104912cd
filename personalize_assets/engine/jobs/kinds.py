"""What a kind of job is: the seam between the runners and the work.

Light kinds are steps on the control plane and run in the engine. Heavy kinds run in a process of
their own, which sees neither the control plane nor other jobs: the engine prepares an order, the
worker turns it into files and a result, the engine records them. Nothing here knows any one kind.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from personalize_assets.engine.jobs.states import Course
from personalize_assets.engine.store import Job, Resource, Store

Json = dict[str, Any]
Report = Callable[[str, float], None]
"""Called with the name of a stage and the share of it that is done, from 0 to 1."""


class JobFailed(Exception):
    """The work cannot succeed; the text becomes the ``failureReason`` that clients read."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a finished job changes on its resource.

    Attributes:
        body: Members of the API's answer to add or replace.
        hidden: Members that the engine keeps for itself.
        again_at: When the same kind of job is to be done again; None for never.
        then: Kinds of jobs to do on the resource once it has its new status.
    """

    body: Json
    hidden: Json
    again_at: datetime | None = None
    then: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Again:
    """A light job is not finished and wants to be called again.

    Attributes:
        at: Not before this moment.
    """

    at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """What a light job works with, within one transaction.

    Attributes:
        store: Of the engine.
        resource: What the job is about.
        job: The row of the queue.
        now: The present moment.
        new_id: Fresh identifiers.
        submit: Queues another job: kind, ARN of the resource, and the moment before which it does
            not begin, or None.
    """

    store: Store
    resource: Resource
    job: Job
    now: datetime
    new_id: Callable[[], str]
    submit: Callable[[str, str, datetime | None], None]


class LightKind(Protocol):
    """Work that is done at once, in the engine."""

    @property
    def name(self) -> str:
        """How the queue calls it."""
        ...

    @property
    def course(self) -> Course:
        """The statuses that it leads a resource through."""
        ...

    def step(self, step: Step) -> Again | None:
        """Do the work within a transaction; None means finished.

        Raises:
            JobFailed: It cannot be done; what was written is rolled back.
        """
        ...


class HeavyKind(Protocol):
    """Work that takes long, in a worker process."""

    @property
    def name(self) -> str:
        """How the queue calls it."""
        ...

    @property
    def course(self) -> Course:
        """The statuses that it leads a resource through."""
        ...

    def exclusive(self, resource: Resource) -> str:
        """Of the jobs with the same answer only one runs at a time; empty: no such limit."""
        ...

    def prepare(self, store: Store, resource: Resource, now: datetime) -> Json:
        """Write down all that the worker must know.

        Raises:
            JobFailed: The work cannot be begun.
        """
        ...

    def run(self, order: Json, workspace: Path, report: Report) -> Json:
        """Do the work in a worker process.

        Args:
            order: What `prepare` wrote, with ``s3_endpoint`` added.
            workspace: An empty folder for files.
            report: Told of the progress.

        Returns:
            What `finish` needs to know.

        Raises:
            JobFailed: The input does not allow it.
        """
        ...

    def finish(
        self, store: Store, resource: Resource, result: Json, workspace: Path, version: str
    ) -> Outcome:
        """Bring the files to their places and tell what changes, within a transaction.

        Args:
            store: Of the engine.
            resource: What was worked on.
            result: From `run`.
            workspace: The folder that `run` wrote to.
            version: A fresh id for files that replace earlier ones.
        """
        ...


@runtime_checkable
class Persistent(Protocol):
    """Heavy work that comes again and again by itself, also after it failed."""

    def after_failure(self, now: datetime) -> datetime:
        """When it is to be done again."""
        ...


Kind = LightKind | HeavyKind


def is_heavy(kind: Kind) -> bool:
    """Tell whether a kind runs in a worker process."""
    return hasattr(kind, "prepare")
