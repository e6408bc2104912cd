"""The light kinds of jobs: bringing a resource to ACTIVE, stopping a training, deleting."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from personalize_assets.core.arns import Kind
from personalize_assets.engine.jobs.kinds import Again, Step
from personalize_assets.engine.jobs.states import CREATE, DELETE, DELETE_GROUP, STOP, Course
from personalize_assets.engine.store import Store

# Clients look at least once at what they delete and expect to find it; who does not look finds
# the name free again after this time.
DELETE_GRACE: Final = timedelta(seconds=5)
_STOP_POLL: Final = timedelta(milliseconds=50)


@dataclass(frozen=True)
class Activate:
    """Makes a group, dataset or solution ACTIVE: there is nothing to wait for here."""

    name: str = "activate"
    course: Course = CREATE

    def step(self, step: Step) -> Again | None:
        """Nothing; the course does it."""
        return None


@dataclass(frozen=True)
class Stop:
    """Ends a training that a client stopped, once its worker is gone."""

    name: str = "stop"
    course: Course = STOP

    def step(self, step: Step) -> Again | None:
        """Wait until no other job works on the version."""
        working = step.store.jobs.of(step.resource.arn)
        others = [other for other in working if other.id != step.job.id]
        return Again(step.now + _STOP_POLL) if others else None


@dataclass(frozen=True)
class Delete:
    """Removes a resource, and with it what cannot be deleted by itself.

    AWS has no operation that deletes import jobs, solution versions or batch jobs. Here they go
    with their dataset or solution, so that a name made again never finds jobs of an older life.
    """

    name: str = "delete"
    course: Course = DELETE

    def step(self, step: Step) -> Again | None:
        """Wait until a client has looked, or for `DELETE_GRACE`; then remove the rows."""
        until = step.job.created_at + DELETE_GRACE
        if not step.resource.hidden.get("deletion_seen") and step.now < until:
            return Again(until)
        _remove_tree(step.store, step.resource.arn)
        return None


@dataclass(frozen=True)
class DeleteGroup(Delete):
    """Removes a dataset group, for which AWS lists no status DELETE IN_PROGRESS."""

    name: str = "delete-group"
    course: Course = DELETE_GROUP


_WITHOUT_DELETION: Final = (
    Kind.DATASET_IMPORT_JOB,
    Kind.DATASET_EXPORT_JOB,
    Kind.DATA_DELETION_JOB,
    Kind.SOLUTION_VERSION,
    Kind.BATCH_INFERENCE_JOB,
    Kind.BATCH_SEGMENT_JOB,
)


def _remove_tree(store: Store, arn: str) -> None:
    for kind in _WITHOUT_DELETION:
        for child in store.resources.find(kind, parent=arn):
            _remove_tree(store, child.arn)
    store.resources.delete(arn)
