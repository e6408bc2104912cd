"""Taking a dataset group down: what the project made is deleted in order, nothing else is touched.

`plan_teardown` is pure: from an inventory it decides what is stopped, waited for and deleted, in
which order, and what has to stay because others depend on it. `take_down` carries a plan out.
There is no memory but the service itself: a teardown that was killed is begun again from a new
inventory. The one thing that could get lost, which schemas belong to datasets that have gone, is
kept in tags of the group, which goes last.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from botocore.exceptions import ClientError

from personalize_assets.aws.inventory import (
    SCHEMA_TAG,
    Found,
    Inventory,
    Tally,
    schema_name,
    take_inventory,
    tally_account,
)
from personalize_assets.aws.kinds import (
    DATASET,
    DELETE_STATUSES,
    KINDS,
    Kind,
    error_code,
    find,
)
from personalize_assets.aws.waiters import (
    ResourceFailed,
    WaitPolicy,
    call_patiently,
    wait_until_active,
    wait_until_gone,
)

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient

Action = Literal["delete", "stop", "wait for"]

_ORDER: Final[tuple[tuple[Action, tuple[str, ...]], ...]] = (
    # What costs money by the hour goes first: should the rest take long, it costs nothing.
    ("delete", ("campaign", "recommender")),
    ("stop", ("solution version",)),
    (
        "wait for",
        (
            "solution version",
            "batch inference job",
            "batch segment job",
            "dataset import job",
            "dataset export job",
            "data deletion job",
        ),
    ),
    ("delete", ("solution",)),
    ("delete", ("event tracker", "filter", "metric attribution")),
    ("delete", ("dataset",)),
    ("delete", ("schema",)),
    ("delete", ("dataset group",)),
)
_HOLD_DATASETS: Final = (
    "campaign",
    "recommender",
    "solution",
    "filter",
    "event tracker",
    "metric attribution",
)
"""What of others keeps our datasets where they are: they would lose their data."""

_STOPPABLE: Final = ("CREATE PENDING", "CREATE IN_PROGRESS")
_KINDS: Final = {kind.label: kind for kind in KINDS}
_DELETE: Final[Mapping[str, Callable[[Any, str], object]]] = {
    "campaign": lambda client, arn: client.delete_campaign(campaignArn=arn),
    "recommender": lambda client, arn: client.delete_recommender(recommenderArn=arn),
    "solution": lambda client, arn: client.delete_solution(solutionArn=arn),
    "event tracker": lambda client, arn: client.delete_event_tracker(eventTrackerArn=arn),
    "filter": lambda client, arn: client.delete_filter(filterArn=arn),
    "metric attribution": lambda client, arn: client.delete_metric_attribution(
        metricAttributionArn=arn
    ),
    "dataset": lambda client, arn: client.delete_dataset(datasetArn=arn),
    "schema": lambda client, arn: client.delete_schema(schemaArn=arn),
    "dataset group": lambda client, arn: client.delete_dataset_group(datasetGroupArn=arn),
}


@dataclass(frozen=True)
class Step:
    """One thing to do to one resource."""

    action: Action
    found: Found

    def __str__(self) -> str:
        return f"{self.action} {self.found}"


@dataclass(frozen=True)
class Blocked:
    """Something of ours that has to stay, and the first thing that keeps it."""

    found: Found
    by: Found

    def __str__(self) -> str:
        whose = "which stays as well" if self.by.ours else "which the project did not make"
        return f"{self.found} stays because of {self.by} ({self.by.arn}), {whose}"


@dataclass(frozen=True)
class Plan:
    """What a teardown will do.

    Attributes:
        stages: Steps in order; those of one stage do not depend on each other.
        blocked: What has to stay.
    """

    stages: tuple[tuple[Step, ...], ...]
    blocked: tuple[Blocked, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in order."""
        return tuple(step for stage in self.stages for step in stage)


@dataclass(frozen=True)
class TornDown:
    """What a teardown did, and what its lists showed afterwards.

    Attributes:
        plan: What was to be done, and has been.
        left: What of ours is still there.
        tallies: Every list of the account after it, counted.
    """

    plan: Plan
    left: tuple[Found, ...]
    tallies: tuple[Tally, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing of ours is left."""
        return not self.left and not any(tally.left for tally in self.tallies)


def plan_teardown(inventory: Inventory) -> Plan:
    """Decide what is done to what, in which order, and what has to stay.

    Args:
        inventory: What there is; only what is ours is stopped or deleted.
    """
    blocked = {one.found.arn: one for one in _blocked(inventory)}
    free = [found for found in inventory.ours() if found.arn not in blocked]
    stages = [
        tuple(
            Step(action, found) for found in free if found.label in labels and _needs(action, found)
        )
        for action, labels in _ORDER
    ]
    return Plan(tuple(stage for stage in stages if stage), tuple(blocked.values()))


def _needs(action: Action, found: Found) -> bool:
    if action == "stop":
        return found.listed.status in _STOPPABLE
    return found.running if action == "wait for" else True


def _blocked(inventory: Inventory) -> Iterable[Blocked]:
    """What has to stay, from what depends on most to what depends on least."""
    foreign = [one for one in inventory.foreign() if one is not inventory.group]
    stays: list[Blocked] = []
    for solution in (one for one in inventory.of("solution") if one.ours):
        campaigns = (one for one in foreign if one.label == "campaign")
        stays += _first(solution, (c for c in campaigns if c.parent_arn == solution.arn))
    holders = [one for one in foreign if one.label in _HOLD_DATASETS]
    for found in inventory.members:
        if found.ours and found.label in ("dataset", "schema"):
            stays += _first(found, holders)
    if inventory.group is not None and inventory.group.ours:
        members = [one for one in foreign if one.label in (*_HOLD_DATASETS, "dataset")]
        stays += _first(inventory.group, [*members, *(one.found for one in stays)])
    return stays


def _first(found: Found, by: Iterable[Found]) -> list[Blocked]:
    return [Blocked(found, one) for one in by][:1]


def take_down(
    client: "PersonalizeClient",
    group_name: str,
    policy: WaitPolicy,
    report: Callable[[str], None],
) -> TornDown:
    """Delete everything that the project made for a dataset group.

    Safe to repeat, also after it was killed at any moment.

    Args:
        client: boto3 client of personalize.
        group_name: Name of the group.
        policy: Timeout, pace and progress of each wait.
        report: Told each step.

    Raises:
        WaitTimeout: Something could not be deleted, or did not go, in time.
        ClientError: The service refused for a reason that does not pass.
    """
    inventory = take_inventory(client, group_name)
    plan = plan_teardown(inventory)
    _remember_schemas(client, inventory, plan, policy)
    for stage in plan.stages:
        for step in stage:
            report(str(step))
            _begin(client, step, policy)
        for step in stage:
            _finish(client, step, policy)
    after = take_inventory(client, group_name)
    known = {found.arn for found in (*inventory.ours(), *after.ours())}
    return TornDown(plan, after.ours(), tally_account(client, group_name, known))


def _remember_schemas(
    client: "PersonalizeClient", inventory: Inventory, plan: Plan, policy: WaitPolicy
) -> None:
    """Keep the names of the schemas in tags of the group before the datasets go."""
    group = inventory.group
    if group is None or not group.ours:
        return
    going = [step.found for step in plan.steps if step.found.label == "dataset"]
    names = {
        one.arn.rpartition("/")[2]: schema_name(find(client, DATASET, one.arn)) for one in going
    }
    tags: Any = [
        {"tagKey": f"{SCHEMA_TAG}{dataset}", "tagValue": name}
        for dataset, name in sorted(names.items())
        if name
    ]
    if tags:
        arn = group.arn
        call_patiently(
            lambda: client.tag_resource(resourceArn=arn, tags=tags), policy, "keep schema names"
        )


def _begin(client: "PersonalizeClient", step: Step, policy: WaitPolicy) -> None:
    found = step.found
    if step.action == "wait for" or found.listed.status in DELETE_STATUSES:
        return
    if step.action == "stop":
        # The service says InvalidInputException where the training has ended meanwhile.
        call_patiently(
            lambda: _ignoring(
                lambda: client.stop_solution_version_creation(solutionVersionArn=found.arn),
                "InvalidInputException",
            ),
            policy,
            str(step),
        )
        return
    call = _DELETE[found.label]
    # Whatever else is in use will not be for long; a schema that others use as well stays.
    refusals = ("ResourceInUseException",) if found.label == "schema" else ()
    call_patiently(lambda: _ignoring(lambda: call(client, found.arn), *refusals), policy, str(step))


def _ignoring(call: Callable[[], object], *codes: str) -> None:
    """Call, and take it for done where the resource has gone or an error of ``codes`` comes."""
    try:
        call()
    except ClientError as error:
        if error_code(error) not in ("ResourceNotFoundException", *codes):
            raise


def _finish(client: "PersonalizeClient", step: Step, policy: WaitPolicy) -> None:
    found = step.found
    if found.label == "schema":
        return
    kind = _KINDS[found.label]
    if step.action == "delete":
        wait_until_gone(client, kind, found.arn, policy)
    elif step.action == "wait for":
        _wait_until_settled(client, kind, found.arn, policy)


def _wait_until_settled(
    client: "PersonalizeClient", kind: Kind, arn: str, policy: WaitPolicy
) -> None:
    """Wait until work has ended, however."""
    with suppress(ResourceFailed):
        _ignoring(lambda: wait_until_active(client, kind, arn, policy))


def proof_lines(torn_down: TornDown) -> Sequence[str]:
    """What each list operation showed afterwards, as text."""
    return [
        f"{tally.operation}: {tally.counted} of ours, {tally.others} of others"
        for tally in torn_down.tallies
    ]
