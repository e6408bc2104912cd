"""What answers in real time, when a new version may, and what is measured of it."""

from collections.abc import Sequence
from typing import Literal

import dagster as dg
from pydantic import Field, field_validator

from personalize_assets.components.attributes.batch import Exploration
from personalize_assets.components.attributes.source import require_folder
from personalize_assets.components.attributes.training import require_short_name
from personalize_assets.core.filters import parse_filter
from personalize_assets.core.metrics import AMAZON_LABELS
from personalize_assets.recipes.registry import RECIPES


class Campaign(dg.Model, dg.Resolvable):
    """Real-time answers of one solution; billed while it exists."""

    solution: str
    """Name of the solution whose promoted version answers."""

    min_provisioned_tps: int = Field(default=1, ge=1)
    """Requests a second that are paid for in any case."""

    exploration: Exploration | None = None
    """For recipes that explore; the service's defaults where left out."""


class Recommender(dg.Model, dg.Resolvable):
    """One use case of a domain dataset group; trained and served by the service alone."""

    name: str
    """Short name; part of the asset key and of the recommender's name."""

    recipe: str
    """Name of the use case, for example `aws-vod-top-picks`."""

    min_requests_per_second: int = Field(default=1, ge=1)
    """Requests a second that are paid for in any case."""

    exploration: Exploration | None = None
    """For use cases that explore."""

    running: bool = True
    """Whether it answers. False stops it: it then costs nothing and is not retrained; true starts
    it again with the model that it had."""

    @field_validator("name")
    @classmethod
    def _fit_for_keys(cls, name: str) -> str:
        return require_short_name(name, "recommender")

    @field_validator("recipe")
    @classmethod
    def _known(cls, recipe: str) -> str:
        cases = sorted(name for name, spec in RECIPES.items() if spec.domain is not None)
        if recipe not in cases:
            raise ValueError(f"unknown use case {recipe!r}; allowed are {', '.join(cases)}")
        return recipe


class Filter(dg.Model, dg.Resolvable):
    """A filter that requests and batch jobs may name."""

    name: str
    """Short name, such as `unwatched`; the service knows it as `<dataset group>-<name>`."""

    expression: str
    """Filter expression of Amazon Personalize."""

    description: str = ""
    """One sentence for the UI."""

    @field_validator("name")
    @classmethod
    def _fit_for_keys(cls, name: str) -> str:
        return require_short_name(name, "filter")

    @field_validator("expression")
    @classmethod
    def _readable(cls, expression: str) -> str:
        if parse_filter(expression).target == "ActionID":
            raise ValueError("filters of actions need datasets of actions, which are not declared")
        return expression


class GatedMetric(dg.Model, dg.Resolvable):
    """One metric that a new version has to hold."""

    name: str
    """Amazon's own name, such as `mean_reciprocal_rank_at_25`."""

    max_drop: float = Field(default=0.15, ge=0, le=1)
    """Share by which it may be below that of the version in service."""

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in AMAZON_LABELS:
            raise ValueError(f"unknown metric {name!r}; allowed are {', '.join(AMAZON_LABELS)}")
        return name


def _gated_by_default() -> list[GatedMetric]:
    return [
        GatedMetric(name="mean_reciprocal_rank_at_25"),
        GatedMetric(name="normalized_discounted_cumulative_gain_at_25"),
    ]


class Promotion(dg.Model, dg.Resolvable):
    """When a new solution version may take the place of the one in service."""

    metrics: Sequence[GatedMetric] = Field(default_factory=_gated_by_default)
    """What it has to hold against the version in service."""

    baseline: str | None = None
    """Name of the solution that it has to beat in each of these metrics; none when left out."""

    smoke_requests: int = Field(default=5, ge=1, le=100)
    """Requests that a campaign must answer after it was made or changed."""


class AttributedMetric(dg.Model, dg.Resolvable):
    """One metric of what recommendations brought."""

    name: str
    """`metricName`."""

    event_type: str
    """Events that count."""

    expression: str
    """`SUM(DatasetType.COLUMN)` or `SAMPLECOUNT()`."""


class MetricAttribution(dg.Model, dg.Resolvable):
    """What recommendations brought, reported to Amazon CloudWatch and to S3."""

    metrics: Sequence[AttributedMetric]
    """At most ten."""

    prefix: str | None = None
    """S3 prefix of the reports, ending in a slash; none are written to S3 when left out."""

    @field_validator("prefix")
    @classmethod
    def _end_in_slash(cls, prefix: str | None) -> str | None:
        return prefix if prefix is None else require_folder(prefix)


DomainName = Literal["ECOMMERCE", "VIDEO_ON_DEMAND"]
