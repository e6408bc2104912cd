"""What a dataset group's file asks for and its recipes cannot do: refused before anything is made.

Each refusal names the attribute as it stands in the file, what it said, and what would do. Pure:
only declared values and the table of recipes are looked at.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, cast

from personalize_assets.components.attributes.training import Solution, recipes_that
from personalize_assets.core.attribution import AttributionError, parse_expression
from personalize_assets.core.filters import FilterError, normalize_event_type, parse_filter
from personalize_assets.core.names import (
    MAX_ATTRIBUTION_METRICS,
    MAX_CAMPAIGNS_PER_GROUP,
    MAX_FILTERS_PER_GROUP,
    MAX_RECOMMENDERS_PER_GROUP,
    MAX_SOLUTIONS_PER_GROUP,
    MAX_TAGS,
)
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.spec import RecipeSpec
from personalize_assets.spark.order import Dataset
from personalize_assets.spark.ordering import refusal

if TYPE_CHECKING:
    from personalize_assets.components.attributes.dataset_group import DatasetGroupAttributes

_RECOMMENDING = ("USER_PERSONALIZATION", "POPULAR_ITEMS", "RELATED_ITEMS")
_OWN_TAGS = 10
"""Tags that are kept free for the deployment and for the project's own."""


def refuse_impossible(group: "DatasetGroupAttributes") -> None:
    """Look at everything that depends on more than one attribute.

    Raises:
        ValueError: Something cannot be; the message says where, what, and what to do.
    """
    _check_quotas(group)
    _check_preparation(group)
    _check_solutions(group)
    _check_campaigns(group)
    _check_batch(group)
    _check_recommenders(group)
    _check_attribution(group)


def _check_quotas(group: "DatasetGroupAttributes") -> None:
    metrics = () if group.metric_attribution is None else group.metric_attribution.metrics
    limits: tuple[tuple[str, Sequence[object], int], ...] = (
        ("solutions", group.solutions, MAX_SOLUTIONS_PER_GROUP),
        ("campaigns", group.campaigns, MAX_CAMPAIGNS_PER_GROUP),
        ("recommenders", group.recommenders, MAX_RECOMMENDERS_PER_GROUP),
        ("filters", group.filters, MAX_FILTERS_PER_GROUP),
        ("metric_attribution.metrics", metrics, MAX_ATTRIBUTION_METRICS),
        ("tags", list(group.tags), MAX_TAGS - _OWN_TAGS),
    )
    for where, declared, most in limits:
        if len(declared) > most:
            raise ValueError(
                f"{where}: {len(declared)} are declared, a dataset group may have {most}"
            )
    if reserved := [key for key in group.tags if key.lower().startswith("aws:")]:
        raise ValueError(f"tags: keys may not begin with aws:, got {', '.join(reserved)}")


def _check_preparation(group: "DatasetGroupAttributes") -> None:
    named = group.preparation.datasets or ()
    if absent := sorted(set(named) - set(group.prepared)):
        raise ValueError(
            f"preparation.datasets: {', '.join(absent)} of this group is not cleaned; cleaned are "
            f"{', '.join(group.prepared)}"
        )
    tables = group.source.tables
    for dataset in group.prepared:
        engine = group.preparation.engine_of(dataset)
        if engine == "arrow" or tables is None:
            continue
        reason = refusal(cast("Dataset", dataset), tables)
        if reason is not None:
            others = [name for name in group.prepared if name != dataset]
            raise ValueError(
                f"preparation: engine {engine} cannot clean {dataset}: {reason}; or name the "
                f"others alone: `datasets: [{', '.join(others)}]`"
            )


def _check_solutions(group: "DatasetGroupAttributes") -> None:
    for solution in group.solutions:
        where = f"solution {solution.name}"
        _require_datasets(group, solution.spec, where)
        named = [solution.event_type, *(entry.event_type for entry in solution.events)]
        for event_type in filter(None, named):
            _require_event(group, event_type, where)
        if missing := set(solution.excluded_columns) - set(group.datasets):
            raise ValueError(
                f"{where}: excluded_columns names {', '.join(sorted(missing))}, but the datasets "
                f"are {', '.join(group.datasets)}"
            )


def _check_campaigns(group: "DatasetGroupAttributes") -> None:
    for campaign in group.campaigns:
        solution, where = group.solution(campaign.solution), f"campaign of {campaign.solution}"
        if solution.spec.recipe_type == "USER_SEGMENTATION":
            raise ValueError(
                f"{where}: {solution.recipe} makes segments and answers in batch only: leave the "
                f"campaign out and declare batch_segment"
            )
        if campaign.exploration is not None:
            _require_exploration(solution, where)


def _check_batch(group: "DatasetGroupAttributes") -> None:
    inference, segment, ranking = group.batch_inference, group.batch_segment, group.batch_ranking
    if inference is not None:
        solution = group.solution(inference.solution)
        _require_type("batch_inference", solution, _RECOMMENDING)
        if inference.exploration is not None:
            _require_exploration(solution, "batch_inference")
        if inference.filter is not None:
            _require_filter(group, inference.filter, "batch_inference.filter")
    if segment is not None:
        _require_type("batch_segment", group.solution(segment.solution), ("USER_SEGMENTATION",))
    if ranking is not None:
        _require_type("batch_ranking", group.solution(ranking.solution), ("PERSONALIZED_RANKING",))


def _require_type(where: str, solution: Solution, types: Collection[str]) -> None:
    """Refuse a batch job of a recipe of another type, or of one that cannot answer in batch."""

    def fits(spec: RecipeSpec) -> bool:
        custom = spec.domain is None and spec.batch_field is not None
        return custom and spec.recipe_type in types

    if not fits(solution.spec):
        able = ", ".join(sorted(name for name, spec in RECIPES.items() if fits(spec)))
        raise ValueError(
            f"{where}: solution {solution.name} has recipe {solution.recipe}, which cannot answer "
            f"this; recipes that can: {able}"
        )


def _require_exploration(solution: Solution, where: str) -> None:
    if not solution.spec.takes_exploration:
        able = " and ".join(recipes_that("takes_exploration"))
        raise ValueError(
            f"{where}: {solution.recipe} does not take exploration (itemExplorationConfig); {able} "
            f"does: take that recipe or leave exploration out"
        )


def _require_filter(group: "DatasetGroupAttributes", name: str, where: str) -> None:
    declared = {one.name: one for one in group.filters}
    if name not in declared:
        raise ValueError(
            f"{where} names filter {name!r}; declared are {', '.join(declared) or 'none'}"
        )
    try:
        parameters = parse_filter(declared[name].expression).parameters
    except FilterError as error:
        raise ValueError(f"filter {name}: {error}") from error
    if parameters:
        raise ValueError(
            f"{where}: filter {name} has the parameters {', '.join(sorted(parameters))}, whose "
            f"values a batch job is not given: declare one with fixed values"
        )


def _check_recommenders(group: "DatasetGroupAttributes") -> None:
    for recommender in group.recommenders:
        spec, where = RECIPES[recommender.recipe], f"recommender {recommender.name}"
        if spec.domain != group.domain:
            able = ", ".join(sorted(n for n, one in RECIPES.items() if one.domain == group.domain))
            raise ValueError(
                f"{where}: {spec.name} is a use case of domain {spec.domain}, but this group's "
                f"domain is {group.domain}, which has: {able}"
            )
        if recommender.exploration is not None and not spec.takes_exploration:
            raise ValueError(f"{where}: {spec.name} does not take exploration: leave it out")
        _require_datasets(group, spec, where)
        if spec.event_type is not None:
            _require_event(group, spec.event_type, where)


def _require_datasets(group: "DatasetGroupAttributes", spec: RecipeSpec, where: str) -> None:
    missing = [name for name in spec.required_datasets if name.lower() not in group.datasets]
    if missing:
        raise ValueError(
            f"{where}: {spec.name} needs the dataset {' and '.join(missing)}, but the datasets are "
            f"{', '.join(group.datasets)}"
        )


def _require_event(group: "DatasetGroupAttributes", event_type: str, where: str) -> None:
    """Refuse an event type that the cleaned interactions cannot have."""
    known = event_types(group)
    if known is None:
        return
    if normalize_event_type(event_type) not in map(normalize_event_type, known):
        raise ValueError(
            f"{where} needs events of type {event_type!r}, but the interactions will have "
            f"{', '.join(known) or 'no event types'}: name one of them so in cleaning.events or "
            f"source.tables"
        )


def event_types(group: "DatasetGroupAttributes") -> tuple[str, ...] | None:
    """Event types that the cleaned interactions will have; None where only the data tell."""
    rules = tuple(rule.event_type for rule in group.cleaning.events)
    tables = group.source.tables
    if tables is None:
        return rules
    table = tables.interactions
    if table.event_rules:
        return rules
    if table.event_type is not None:
        return (table.event_type,)
    return None if "EVENT_TYPE" in table.columns else ()


def _check_attribution(group: "DatasetGroupAttributes") -> None:
    if group.metric_attribution is None:
        return
    require_distinct(
        "metric_attribution: metric names",
        (metric.name for metric in group.metric_attribution.metrics),
    )
    if not group.metric_attribution.metrics:
        raise ValueError("metric_attribution: at least one metric must be declared")
    for metric in group.metric_attribution.metrics:
        where = f"metric_attribution: metric {metric.name}"
        _require_event(group, metric.event_type, where)
        try:
            parsed = parse_expression(metric.expression)
        except AttributionError as error:
            raise ValueError(f"{where}: {error}") from error
        if parsed.dataset_type == "ITEMS" and "items" not in group.datasets:
            raise ValueError(f"{where} adds up a column of the items, which are not imported")


def require_distinct(what: str, values: Iterable[str]) -> None:
    """Refuse a list of names that holds one twice.

    Raises:
        ValueError: It does; the message begins with ``what``.
    """
    listed = list(values)
    if len(listed) != len(set(listed)):
        raise ValueError(f"{what} must differ: {', '.join(listed)}")
