"""What exists of one dataset group, and whose it is; how much else the account holds.

What the project made carries its tag (`naming.PROJECT_TAG`). What cannot carry tags is the
project's where that is beyond doubt: work that was done belongs to what it was done with, a metric
attribution to a group of ours whose name it begins with, a schema to the dataset of ours that uses
it, or used it when its deletion began.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from personalize_assets.aws import listing
from personalize_assets.aws.kinds import DATASET, error_code, find
from personalize_assets.aws.listing import Listed, list_all
from personalize_assets.aws.naming import PROJECT_TAG

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient

BILLABLE: Final = ("campaign", "recommender", "metric attribution")
"""What costs money while it exists, whether it is used or not."""

RUNNING: Final = (
    "CREATE PENDING",
    "CREATE IN_PROGRESS",
    "CREATE STOPPING",
    "PENDING",
    "IN PROGRESS",
    "IN_PROGRESS",
)
SCHEMA_TAG: Final = f"{PROJECT_TAG}/schema/"
"""Beginning of the tags of a group that keep the names of its schemas while it is taken down."""

EVENT_DATASET: Final = "EVENT_INTERACTIONS"
"""Type of the dataset that the service makes with an event tracker; it cannot be tagged by us."""

_OF_GROUPS: Final = (
    listing.RECOMMENDERS,
    listing.SOLUTIONS,
    listing.FILTERS,
    listing.EVENT_TRACKERS,
    listing.METRIC_ATTRIBUTIONS,
    listing.DATASETS,
)
_BATCHES: Final = (listing.BATCH_INFERENCE_JOBS, listing.BATCH_SEGMENT_JOBS)


@dataclass(frozen=True)
class Found:
    """One resource of the group, and whose it is.

    Attributes:
        listed: As the service lists it.
        ours: Whether the project made it.
        parent_arn: What it belongs to: a solution, a dataset, a solution version or the group.
        recipe: Name of its recipe, of campaigns that of the solution; empty for other kinds.
    """

    listed: Listed
    ours: bool
    parent_arn: str
    recipe: str = ""

    @property
    def label(self) -> str:
        """Its kind in words."""
        return self.listed.label

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.listed.arn

    @property
    def running(self) -> bool:
        """Whether the service is still at work on it."""
        return self.listed.status in RUNNING

    def __str__(self) -> str:
        return f"{self.label} {self.listed.name}"


@dataclass(frozen=True)
class Inventory:
    """One dataset group with all that belongs to it.

    Attributes:
        group_name: Its name, also where it does not exist.
        group: The group, or None.
        members: What belongs to it, jobs and schemas included.
    """

    group_name: str
    group: Found | None
    members: tuple[Found, ...]

    def all(self) -> tuple[Found, ...]:
        """The members, and last the group where there is one."""
        return (*self.members, *([] if self.group is None else [self.group]))

    def ours(self) -> tuple[Found, ...]:
        """What the project made."""
        return tuple(found for found in self.all() if found.ours)

    def foreign(self) -> tuple[Found, ...]:
        """What others made in this group or with what is ours."""
        return tuple(found for found in self.all() if not found.ours)

    def of(self, label: str) -> tuple[Found, ...]:
        """The members of one kind."""
        return tuple(found for found in self.members if found.label == label)


def take_inventory(client: "PersonalizeClient", group_name: str) -> Inventory:
    """Look at everything that belongs to the dataset group of this name.

    Args:
        client: boto3 client of personalize.
        group_name: The group need not exist.

    Raises:
        ClientError: The service refused to list something.
    """
    groups = list_all(client, listing.GROUPS)
    listed = next((one for one in groups if one.name == group_name), None)
    if listed is None:
        return Inventory(group_name, None, ())
    tags = tags_of(client, listed.arn)
    group = Found(listed, tags.get(PROJECT_TAG) == group_name, "")
    members: list[Found] = []
    for collection in _OF_GROUPS:
        for one in list_all(client, collection, listed.arn):
            members.append(_member(client, collection, one, group))
    members = _with_event_dataset(members, group)
    members += [campaign for one in members for campaign in _campaigns(client, one, group_name)]
    members += [job for one in members for job in _work_of(client, one)]
    members += _deletion_jobs(client, group)
    members += _batch_jobs(client, members)
    members += _schemas(client, group, members, tags)
    return Inventory(group_name, group, tuple(members))


def tags_of(client: "PersonalizeClient", arn: str) -> dict[str, str]:
    """The tags of a resource; none where it has gone meanwhile.

    Raises:
        ClientError: The service refused for another reason.
    """
    try:
        answer = client.list_tags_for_resource(resourceArn=arn)
    except ClientError as error:
        if error_code(error) != "ResourceNotFoundException":
            raise
        return {}
    return {tag["tagKey"]: tag["tagValue"] for tag in answer.get("tags", [])}


def recipe_of(listed: Listed) -> str:
    """Name of the recipe in the summary of a solution or recommender; empty for other kinds."""
    return str(listed.summary.get("recipeArn", "")).rpartition("/")[2]


def _member(
    client: "PersonalizeClient", collection: listing.Collection, listed: Listed, group: Found
) -> Found:
    name = group.listed.name
    if collection.is_tagged:
        ours = tags_of(client, listed.arn).get(PROJECT_TAG) == name
    else:
        ours = group.ours and listed.name.startswith(name)
    return Found(listed, ours, group.arn, recipe_of(listed))


def _with_event_dataset(members: Iterable[Found], group: Found) -> list[Found]:
    """Take the dataset that came with an event tracker for the tracker's owner's."""
    listed = list(members)
    trackers = [one for one in listed if one.label == "event tracker"]
    ours = group.ours and all(tracker.ours for tracker in trackers)
    return [
        Found(one.listed, ours, one.parent_arn) if one.arn.endswith(f"/{EVENT_DATASET}") else one
        for one in listed
    ]


def _campaigns(client: "PersonalizeClient", solution: Found, group_name: str) -> Iterator[Found]:
    if solution.label != "solution":
        return
    for one in list_all(client, listing.CAMPAIGNS, solution.arn):
        ours = tags_of(client, one.arn).get(PROJECT_TAG) == group_name
        yield Found(one, ours, solution.arn, solution.recipe)


def _work_of(client: "PersonalizeClient", parent: Found) -> Iterator[Found]:
    """Trainings of a solution, imports and exports of a dataset; they are their parent's."""
    collections = {
        "solution": (listing.SOLUTION_VERSIONS,),
        "dataset": (listing.IMPORT_JOBS, listing.EXPORT_JOBS),
    }
    for collection in collections.get(parent.label, ()):
        for one in list_all(client, collection, parent.arn):
            yield Found(one, parent.ours, parent.arn, parent.recipe)


def _deletion_jobs(client: "PersonalizeClient", group: Found) -> list[Found]:
    jobs = list_all(client, listing.DELETION_JOBS, group.arn)
    return [Found(one, group.ours, group.arn) for one in jobs]


def _batch_jobs(client: "PersonalizeClient", members: Iterable[Found]) -> list[Found]:
    """Batch jobs of the group's solution versions, from one list of the account for each kind."""
    versions = {one.arn: one for one in members if one.label == "solution version"}
    if not versions:
        return []
    return [
        Found(one, versions[parent].ours, parent, versions[parent].recipe)
        for collection in _BATCHES
        for one in list_all(client, collection)
        if (parent := str(one.summary.get("solutionVersionArn"))) in versions
    ]


def _schemas(
    client: "PersonalizeClient", group: Found, members: Iterable[Found], tags: Mapping[str, str]
) -> list[Found]:
    names = {value for key, value in tags.items() if key.startswith(SCHEMA_TAG)}
    datasets = [one for one in members if one.label == "dataset" and one.ours]
    for dataset in datasets:
        name = schema_name(find(client, DATASET, dataset.arn))
        if name.startswith(f"{group.listed.name}-") or dataset.arn.endswith(EVENT_DATASET):
            names.add(name)
    if not names:
        return []
    listed = list_all(client, listing.SCHEMAS)
    return [Found(one, ours=True, parent_arn=group.arn) for one in listed if one.name in names]


def schema_name(description: Mapping[str, Any] | None) -> str:
    """Name of the schema in the description of a dataset; empty where that has gone."""
    return str((description or {}).get("schemaArn", "")).rpartition("/")[2]


@dataclass(frozen=True)
class Tally:
    """One list of the account and region, counted.

    Attributes:
        label: Kind in words.
        operation: Method of the client that listed it.
        ours: Those that the project made for this group.
        others: How many others there are.
        running: How many of all the service is still at work on.
        is_job: Whether the kind is work that was done, which no operation deletes.
    """

    label: str
    operation: str
    ours: tuple[Listed, ...]
    others: int
    running: int
    is_job: bool = False

    @property
    def left(self) -> tuple[Listed, ...]:
        """What of ours could still go or end: all of it, but of jobs only those at work.

        How long the service lists finished jobs, whose dataset or version has gone, it does not
        say; they cost nothing and cannot be deleted.
        """
        return tuple(one for one in self.ours if not self.is_job or one.status in RUNNING)

    @property
    def counted(self) -> str:
        """How many are ours, in words where some are finished jobs that the service still lists."""
        done = len(self.ours) - len(self.left)
        return f"{len(self.left)} and {done} done" if done else str(len(self.ours))


def tally_account(
    client: "PersonalizeClient", group_name: str, known: Collection[str]
) -> tuple[Tally, ...]:
    """List every kind in the account and region, and count whose it is.

    Does not trust the group alone: whatever can carry tags is asked for them, so that something
    of ours that had left its group would be seen.

    Args:
        client: boto3 client of personalize.
        group_name: Ours is what carries this name in the project's tag.
        known: ARNs of what is known to be ours, with tags or without.

    Raises:
        ClientError: The service refused to list something.
    """
    return tuple(_tally(client, one, known, group_name) for one in listing.COLLECTIONS)


def _tally(
    client: "PersonalizeClient", kind: listing.Collection, known: Collection[str], group_name: str
) -> Tally:
    everything = list(list_all(client, kind))
    asked = kind.is_tagged and not kind.is_job
    ours = tuple(
        one
        for one in everything
        if one.arn in known or (asked and tags_of(client, one.arn).get(PROJECT_TAG) == group_name)
    )
    running = sum(one.status in RUNNING for one in everything)
    others = len(everything) - len(ours)
    return Tally(kind.label, kind.operation, ours, others, running, kind.is_job)
