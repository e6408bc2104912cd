"""What a dataset group's YAML file may say: one declaration per attribute, checked when it loads.

Only data and its validation; nothing here builds assets or talks to a service.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

import dagster as dg
from pydantic import Field, field_validator, model_validator

from personalize_assets.core.cleaning import CleaningRules
from personalize_assets.core.tables import TableSource
from personalize_assets.recipes.registry import RECIPES


def _resolve_cleaning(context: dg.ResolutionContext, value: Any) -> CleaningRules:
    return CleaningRules.model_validate(context.resolve_value(value) or {})


def _resolve_tables(context: dg.ResolutionContext, value: Any) -> TableSource | None:
    return None if value is None else TableSource.model_validate(context.resolve_value(value))


class Source(dg.Model, dg.Resolvable):
    """Where raw data lies and what it is."""

    type: Literal["movielens", "table"] = "movielens"
    """`movielens`: any MovieLens release. `table`: CSV or parquet files of your own."""

    prefix: str
    """S3 prefix of the raw files, ending in a slash."""

    tables: Annotated[Any, dg.Resolver(_resolve_tables, model_field_type=dict)] = None
    """For `table`: the files and which of their columns mean what."""

    @field_validator("prefix")
    @classmethod
    def _end_in_slash(cls, prefix: str) -> str:
        return require_folder(prefix)

    @model_validator(mode="after")
    def _tables_where_needed(self) -> Self:
        if (self.type == "table") != (self.tables is not None):
            raise ValueError("source: type `table` needs `tables`, and only that type takes them")
        return self

    @property
    def datasets(self) -> tuple[str, ...]:
        """What this source can have: ``interactions``, ``items``, ``users``."""
        if self.tables is None:
            return ("interactions", "items", "users")
        return tuple(self.tables.files())


class Prefixes(dg.Model, dg.Resolvable):
    """S3 prefixes that the pipeline writes to; each ends in a slash."""

    transformed: str
    """Cleaned files that are imported: `interactions/`, `items/`, `users/`, `quarantine/`."""

    batch_input: str
    """Where users drop files of user ids."""

    batch_results: str
    """Results of batch inference, one folder a job under `inference/`."""

    @field_validator("transformed", "batch_input", "batch_results")
    @classmethod
    def _end_in_slash(cls, prefix: str) -> str:
        return require_folder(prefix)


class Solution(dg.Model, dg.Resolvable):
    """One recipe with its training configuration."""

    name: str
    """Short name, such as `user-personalization`; part of asset keys and of the solution's name."""

    recipe: str
    """Name of the recipe, for example `aws-user-personalization`."""

    event_type: str | None = None
    """Train only on this EVENT_TYPE; all of them when left out."""

    event_value_threshold: str | None = None
    """Train only on events whose EVENT_VALUE is at least this; needs `event_type`."""

    hyperparameters: Mapping[str, str] = Field(default_factory=dict)
    """`algorithmHyperParameters` of the solution, as strings."""

    feature_transformation_parameters: Mapping[str, str] = Field(default_factory=dict)
    """`featureTransformationParameters` of the solution, as strings."""

    @field_validator("name")
    @classmethod
    def _fit_for_keys(cls, name: str) -> str:
        if not name.replace("-", "").isalnum() or name != name.lower():
            raise ValueError(
                f"solution name {name!r} may hold lower-case letters, digits and hyphens only"
            )
        return name

    @field_validator("recipe")
    @classmethod
    def _known(cls, recipe: str) -> str:
        custom = sorted(name for name, spec in RECIPES.items() if spec.domain is None)
        if recipe not in custom:
            raise ValueError(f"unknown recipe {recipe!r}; allowed are {', '.join(custom)}")
        return recipe


class BatchInference(dg.Model, dg.Resolvable):
    """Recommendations for many users at once."""

    solution: str
    """Name of the solution that answers."""

    num_results: int = 25
    """Items per user."""


class Sensors(dg.Model, dg.Resolvable):
    """How files that land in S3 are noticed."""

    interval_s: int = 10
    """Seconds between two looks."""

    settle_s: float = 5.0
    """Age in seconds from which a file counts as complete; a younger one is looked at again."""


class Retraining(dg.Model, dg.Resolvable):
    """When everything is trained anew, in full, on what the raw prefix then holds."""

    cron: str
    """Five fields, for example `0 3 * * 1` for Mondays at three."""

    timezone: str
    """IANA name, for example `Europe/Berlin`; daylight saving follows it."""


class QualityLimits(dg.Model, dg.Resolvable):
    """Limits that asset checks compare with."""

    max_quarantine_share: float = 0.01
    """Share of raw rows that may be quarantined before the check fails."""


class Comparison(dg.Model, dg.Resolvable):
    """How recipes are compared with each other, popularity and chance, on this machine."""

    folds: int = Field(default=2, ge=1, le=10)
    """How many of ten folds of users are run; each costs a training of every recipe or two."""

    seed: int = 0
    """Of the folds."""

    max_events: int = Field(default=1_000_000, ge=1_000)
    """Users are drawn where there are more interactions than this."""


class DatasetGroupAttributes(dg.Model, dg.Resolvable):
    """All attributes of one dataset group."""

    name: str
    """Name of the dataset group; the first part of every asset key."""

    description: str = ""
    """One sentence for the UI."""

    owners: Sequence[str] = ()
    """Owners of all assets: e-mail addresses or `team:NAME`."""

    source: Source
    """Raw data."""

    prefixes: Prefixes
    """Where the pipeline writes."""

    cleaning: Annotated[Any, dg.Resolver(_resolve_cleaning, model_field_type=dict)] = Field(
        default_factory=CleaningRules
    )
    """Which events a row of raw data becomes, and which share of rows is taken."""

    datasets: Sequence[str] = ("interactions", "items")
    """Datasets to import: `interactions`, and where wanted `items` and `users`."""

    solutions: Sequence[Solution]
    """Recipes to train."""

    batch_inference: BatchInference | None = None
    """Recommendations for many users at once; left out, the graph ends at the metrics."""

    comparison: Comparison | None = Field(default_factory=Comparison)
    """How recipes are compared on this machine; `null` where they are not."""

    sensors: Sensors = Field(default_factory=Sensors)
    """How files that land in S3 are noticed."""

    retraining: Retraining | None = None
    """Schedule of full retraining; left out, there is none."""

    limits: QualityLimits = Field(default_factory=QualityLimits)
    """Limits of asset checks."""

    @property
    def prepared(self) -> tuple[str, ...]:
        """Datasets that are cleaned: those to import, and items wherever the source has them.

        Items give titles, and tell which interactions are with unknown items.
        """
        return tuple(
            name for name in self.source.datasets if name in self.datasets or name == "items"
        )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if "interactions" not in self.datasets or set(self.datasets) - set(self.source.datasets):
            raise ValueError(
                f"datasets {list(self.datasets)} must hold interactions, and of this source may "
                f"hold {', '.join(self.source.datasets)}"
            )
        names = [solution.name for solution in self.solutions]
        if len(names) != len(set(names)):
            raise ValueError(f"solution names must differ: {', '.join(names)}")
        if self.batch_inference is not None and self.batch_inference.solution not in names:
            raise ValueError(
                f"batch_inference names solution {self.batch_inference.solution!r}; "
                f"declared are {', '.join(names)}"
            )
        return self


def require_folder(prefix: str) -> str:
    """Return ``prefix`` if it is a folder of S3, ending in a slash.

    Raises:
        ValueError: It does not end in a slash or begins with one.
    """
    if not prefix.endswith("/") or prefix.startswith("/"):
        raise ValueError(f"prefix {prefix!r} must end in '/' and not begin with it")
    return prefix
