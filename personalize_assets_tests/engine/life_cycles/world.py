"""What must exist, by the documented rules: plain values, without any part of the engine.

The machine changes a `World` beside the engine and compares the two after each step. Here is what
there is and who depends on whom; `works` says what asynchronous work makes of it.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from personalize_assets.core.arns import Kind, make_arn

ACCOUNT: Final = "123456789012"
REGION: Final = "us-east-1"

BEING_CREATED: Final = frozenset({"CREATE PENDING", "CREATE IN_PROGRESS"})
BEING_DELETED: Final = frozenset({"DELETE PENDING", "DELETE IN_PROGRESS"})
UNDER_WAY: Final = BEING_CREATED | {"PENDING", "IN_PROGRESS"}
AT_REST: Final = frozenset({"ACTIVE", "INACTIVE", "CREATE FAILED", "CREATE STOPPED"})
FINAL: Final = AT_REST | {"COMPLETED", "FAILED"}
"""Statuses that stay as they are until somebody calls; in all others work is due."""

GO_WITH_PARENT: Final = frozenset(
    {
        Kind.DATASET_IMPORT_JOB,
        Kind.DATASET_EXPORT_JOB,
        Kind.DATA_DELETION_JOB,
        Kind.SOLUTION_VERSION,
        Kind.BATCH_INFERENCE_JOB,
        Kind.BATCH_SEGMENT_JOB,
    }
)
UNTAGGED: Final = frozenset({Kind.SCHEMA, Kind.METRIC_ATTRIBUTION})

Mark = tuple[tuple[str, int, int, int], ...]
"""What data a group has: differs once data came, empty while there are none."""


@dataclass
class Update:
    """The newest update of a resource, which has a status of its own.

    Attributes:
        wanted: What it brings.
        status: Of the update.
        created: When it was asked for.
        updated: When its status last changed.
        failed: Whether it has a failure reason.
    """

    wanted: dict[str, Any]
    status: str
    created: datetime
    updated: datetime
    failed: bool = False


@dataclass
class Thing:
    """A resource.

    Attributes:
        kind: What it is.
        arn: Names it.
        name: Given by the client, or made up.
        created: When.
        updated: When its status last changed.
        status: None for schemas.
        parent: The resource that lists it.
        group: The dataset group that it belongs to.
        failed: Whether it has a failure reason.
        seen: Whether somebody looked at it since its deletion began.
        tags: Values by key.
        shown: Members that Describe shows beside.
        facts: What no answer shows, but later answers depend on.
        update: Its newest update.
    """

    kind: Kind
    arn: str
    name: str
    created: datetime
    updated: datetime
    status: str | None = None
    parent: str | None = None
    group: str | None = None
    failed: bool = False
    seen: bool = False
    tags: dict[str, str] = field(default_factory=dict[str, str])
    shown: dict[str, Any] = field(default_factory=dict[str, Any])
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    update: Update | None = None

    @property
    def updating(self) -> bool:
        """Whether an update is in work that has a status of its own."""
        return self.update is not None and self.update.status in BEING_CREATED


@dataclass
class Work:
    """Asynchronous work that waits or runs.

    Attributes:
        kind: As the engine's queue calls it.
        arn: What is worked on.
        due: It does not begin earlier.
        made: When it was asked for.
        exclusive: Of the works with the same text only one runs at a time; empty: no limit.
        running: Whether it was begun and has not ended.
        attempts: How often it was begun without coming to an end.
        memo: What it found when it began.
    """

    kind: str
    arn: str
    due: datetime
    made: datetime
    exclusive: str = ""
    running: bool = False
    attempts: int = 0
    memo: Any = None


def arn_of(kind: Kind, *parts: str) -> str:
    """The ARN of a name."""
    return make_arn(kind, REGION, ACCOUNT, *parts)


@dataclass
class World:
    """All that must exist.

    Attributes:
        now: The present moment.
        things: By ARN, in the order in which they were made.
        works: In the order in which they were asked for.
        gone: ARNs of what was deleted, by kind.
        counts: How many things there are, by kind.
    """

    now: datetime
    things: dict[str, Thing] = field(default_factory=dict[str, Thing])
    works: list[Work] = field(default_factory=list[Work])
    gone: dict[Kind, str] = field(default_factory=dict[Kind, str])
    counts: Counter[Kind] = field(default_factory=Counter[Kind])
    _count: int = 0

    def find(
        self,
        *kinds: Kind,
        parent: str | None = None,
        group: str | None = None,
        statuses: Collection[str] | None = None,
    ) -> list[Thing]:
        """Things of some kinds, the newest first."""
        return [
            thing
            for thing in reversed(self.things.values())
            if thing.kind in kinds
            and parent in (None, thing.parent)
            and group in (None, thing.group)
            and (statuses is None or thing.status in statuses)
        ]

    def add(self, thing: Thing) -> Thing:
        """Let a thing be there."""
        self.things[thing.arn] = thing
        self.counts[thing.kind] += 1
        return thing

    def submit(
        self, kind: str, arn: str, wait: timedelta = timedelta(0), exclusive: str = ""
    ) -> None:
        """Ask for work."""
        self.works.append(Work(kind, arn, self.now + wait, self.now, exclusive))

    def works_of(self, arn: str) -> list[Work]:
        """What waits or runs for a thing."""
        return [work for work in self.works if work.arn == arn]

    def due(self) -> list[Work]:
        """The works that may begin now."""
        taken = {work.exclusive for work in self.works if work.running and work.exclusive}
        return [
            work
            for work in self.works
            if not work.running and work.due <= self.now and work.exclusive not in taken
        ]

    def remove(self, arn: str) -> None:
        """Let a thing and what cannot be deleted by itself be gone, with tags and works."""
        for child in [each for each in self.things.values() if each.parent == arn]:
            if child.kind in GO_WITH_PARENT:
                self.remove(child.arn)
        kind = self.things.pop(arn).kind
        self.counts[kind] -= 1
        self.gone[kind] = arn
        for work in self.works_of(arn):
            self.end(work)

    def end(self, work: Work) -> None:
        """Let work be no more."""
        work.running = False
        self.works = [other for other in self.works if other is not work]

    def see(self, thing: Thing) -> None:
        """Note that a client looked: what is being deleted may go now."""
        if thing.status not in BEING_DELETED or thing.seen:
            return
        thing.seen = True
        for work in self.works_of(thing.arn):
            if not work.running:
                work.due = min(work.due, self.now)

    def datasets(self, group: str | None) -> dict[str, Thing]:
        """The datasets of a group by type."""
        return {each.shown["datasetType"]: each for each in self.find(Kind.DATASET, group=group)}

    def columns(self, dataset: Thing) -> Collection[str]:
        """The columns of the schema that a dataset has now."""
        return self.things[dataset.shown["schemaArn"]].facts["columns"]

    def count_up(self) -> int:
        """A number that was never given before."""
        self._count += 1
        return self._count

    def mark(self, group: str | None, types: Collection[str]) -> Mark:
        """What data a group has in datasets of some types."""
        found = (
            (each.arn, *(each.facts[name] for name in ("bulk", "events", "records")))
            for each in self.find(Kind.DATASET, group=group)
            if each.shown["datasetType"] in types
        )
        return tuple(sorted(mark for mark in found if any(mark[1:])))

    def at_data(self, dataset: Thing) -> list[Thing]:
        """The jobs that read or change a dataset now."""
        own = self.find(
            Kind.DATASET_IMPORT_JOB,
            Kind.DATASET_EXPORT_JOB,
            parent=dataset.arn,
            statuses=UNDER_WAY,
        )
        return own + self.find(Kind.DATA_DELETION_JOB, group=dataset.group, statuses=UNDER_WAY)

    def dependents_of_dataset(self, dataset: Thing) -> Iterator[Thing]:
        """What must go, or come to an end, before a dataset can be deleted."""
        yield from self.find(Kind.FILTER, group=dataset.group)
        for attribution in self.find(Kind.METRIC_ATTRIBUTION, group=dataset.group):
            if dataset.shown["datasetType"] in attribution_types(attribution):
                yield attribution
        if dataset.shown["datasetType"] in ("INTERACTIONS", "EVENT_INTERACTIONS"):
            yield from self.find(Kind.EVENT_TRACKER, group=dataset.group)
        yield from self.find(
            Kind.DATASET_IMPORT_JOB,
            Kind.DATASET_EXPORT_JOB,
            Kind.DATA_DELETION_JOB,
            Kind.BATCH_INFERENCE_JOB,
            Kind.BATCH_SEGMENT_JOB,
            Kind.RECOMMENDER,
            Kind.SOLUTION_VERSION,
            group=dataset.group,
            statuses=UNDER_WAY,
        )
        answering = BEING_CREATED | {"ACTIVE"}
        yield from self.find(Kind.CAMPAIGN, group=dataset.group, statuses=answering)

    def dependents_of_group(self, group: Thing) -> Iterator[Thing]:
        """What must be gone before a dataset group can be deleted."""
        yield from self.find(
            Kind.EVENT_TRACKER,
            Kind.SOLUTION,
            Kind.RECOMMENDER,
            Kind.FILTER,
            Kind.METRIC_ATTRIBUTION,
            group=group.arn,
        )
        for dataset in self.find(Kind.DATASET, group=group.arn):
            if dataset.shown["datasetType"] != "EVENT_INTERACTIONS":
                yield dataset

    def dependents_of_solution(self, solution: Thing) -> Iterator[Thing]:
        """What must be gone, or come to an end, before a solution can be deleted."""
        yield from self.find(Kind.CAMPAIGN, parent=solution.arn)
        for version in self.find(Kind.SOLUTION_VERSION, parent=solution.arn):
            if version.status in BEING_CREATED | {"CREATE STOPPING"}:
                yield version
            batches = (Kind.BATCH_INFERENCE_JOB, Kind.BATCH_SEGMENT_JOB)
            yield from self.find(*batches, parent=version.arn, statuses=BEING_CREATED)

    def schema_in_use(self, schema: Thing) -> bool:
        """Whether a dataset has a schema, or is about to get it."""
        for dataset in self.find(Kind.DATASET):
            if dataset.shown["schemaArn"] == schema.arn:
                return True
            replacing = dataset.status in ("UPDATE PENDING", "UPDATE IN_PROGRESS")
            if replacing and dataset.update and dataset.update.wanted["schemaArn"] == schema.arn:
                return True
        return False

    def trained(self, solution: str, *, active: bool = False) -> list[Thing]:
        """The versions of a solution that were or are to be trained fully, the newest first."""
        return [
            version
            for version in self.find(Kind.SOLUTION_VERSION, parent=solution)
            if version.shown["trainingMode"] != "UPDATE"
            and version.status not in ("CREATE STOPPING", "CREATE STOPPED")
            and (version.status == "ACTIVE" or not active)
        ]

    def newest_version(self, solution: str) -> Thing | None:
        """What ``$LATEST`` of a solution means now."""
        found = self.find(Kind.SOLUTION_VERSION, parent=solution, statuses={"ACTIVE"})
        return found[0] if found else None


def attribution_types(attribution: Thing) -> set[str]:
    """The dataset types that a metric attribution takes anything from."""
    summed = {expression for _, expression in attribution.facts["metrics"]}
    return {"INTERACTIONS"} | ({"ITEMS"} if "SUM(Items.PRICE)" in summed else set())
