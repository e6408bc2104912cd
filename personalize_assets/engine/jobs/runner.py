"""What the rest of the engine sees of job runners, and the one that runs jobs in place."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from personalize_assets.engine.jobs.kinds import Kind
from personalize_assets.engine.jobs.registry import KINDS
from personalize_assets.engine.jobs.scheduler import SOON, JobFaults, Scheduler
from personalize_assets.engine.jobs.worker import work
from personalize_assets.engine.store import Job, Store


class JobRunner(Protocol):
    """Takes asynchronous work and does it some time later."""

    def submit(self, kind: str, resource_arn: str, not_before: datetime | None = None) -> None:
        """Queue a job, within the transaction that makes or changes its resource.

        Args:
            kind: Of the work.
            resource_arn: What is worked on.
            not_before: When it may begin; None for at once.
        """
        ...

    def running_count(self) -> int:
        """How many jobs run, or wait and may begin within `SOON`."""
        ...

    def seconds_left(self, job_id: int) -> float | None:
        """How long a job will still take; None while nobody can know."""
        ...

    def wake(self) -> None:
        """Look at once which jobs are due: the clock was moved."""
        ...

    def start(self) -> None:
        """Take up what an earlier engine left and begin to work."""
        ...

    def stop(self) -> None:
        """Stop working; what runs is put back into the queue for the next start."""
        ...


class InlineRunner:
    """Runs jobs one after another on the calling thread; for tests and for use in place.

    Args:
        store: Of the engine.
        clock: The present moment.
        new_id: Fresh identifiers.
        s3_endpoint: Where jobs find S3.
        immediate: Run jobs as soon as the transaction that queued them is committed; else only
            `run_pending` runs them.
        kinds: All kinds of jobs by name.
        status_time: See `Scheduler`.
        faults: See `Scheduler`.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        s3_endpoint: str | None = None,
        immediate: bool = False,
        kinds: Mapping[str, Kind] = KINDS,
        status_time: timedelta = timedelta(0),
        faults: JobFaults | None = None,
    ) -> None:
        self._kinds = kinds
        self._scheduler = Scheduler(
            store, kinds, clock, new_id, s3_endpoint, status_time=status_time, faults=faults
        )
        self._busy = False
        self._immediate = immediate
        if immediate:
            store.database.on_commit(self._on_commit)

    def submit(self, kind: str, resource_arn: str, not_before: datetime | None = None) -> None:
        """Queue a job, within the transaction that makes or changes its resource."""
        self._scheduler.submit(kind, resource_arn, not_before)

    def running_count(self) -> int:
        """How many jobs run, or wait and may begin within `SOON`."""
        return self._scheduler.store.jobs.count_unfinished(self._scheduler.clock() + SOON)

    def seconds_left(self, job_id: int) -> float | None:
        """Never known: jobs are over before anybody can ask."""
        return None

    def wake(self) -> None:
        """Run what is due, if jobs run by themselves."""
        self._on_commit()

    def start(self) -> None:
        """Take up what an earlier engine left."""
        self._scheduler.recover()

    def stop(self) -> None:
        """Stop running jobs on commits."""
        self._immediate = False

    def run_pending(self) -> int:
        """Run all jobs that are due, also those that they queue, and tell how many that were."""
        if self._busy:
            return 0
        self._busy = True
        count = 0
        try:
            while jobs := self._scheduler.store.jobs.due(self._scheduler.clock()):
                self._run(jobs[0])
                count += 1
        finally:
            self._busy = False
        return count

    def _run(self, job: Job) -> None:
        if not self._scheduler.is_heavy(job):
            self._scheduler.run_light(job)
            return
        order = self._scheduler.begin_heavy(job)
        if order is not None:
            answer = work(order, self._kinds, lambda stage, share: None)
            self._scheduler.end_heavy(job, answer, Path(order["workspace"]))

    def _on_commit(self) -> None:
        if self._immediate:
            self.run_pending()
