"""All changes of state that jobs make, without threads or processes.

The runners decide when and where a job runs; here is what beginning, finishing, failing and
starting over mean for the queue and for the status of the resource. Each is one transaction, so
that a kill at any moment leaves a state that `Scheduler.recover` can go on from.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol, cast

from personalize_assets.engine.jobs.kinds import (
    HeavyKind,
    JobFailed,
    Json,
    Kind,
    LightKind,
    Persistent,
    Step,
    is_heavy,
)
from personalize_assets.engine.jobs.states import UPDATE_PENDING, Course
from personalize_assets.engine.store import Job, Resource, Store

log = logging.getLogger(__name__)

MAX_ATTEMPTS: Final = 3
SOON: Final = timedelta(minutes=1)
"""Jobs that wait longer, such as the next automatic training, do not keep an engine busy."""
_MAX_REASON: Final = 2_000


class JobFaults(Protocol):
    """Decides which jobs fail on purpose."""

    def on_job(self, kind: str, operation: str) -> str | None:
        """The reason why a job of ``kind`` that ``operation`` began fails; None if it does not."""
        ...


class Scheduler:
    """Moves jobs and their resources from state to state.

    Args:
        store: Of the engine.
        kinds: All kinds of jobs by name.
        clock: The present moment.
        new_id: Fresh identifiers.
        s3_endpoint: Where workers find S3; None if the engine has none.
        status_time: Statuses that pass, such as CREATE PENDING and CREATE IN_PROGRESS, are shown
            at least so long.
        faults: Decides which jobs fail on purpose; None for none.
    """

    def __init__(
        self,
        store: Store,
        kinds: Mapping[str, Kind],
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        s3_endpoint: str | None,
        *,
        status_time: timedelta = timedelta(0),
        faults: JobFaults | None = None,
    ) -> None:
        self.store = store
        self.clock = clock
        self._kinds = kinds
        self._new_id = new_id
        self._s3_endpoint = s3_endpoint
        self._status_time = status_time
        self._faults = faults

    def submit(self, kind: str, resource_arn: str, not_before: datetime | None = None) -> None:
        """Queue a job; within the transaction that made or changed the resource.

        Args:
            kind: Of the work.
            resource_arn: What is worked on.
            not_before: When it may begin; None for at once.

        Raises:
            KeyError: There is no such kind or resource.
        """
        resource = self.store.resources.get(resource_arn)
        if resource is None:
            raise KeyError(resource_arn)
        found = self._kinds[kind]
        exclusive = cast(HeavyKind, found).exclusive(resource) if is_heavy(found) else ""
        with self.store.transaction():
            now = self.clock()
            self.store.jobs.add(kind, resource_arn, exclusive, now, not_before or now)

    def is_heavy(self, job: Job) -> bool:
        """Tell whether a job needs a worker process."""
        return is_heavy(self._kinds[job.kind])

    def recover(self) -> None:
        """Take up what an earlier engine left: its running jobs begin again, orphaned files go."""
        for job in self.store.jobs.in_state("running"):
            log.info("job %d (%s) was interrupted", job.id, job.kind)
            self.crashed(job, "the engine ended")
        self.store.sweep(temporary=True)

    def begin(self, job: Job) -> Resource | None:
        """Mark a job as running.

        Returns:
            Its resource; None if that no longer wants the job, which ends it, or has to show its
            status for some time yet, which puts the job back.

        Raises:
            JobFailed: A fault on purpose.
        """
        now = self.clock()
        with self.store.transaction():
            resource = self.store.resources.get(job.resource_arn)
            course = self._kinds[job.kind].course
            if resource is None or status_of(resource, course) not in course.open:
                self.store.jobs.finish(job.id, now, failed=True)
                return None
            if self._holds(job, resource, course, now):
                return None
            self.store.jobs.begin(job.id, now)
            self._move(resource, course, course.running)
        self._fail_on_purpose(job, resource, course)
        return self.store.resources.get(job.resource_arn)

    def _fail_on_purpose(self, job: Job, resource: Resource, course: Course) -> None:
        if self._faults is None or course.failed is None or course.pending == course.done:
            return
        reason = self._faults.on_job(job.kind, operation_of(resource, course))
        if reason is not None:
            raise JobFailed(reason)

    def _holds(self, job: Job, resource: Resource, course: Course, now: datetime) -> bool:
        """Put a job back whose resource has not shown its status long enough; tell whether so.

        The time of the running status passes before the work begins, so that a kill loses none.
        """
        if not self._status_time or course.pending == course.done:
            return False
        until = status_since(resource, course) + self._status_time
        if now >= until and status_of(resource, course) != course.running:
            self._move(resource, course, course.running)
            until = now + self._status_time
        if now < until:
            self.store.jobs.put_back(job.id, until, forgive=False)
        return now < until

    def step(self, job: Job, resource: Resource) -> None:
        """Do a light job that has begun."""
        now = self.clock()
        kind = cast(LightKind, self._kinds[job.kind])
        with self.store.transaction():
            step = Step(self.store, resource, job, now, self._new_id, self.submit)
            again = kind.step(step)
            if again is not None:
                self.store.jobs.put_back(job.id, again.at, forgive=True)
            elif kind.course.done is not None:
                self._move(resource, kind.course, kind.course.done)
                self.store.jobs.finish(job.id, now, failed=False)

    def order(self, job: Job, resource: Resource) -> Json:
        """All that the worker of a heavy job must know.

        Raises:
            JobFailed: The work cannot be begun.
        """
        kind = cast(HeavyKind, self._kinds[job.kind])
        return {
            **kind.prepare(self.store, resource, self.clock()),
            "kind": job.kind,
            "s3_endpoint": self._s3_endpoint,
            "workspace": str(self.store.artifacts.make_temporary(f"job-{job.id}-{job.attempt}")),
        }

    def still_wanted(self, job: Job) -> bool:
        """Tell whether the resource of a running job still waits for its end."""
        resource = self.store.resources.get(job.resource_arn)
        course = self._kinds[job.kind].course
        return resource is not None and status_of(resource, course) in course.open

    def complete(self, job: Job, result: Json, workspace: Path) -> None:
        """Record the result of a heavy job."""
        now = self.clock()
        kind = cast(HeavyKind, self._kinds[job.kind])
        with self.store.transaction():
            resource = self.store.resources.get(job.resource_arn)
            if resource is None or status_of(resource, kind.course) not in kind.course.open:
                self.store.jobs.finish(job.id, now, failed=True)
                return
            outcome = kind.finish(self.store, resource, result, workspace, self._new_id())
            self.store.resources.merge(resource.arn, body=outcome.body, hidden=outcome.hidden)
            if kind.course.done is not None:
                self._move(resource, kind.course, kind.course.done)
            self.store.jobs.finish(job.id, now, failed=False)
            if outcome.again_at is not None:
                self.submit(job.kind, resource.arn, outcome.again_at)
            for kind_name in outcome.then:
                self.submit(kind_name, resource.arn)
        log.info("job %d (%s) of %s is done", job.id, job.kind, job.resource_arn)

    def fail(self, job: Job, reason: str) -> None:
        """Record that a job cannot succeed."""
        now, kind = self.clock(), self._kinds[job.kind]
        course = kind.course
        with self.store.transaction():
            resource = self.store.resources.get(job.resource_arn)
            open_still = resource is not None and status_of(resource, course) in course.open
            if resource is not None and open_still and course.failed:
                self._move(resource, course, course.failed, reason[:_MAX_REASON])
            self.store.jobs.finish(job.id, now, failed=True)
            if open_still and isinstance(kind, Persistent):
                self.submit(job.kind, job.resource_arn, kind.after_failure(now))
        log.warning("job %d (%s) of %s failed: %s", job.id, job.kind, job.resource_arn, reason)

    def cancel(self, job: Job) -> None:
        """End a job that nobody wants any more, without a change of its resource."""
        with self.store.transaction():
            self.store.jobs.finish(job.id, self.clock(), failed=True)

    def put_back(self, job: Job) -> None:
        """Queue a running job again, as if it had not begun: the engine is asked to stop."""
        with self.store.transaction():
            self.store.jobs.put_back(job.id, self.clock(), forgive=True)

    def crashed(self, job: Job, how: str) -> None:
        """Queue a job again whose process ended without an answer, or give up.

        Args:
            job: Which.
            how: What is known of the end, such as ``killed by signal 9``.
        """
        if job.attempt >= MAX_ATTEMPTS:
            self.fail(
                job,
                f"The work was begun {job.attempt} times and never came to an end; the last time "
                f"{how}. The engine's log may say more; too little memory is a common cause.",
            )
            return
        log.warning("job %d (%s), attempt %d: %s; again", job.id, job.kind, job.attempt, how)
        with self.store.transaction():
            self.store.jobs.put_back(job.id, self.clock())

    def run_light(self, job: Job) -> None:
        """Begin and do a light job, whatever happens."""
        try:
            resource = self.begin(job)
            if resource is not None:
                self.step(job, resource)
        except JobFailed as error:
            self.fail(job, str(error))
        except Exception as error:
            log.exception("job %d (%s) failed", job.id, job.kind)
            self.fail(job, f"Internal error: {type(error).__name__}: {error}")

    def begin_heavy(self, job: Job) -> Json | None:
        """Begin a heavy job and give its order; None if it ended at once."""
        try:
            resource = self.begin(job)
            return None if resource is None else self.order(job, resource)
        except JobFailed as error:
            self.fail(job, str(error))
        except Exception as error:
            log.exception("job %d (%s) failed", job.id, job.kind)
            self.fail(job, f"Internal error: {type(error).__name__}: {error}")
        return None

    def end_heavy(self, job: Job, answer: Json, workspace: Path) -> None:
        """Record what a worker answered: ``{"done": result}`` or ``{"failed": reason}``."""
        try:
            if "done" in answer:
                self.complete(job, answer["done"], workspace)
            else:
                self.fail(job, str(answer["failed"]))
        except Exception as error:
            log.exception("job %d (%s) failed", job.id, job.kind)
            self.fail(job, f"Internal error: {type(error).__name__}: {error}")
        finally:
            self.store.artifacts.discard(workspace)

    def _move(
        self, resource: Resource, course: Course, status: str, reason: str | None = None
    ) -> None:
        """Give a resource the next status of a course, where the course says it stands."""
        now, resources = self.clock(), self.store.resources
        shown = {"status": status, "failureReason": reason, "lastUpdatedDateTime": now.timestamp()}
        changed = status_of(resources.get(resource.arn) or resource, course) != status
        if course.member is not None:
            if changed:
                resources.merge(resource.arn, body={course.member: shown})
            return
        if changed:
            resources.set_status(resource.arn, status, now, reason)
        if course.mirror is not None:
            resources.merge(resource.arn, body={course.mirror: shown})


def status_of(resource: Resource, course: Course) -> str | None:
    """The status that goes a course: the resource's own, or that of its newest update."""
    if course.member is None:
        return resource.status
    return resource.body.get(course.member, {}).get("status")


def status_since(resource: Resource, course: Course) -> datetime:
    """Since when a resource shows the status of `status_of`."""
    if course.member is None:
        return resource.updated_at
    return datetime.fromtimestamp(resource.body[course.member]["lastUpdatedDateTime"], UTC)


def operation_of(resource: Resource, course: Course) -> str:
    """The operation that begins such work, such as ``CreateSolutionVersion``."""
    verb = "Update" if course.member or course.pending == UPDATE_PENDING else "Create"
    return verb + "".join(word.capitalize() for word in resource.kind.words.split())
