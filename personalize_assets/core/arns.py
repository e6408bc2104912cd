"""Amazon Resource Names of Personalize: made from names, and taken apart again.

An ARN carries the kind of a resource and its name, so that clients build them from names. Recipes,
algorithms and feature transformations belong to the service: their ARNs have no region and no
account. Nothing here knows whether a resource exists.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

LATEST = "$LATEST"
"""Stands in place of a version's id for the newest ACTIVE version of a solution."""

_SERVICE_OWNED = frozenset({"recipe", "algorithm", "feature-transformation"})
_FORM = re.compile(r"arn:(aws[a-z-]*):personalize:([a-z0-9-]*):(\d{12}|):(.+)")
_PART = re.compile(r"[A-Za-z0-9$][A-Za-z0-9$_-]*")


class Kind(StrEnum):
    """The kinds of resources that have ARNs; the value is how messages and storage name them."""

    DATASET_GROUP = "dataset-group"
    SCHEMA = "schema"
    DATASET = "dataset"
    DATASET_IMPORT_JOB = "dataset-import-job"
    DATASET_EXPORT_JOB = "dataset-export-job"
    DATA_DELETION_JOB = "data-deletion-job"
    SOLUTION = "solution"
    SOLUTION_VERSION = "solution-version"
    CAMPAIGN = "campaign"
    FILTER = "filter"
    EVENT_TRACKER = "event-tracker"
    RECOMMENDER = "recommender"
    BATCH_INFERENCE_JOB = "batch-inference-job"
    BATCH_SEGMENT_JOB = "batch-segment-job"
    METRIC_ATTRIBUTION = "metric-attribution"
    RECIPE = "recipe"
    ALGORITHM = "algorithm"
    FEATURE_TRANSFORMATION = "feature-transformation"

    @property
    def words(self) -> str:
        """The kind in words, as in ``dataset import job``."""
        return self.value.replace("-", " ")

    @property
    def with_article(self) -> str:
        """As in ``an event tracker``."""
        return f"{'an' if self.words[0] in 'aeiou' else 'a'} {self.words}"

    @property
    def n_parts(self) -> int:
        """How many names its ARN carries: two for datasets and solution versions, else one."""
        return 2 if self in (Kind.DATASET, Kind.SOLUTION_VERSION) else 1


class ArnError(ValueError):
    """A text is not the ARN that it should be."""


@dataclass(frozen=True, slots=True)
class Arn:
    """An ARN taken apart.

    Attributes:
        partition: ``aws`` in most regions.
        region: Empty for what the service owns.
        account: Twelve digits; empty for what the service owns.
        kind: What the ARN names.
        parts: The names in it: one, or two for datasets (group and type) and solution versions
            (solution and version).
    """

    partition: str
    region: str
    account: str
    kind: Kind
    parts: tuple[str, ...]

    @property
    def name(self) -> str:
        """The last name in the ARN."""
        return self.parts[-1]

    def __str__(self) -> str:
        prefix = "solution" if self.kind is Kind.SOLUTION_VERSION else self.kind.value
        tail = "/".join((prefix, *self.parts))
        return f"arn:{self.partition}:personalize:{self.region}:{self.account}:{tail}"


def make_arn(kind: Kind, region: str, account: str, *parts: str) -> str:
    """Build the ARN of a resource.

    Args:
        kind: What it names.
        region: For example ``us-east-1``; not used for recipes and the like.
        account: Twelve digits; not used for recipes and the like.
        *parts: The name; group name and TYPE for a dataset; solution name and id for a version.

    Raises:
        ArnError: The number of parts does not fit the kind, or a part is no name.

    >>> make_arn(Kind.DATASET, "us-east-1", "123456789012", "movies", "ITEMS")
    'arn:aws:personalize:us-east-1:123456789012:dataset/movies/ITEMS'
    >>> make_arn(Kind.RECIPE, "us-east-1", "123456789012", "aws-sims")
    'arn:aws:personalize:::recipe/aws-sims'
    """
    if len(parts) != kind.n_parts:
        raise ArnError(f"the ARN of {kind.with_article} has {kind.n_parts} names, got {parts!r}")
    for part in parts:
        if not _PART.fullmatch(part):
            raise ArnError(f"{part!r} is no name of {kind.with_article}")
    if kind in _SERVICE_OWNED:
        region = account = ""
    elif not region or not re.fullmatch(r"\d{12}", account):
        raise ArnError(f"a region and a 12-digit account are needed, got {region!r}, {account!r}")
    return str(Arn("aws", region, account, kind, parts))


def parse_arn(arn: str) -> Arn:
    """Take an ARN apart; the inverse of `make_arn`.

    Raises:
        ArnError: The text is not an ARN of Amazon Personalize; the message says what is wrong.

    >>> parse_arn("arn:aws:personalize:us-east-1:123456789012:solution/sims/83cc95fc").kind
    <Kind.SOLUTION_VERSION: 'solution-version'>
    """
    match = _FORM.fullmatch(arn)
    if match is None:
        raise ArnError(
            f"{arn!r} is not an ARN of Amazon Personalize, which has the form "
            "arn:aws:personalize:<region>:<account>:<kind>/<name>"
        )
    partition, region, account, tail = match.groups()
    prefix, *parts = tail.split("/")
    kind = _kind_of(arn, prefix, len(parts))
    if not all(_PART.fullmatch(part) for part in parts):
        raise ArnError(f"{arn!r} holds a name that no {kind.words} can have")
    owned = kind in _SERVICE_OWNED
    if owned == bool(region) or owned == bool(account):
        rule = "has neither region nor account" if owned else "names its region and account"
        raise ArnError(f"{arn!r} is not valid: the ARN of {kind.with_article} {rule}")
    return Arn(partition, region, account, kind, tuple(parts))


def _kind_of(arn: str, prefix: str, n_parts: int) -> Kind:
    if prefix == Kind.SOLUTION and n_parts == Kind.SOLUTION_VERSION.n_parts:
        return Kind.SOLUTION_VERSION
    if prefix == Kind.SOLUTION_VERSION or prefix not in Kind.__members__.values():
        raise ArnError(f"{arn!r} names no kind of resource of Amazon Personalize: {prefix!r}")
    kind = Kind(prefix)
    if n_parts != kind.n_parts:
        raise ArnError(
            f"{arn!r} has {n_parts} names, the ARN of {kind.with_article} has {kind.n_parts}"
        )
    return kind
