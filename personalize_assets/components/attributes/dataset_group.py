"""The whole of one YAML file."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Self

import dagster as dg
from pydantic import Field, model_validator

from personalize_assets.components.attributes.batch import (
    BatchInference,
    BatchRanking,
    BatchSegment,
)
from personalize_assets.components.attributes.operations import (
    Costs,
    Freshness,
    QualityLimits,
    Retraining,
    Sensors,
)
from personalize_assets.components.attributes.preparation import Preparation
from personalize_assets.components.attributes.refusals import (
    refuse_impossible,
    require_distinct,
)
from personalize_assets.components.attributes.serving import (
    Campaign,
    DomainName,
    Filter,
    MetricAttribution,
    Promotion,
    Recommender,
)
from personalize_assets.components.attributes.source import Prefixes, Source
from personalize_assets.components.attributes.texts import TextsByName
from personalize_assets.components.attributes.training import Comparison, Solution
from personalize_assets.core.cleaning import CleaningRules
from personalize_assets.recipes.registry import RECIPES


def _resolve_cleaning(context: dg.ResolutionContext, value: Any) -> CleaningRules:
    return CleaningRules.model_validate(context.resolve_value(value) or {})


class DatasetGroupAttributes(dg.Model, dg.Resolvable):
    """All attributes of one dataset group."""

    name: str
    """Name of the dataset group; the first part of every asset key."""

    description: str = ""
    """One sentence for the UI."""

    owners: Sequence[str] = ()
    """Owners of all assets: e-mail addresses or `team:NAME`."""

    tags: TextsByName = Field(default_factory=dict)
    """Tags of everything that is created for this group, beside those of the deployment."""

    domain: DomainName | None = None
    """Makes a domain dataset group, whose recommenders answer its use cases."""

    source: Source
    """Raw data."""

    prefixes: Prefixes
    """Where the pipeline writes."""

    cleaning: Annotated[Any, dg.Resolver(_resolve_cleaning, model_field_type=dict)] = Field(
        default_factory=CleaningRules
    )
    """Which events a row of raw data becomes, and which share of rows is taken."""

    preparation: Preparation = Field(default_factory=Preparation)
    """Which engine cleans: this process, Spark or AWS Glue."""

    datasets: Sequence[str] = ("interactions", "items")
    """Datasets to import: `interactions`, and where wanted `items` and `users`."""

    solutions: Sequence[Solution] = ()
    """Recipes to train."""

    comparison: Comparison | None = Field(default_factory=Comparison)
    """How recipes are compared on this machine; `null` where they are not."""

    promotion: Promotion = Field(default_factory=Promotion)
    """When a new version may take the place of the one in service."""

    campaigns: Sequence[Campaign] = ()
    """Solutions that answer in real time."""

    recommenders: Sequence[Recommender] = ()
    """Use cases of the domain."""

    filters: Sequence[Filter] = ()
    """Filters that requests and batch jobs may name."""

    event_tracker: bool = False
    """Whether applications send events, items and users in real time."""

    metric_attribution: MetricAttribution | None = None
    """What recommendations brought; left out, it is not measured."""

    batch_inference: BatchInference | None = None
    """Recommendations for many users at once; left out, there are none."""

    batch_segment: BatchSegment | None = None
    """Users for many items at once; left out, there are none."""

    batch_ranking: BatchRanking | None = None
    """Rankings for many users at once; left out, there are none."""

    sensors: Sensors = Field(default_factory=Sensors)
    """How files that land in S3 are noticed."""

    retraining: Retraining | None = None
    """Schedules of retraining; left out, there are none."""

    limits: QualityLimits = Field(default_factory=QualityLimits)
    """Limits of asset checks."""

    freshness: Freshness = Field(default_factory=Freshness)
    """When what people read counts as stale."""

    costs: Costs = Field(default_factory=Costs)
    """What a run may cost."""

    @property
    def prepared(self) -> tuple[str, ...]:
        """Datasets that are cleaned: those to import, and items wherever the source has them.

        Items give titles, and tell which interactions are with unknown items.
        """
        return tuple(
            name for name in self.source.datasets if name in self.datasets or name == "items"
        )

    def solution(self, name: str) -> Solution:
        """The declared solution of this name.

        Raises:
            KeyError: There is none.
        """
        return {one.name: one for one in self.solutions}[name]

    @property
    def served(self) -> tuple[Solution, ...]:
        """Solutions whose promoted versions answer, by campaign or in batch, in declared order."""
        jobs = (self.batch_inference, self.batch_segment, self.batch_ranking)
        used = {one.solution for one in (*self.campaigns, *(job for job in jobs if job))}
        return tuple(one for one in self.solutions if one.name in used)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if "interactions" not in self.datasets or set(self.datasets) - set(self.source.datasets):
            raise ValueError(
                f"datasets {list(self.datasets)} must hold interactions, and of this source may "
                f"hold {', '.join(self.source.datasets)}"
            )
        names = [solution.name for solution in self.solutions]
        require_distinct("solution names", names)
        require_distinct("solutions of campaigns", (one.solution for one in self.campaigns))
        require_distinct("filter names", (one.name for one in self.filters))
        require_distinct("recommender names", (one.name for one in self.recommenders))
        for where, name in self._named_solutions():
            if name not in names:
                raise ValueError(
                    f"{where} names solution {name!r}; declared are {', '.join(names)}"
                )
        if not self.solutions and not self.recommenders:
            raise ValueError("neither solutions nor recommenders are declared")
        if self.recommenders and self.domain is None:
            raise ValueError("recommenders need `domain: ECOMMERCE` or `domain: VIDEO_ON_DEMAND`")
        refuse_impossible(self)
        return self

    @model_validator(mode="after")
    def _updatable(self) -> Self:
        if self.retraining is not None and self.retraining.update and not self.updated:
            able = ", ".join(sorted(name for name, spec in RECIPES.items() if spec.updates))
            raise ValueError(
                f"retraining.update needs `items` among the datasets, and a solution whose recipe "
                f"takes new items in: {able}"
            )
        return self

    @property
    def updated(self) -> tuple[Solution, ...]:
        """Solutions that `trainingMode` UPDATE can bring new items into."""
        with_items = "items" in self.datasets
        return tuple(one for one in self.solutions if with_items and one.spec.updates)

    def _named_solutions(self) -> Iterable[tuple[str, str]]:
        for campaign in self.campaigns:
            yield "campaigns", campaign.solution
        if self.promotion.baseline is not None:
            yield "promotion.baseline", self.promotion.baseline
        jobs = {
            "batch_inference": self.batch_inference,
            "batch_segment": self.batch_segment,
            "batch_ranking": self.batch_ranking,
        }
        for where, job in jobs.items():
            if job is not None:
                yield where, job.solution
