"""What must hold after every step: the engine's rows and answers agree with the model.

Rows are compared whole after each step, answers where the step touched them; `check_answers`
compares all of them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from personalize_assets.core.arns import Kind
from personalize_assets_tests.engine.life_cycles.site import Site
from personalize_assets_tests.engine.life_cycles.world import (
    BEING_DELETED,
    FINAL,
    Thing,
    World,
)

_ARN: Final = re.compile(
    r"arn:aws:personalize:us-east-1:123456789012:([a-z-]+)/([A-Za-z0-9][\w-]*(?:/[\w-]+)?)"
)
_DATES: Final = {"creationDateTime": "created", "lastUpdatedDateTime": "updated"}


@dataclass(frozen=True)
class Family:
    """How operations on one kind call things.

    Attributes:
        name: In operations, such as ``DatasetGroup``.
        parent: Whose ARN lists take.
    """

    name: str
    parent: Kind | None

    @property
    def member(self) -> str:
        """The member of an answer that holds one."""
        return self.name[0].lower() + self.name[1:]

    @property
    def arn_member(self) -> str:
        """The member that holds the ARN."""
        return f"{self.member}Arn"

    @property
    def list_key(self) -> str:
        """The member that holds a list; that of filters alone is capitalized."""
        return "Filters" if self.name == "Filter" else f"{self.member}s"

    @property
    def name_member(self) -> str:
        """The member that holds the name."""
        return "jobName" if self.name.endswith("Job") else "name"

    @property
    def parent_member(self) -> str:
        """The member of a list request that holds the parent's ARN."""
        assert self.parent is not None
        return f"{_family(self.parent).member}Arn"


def _family(kind: Kind, parent: Kind | None = None) -> Family:
    return Family("".join(map(str.capitalize, kind.value.split("-"))), parent)


FAMILIES: Final[dict[Kind, Family]] = {
    kind: _family(kind, parent)
    for kind, parent in (
        (Kind.DATASET_GROUP, None),
        (Kind.SCHEMA, None),
        (Kind.DATASET, Kind.DATASET_GROUP),
        (Kind.DATASET_IMPORT_JOB, Kind.DATASET),
        (Kind.DATASET_EXPORT_JOB, Kind.DATASET),
        (Kind.DATA_DELETION_JOB, Kind.DATASET_GROUP),
        (Kind.SOLUTION, Kind.DATASET_GROUP),
        (Kind.SOLUTION_VERSION, Kind.SOLUTION),
        (Kind.CAMPAIGN, Kind.SOLUTION),
        (Kind.FILTER, Kind.DATASET_GROUP),
        (Kind.EVENT_TRACKER, Kind.DATASET_GROUP),
        (Kind.RECOMMENDER, Kind.DATASET_GROUP),
        (Kind.BATCH_INFERENCE_JOB, Kind.SOLUTION_VERSION),
        (Kind.BATCH_SEGMENT_JOB, Kind.SOLUTION_VERSION),
        (Kind.METRIC_ATTRIBUTION, Kind.DATASET_GROUP),
    )
}
_UPDATES: Final = {
    Kind.DATASET: "latestDatasetUpdate",
    Kind.SOLUTION: "latestSolutionUpdate",
    Kind.CAMPAIGN: "latestCampaignUpdate",
    Kind.RECOMMENDER: "latestRecommenderUpdate",
}
_SHOW_NO_REASON: Final = frozenset({Kind.DATASET, Kind.SOLUTION, Kind.EVENT_TRACKER})


def check_rows(site: Site, world: World) -> None:
    """Compare all rows of resources, jobs and tags with the model."""
    rows = site.store.database.query(
        "SELECT arn, kind, name, status, failure_reason IS NOT NULL, parent_arn, group_arn,"
        " created_at, updated_at FROM resources ORDER BY sequence"
    )
    expected = [_row_of(thing) for thing in world.things.values()]
    _compare("resources", [tuple(row) for row in rows], expected)
    jobs = site.store.database.query(
        "SELECT kind, resource_arn, state = 'running', attempt, not_before, exclusive FROM jobs"
        " WHERE state IN ('pending', 'running') ORDER BY id"
    )
    works = [
        (
            work.kind,
            work.arn,
            int(work.running),
            work.attempts,
            work.due.timestamp(),
            work.exclusive,
        )
        for work in world.works
    ]
    _compare("jobs", [tuple(row) for row in jobs], works)
    tags = site.store.database.query("SELECT arn, tag_key, tag_value FROM tags")
    marks = [(thing.arn, *tag) for thing in world.things.values() for tag in thing.tags.items()]
    _compare("tags", sorted(tuple(row) for row in tags), sorted(marks))
    _check_sound(rows, jobs)


def _row_of(thing: Thing) -> tuple[Any, ...]:
    return (
        thing.arn,
        thing.kind.value,
        thing.name,
        thing.status,
        int(thing.failed),
        thing.parent,
        thing.group,
        thing.created.timestamp(),
        thing.updated.timestamp(),
    )


def _compare(what: str, found: Sequence[Any], expected: Sequence[Any]) -> None:
    if found == expected:
        return
    more = [row for row in found if row not in expected]
    less = [row for row in expected if row not in found]
    raise AssertionError(f"{what}: the engine has {more}, the model {less}")


def _check_sound(rows: Sequence[Any], jobs: Sequence[Any]) -> None:
    """What holds whatever the model says."""
    known = {row[0] for row in rows}
    worked_on = {job[1] for job in jobs}
    assert worked_on <= known, f"jobs without resources: {worked_on - known}"
    for arn, kind, _, status, _, parent, group, created, updated in rows:
        assert _is_well_formed(arn, kind), arn
        assert created <= updated, arn
        assert parent is None or parent in known, f"{arn} has lost its parent"
        assert group is None or group in known, f"{arn} has lost its group"
        if status is not None and status not in FINAL:
            assert arn in worked_on, f"{arn} stays {status} for ever"


@lru_cache(maxsize=10_000)
def _is_well_formed(arn: str, kind: str) -> bool:
    match = _ARN.fullmatch(arn)
    return match is not None and match[1] == ("solution" if kind == "solution-version" else kind)


def check_described(world: World, thing: Thing, described: Mapping[str, Any]) -> None:
    """Compare what Describe shows with the model."""
    family = FAMILIES[thing.kind]
    expected: dict[str, Any] = {
        family.arn_member: thing.arn,
        family.name_member: thing.name,
        "status": thing.status,
        **thing.shown,
    }
    for member, value in expected.items():
        found = described.get(member)
        assert found == value, f"{thing.arn}: {member} is {found!r}, must be {value!r}"
    for member, attribute in _DATES.items():
        assert _moment(described[member]) == getattr(thing, attribute), (thing.arn, member)
    shows_reason = thing.failed and thing.kind not in _SHOW_NO_REASON
    assert ("failureReason" in described) >= shows_reason, thing.arn
    assert thing.failed or "failureReason" not in described, thing.arn
    _check_update(thing, described)
    if thing.kind is Kind.SOLUTION:
        versions = world.find(Kind.SOLUTION_VERSION, parent=thing.arn)
        newest = described.get("latestSolutionVersion", {}).get("solutionVersionArn")
        assert newest == (versions[0].arn if versions else None), thing.arn


def _check_update(thing: Thing, described: Mapping[str, Any]) -> None:
    shown = described.get(_UPDATES.get(thing.kind, ""))
    update = thing.update
    if update is None:
        assert shown is None, f"{thing.arn} shows an update that nobody asked for: {shown}"
        return
    assert shown is not None, f"{thing.arn} does not show its update"
    found = (shown["status"], _moment(shown["creationDateTime"]))
    assert found == (update.status, update.created), (thing.arn, shown, update)
    assert _moment(shown["lastUpdatedDateTime"]) == update.updated, (thing.arn, shown, update)
    assert ("failureReason" in shown) == update.failed, (thing.arn, shown)
    for member, value in update.wanted.items():
        assert member == "days" or shown[member] == value, (thing.arn, shown, update)


def _moment(shown: float | datetime) -> datetime:
    return shown if isinstance(shown, datetime) else datetime.fromtimestamp(shown, UTC)


def check_list(
    world: World, kind: Kind, listed: Sequence[Mapping[str, Any]], *, parent: str | None = None
) -> None:
    """Compare a whole list with the model: the same, in the same order."""
    family = FAMILIES[kind]
    expected = world.find(kind, parent=parent)
    found = [each[family.arn_member] for each in listed]
    assert found == [thing.arn for thing in expected], (kind, found)
    for thing, summary in zip(expected, listed, strict=True):
        assert summary.get("status") == thing.status, summary
        assert _moment(summary["creationDateTime"]) == thing.created, summary
        assert _moment(summary["lastUpdatedDateTime"]) == thing.updated, summary
        if kind is not Kind.SOLUTION_VERSION:
            assert summary[family.name_member] == thing.name, summary


def check_agreement(site: Site, world: World, kind: Kind, which: Thing | int | None = None) -> None:
    """List a kind and describe what a look does not change: both must agree.

    Args:
        site: The engine.
        world: The model.
        kind: What to look at.
        which: Describes this one, or another one for each number; None describes all.
    """
    family = FAMILIES[kind]
    listed = site.ask(f"List{family.name}s", {"maxResults": 100})[family.list_key]
    if len(listed) < 100:
        check_list(world, kind, listed)
    staying = [each for each in listed if each.get("status") not in BEING_DELETED]
    if isinstance(which, Thing):
        staying = [each for each in staying if each[family.arn_member] == which.arn]
    elif which is not None and staying:
        staying = [staying[which % len(staying)]]
    for summary in staying:
        check_thing(site, world, world.things[summary[family.arn_member]], summary)


def check_thing(
    site: Site, world: World, thing: Thing, summary: Mapping[str, Any] | None = None
) -> None:
    """Describe a thing and compare it with the model and with its summary in a list."""
    family = FAMILIES[thing.kind]
    answer = site.ask(f"Describe{family.name}", {family.arn_member: thing.arn})
    described = answer[family.member]
    check_described(world, thing, described)
    for member, value in (summary or {}).items():
        assert described.get(member) == value, (thing.arn, member, value, described)


def check_answers(site: Site, world: World) -> None:
    """Compare all answers with the model, and look for the files that rows name."""
    for kind in FAMILIES:
        check_agreement(site, world, kind)
    for relative in site.store.used_artifacts():
        assert site.store.artifacts.path(relative).exists(), f"{relative} is gone"
