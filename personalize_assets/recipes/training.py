"""The engine's one entry to training: a recipe, its data and what a solution asks for.

Knows nothing of how a solution writes its configuration, of jobs or of files.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from personalize_assets.core.columns import Columns
from personalize_assets.recipes.base import Progress, TrainingData, ignore_progress
from personalize_assets.recipes.evaluation import TrainedVersion, train_and_evaluate
from personalize_assets.recipes.event_weights import EventWeight, WeightedEvents
from personalize_assets.recipes.hyperparameters import parse_hyperparameters
from personalize_assets.recipes.objective import Objective
from personalize_assets.recipes.search import BayesianSearch, SearchRange, SearchRequest
from personalize_assets.recipes.spec import RecipeSpec
from personalize_assets.recipes.trials import Adjustment

__all__ = [
    "EventWeight",
    "Objective",
    "SearchRange",
    "SearchRequest",
    "TrainingRequest",
    "train_best",
    "train_recipe",
    "with_columns",
]

_IDS = frozenset({Columns.USER_ID, Columns.ITEM_ID, Columns.ACTION_ID})


@dataclass(frozen=True)
class TrainingRequest:
    """What a solution or a recommender asks of its training beside the recipe.

    Attributes:
        hyperparameters: Algorithm hyperparameters as strings of the wire.
        featurization: Feature transformation parameters as strings of the wire.
        event_type: The event type that the data were filtered by, for the text of an error.
        event_weights: The event types that take part and what each is worth; without any all do.
        objective: An item attribute to favour; None favours none.
        excluded_columns: Columns not to train on, by dataset type (``ITEMS``, ``USERS``).
        included_columns: The only columns to train on, by dataset type; others train on all.
        search: Hyperparameter optimization; None trains once.
        found: What an earlier search of automatic training found, as strings of the wire.
    """

    hyperparameters: Mapping[str, str] = field(default_factory=dict)
    featurization: Mapping[str, str] = field(default_factory=dict)
    event_type: str | None = None
    event_weights: tuple[EventWeight, ...] = ()
    objective: Objective | None = None
    excluded_columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    included_columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    search: SearchRequest | None = None
    found: Mapping[str, str] = field(default_factory=dict)


def train_recipe(
    spec: RecipeSpec,
    data: TrainingData,
    request: TrainingRequest,
    rng: np.random.Generator,
    progress: Progress = ignore_progress,
) -> TrainedVersion:
    """Train a recipe as a solution asks for it, and measure it.

    Args:
        spec: A recipe with a learner.
        data: All interactions that the solution takes, already filtered by event type and value.
        request: What else the solution says.
        rng: The only source of chance.
        progress: Told of ``split``, ``tune``, ``train`` and ``evaluate``, and of the learner's own
            stages.

    Raises:
        RecipeNotBuilt: The recipe has no learner yet.
        HyperparameterError: A hyperparameter or a range to search is not allowed.
        UnfitData: The data are below Amazon's minima, or lack what the recipe or the objective
            needs. The message is the failed version's.
    """
    featurization = parse_hyperparameters(spec.featurization, request.featurization)
    adjustments: list[Adjustment] = []
    if request.event_weights:
        weighted = WeightedEvents(request.event_weights)
        data = weighted.select(data)
        adjustments.append(weighted)
    if request.objective is not None:
        adjustments.append(request.objective)
    searched = spec
    if spec.searched is not None:
        searched = replace(spec, config=spec.searched, hpo=True)
    given, search = {**request.found, **request.hyperparameters}, request.search
    return train_and_evaluate(
        spec,
        with_columns(data, request),
        config=parse_hyperparameters(searched.config, given),
        featurization=featurization,
        event_type=request.event_type,
        adjustments=adjustments,
        tune=search and BayesianSearch(searched, search, given, featurization),
        rng=rng,
        progress=progress,
    )


def train_best(
    specs: Sequence[RecipeSpec],
    data: TrainingData,
    metric: str,
    rng: np.random.Generator,
    progress: Progress = ignore_progress,
) -> TrainedVersion:
    """Train each recipe with hyperparameter optimization and keep the best: ``performAutoML``.

    All recipes are measured on the same users. Ties go to the recipe that is named first.

    Args:
        specs: Recipes that recommend items; those without tunable options train once.
        data: As for ``train_recipe``.
        metric: Amazon's name of the metric to judge by, such as ``precision_at_25``.
        rng: The only source of chance.
        progress: As for ``train_recipe``.

    Returns:
        The best version; its ``spec`` says of which recipe.

    Raises:
        ValueError: No recipe is given, or one of them has no such metric.
        UnfitData: As for ``train_recipe``.
    """
    if not specs:
        raise ValueError("AutoML needs at least one recipe")
    seed = int(rng.integers(2**63))
    versions: list[TrainedVersion] = []
    for number, spec in enumerate(specs):
        request = TrainingRequest(search=SearchRequest() if spec.hpo else None)
        told = _part_of(progress, f"{spec.name}: ", number, len(specs))
        version = train_recipe(spec, data, request, np.random.default_rng(seed), told)
        if metric not in version.metrics:
            raise ValueError(
                f"recipe {spec.name!r} has no metric {metric!r}; it has: "
                f"{', '.join(version.metrics)}"
            )
        versions.append(version)
    return max(versions, key=lambda version: version.metrics[metric])


def _part_of(progress: Progress, prefix: str, number: int, count: int) -> Progress:
    """What tells of one of several equal parts of the work."""
    return lambda stage, share: progress(prefix + stage, (number + share) / count)


def with_columns(data: TrainingData, request: TrainingRequest) -> TrainingData:
    """The data with only the columns that the solution trains on."""
    items = _kept(data.item_features, "ITEMS", request)
    schema = data.item_schema
    if schema is not None and items is not None:
        names = {name.upper() for name in items.column_names}
        schema = replace(schema, fields=tuple(f for f in schema.fields if f.column in names))
    actions = data.actions
    if actions is not None:
        actions = replace(actions, features=_kept(actions.features, "ACTIONS", request))
    return replace(
        data,
        item_features=items,
        item_schema=schema,
        user_features=_kept(data.user_features, "USERS", request),
        actions=actions,
        context=_kept(data.context, "INTERACTIONS", request),
    )


def _kept(table: pa.Table | None, dataset: str, request: TrainingRequest) -> pa.Table | None:
    if table is None:
        return None
    excluded = _columns(request.excluded_columns, dataset) or frozenset()
    included = _columns(request.included_columns, dataset)
    kept = [
        name
        for name in table.column_names
        if name.upper() in _IDS
        or (name.upper() not in excluded and (included is None or name.upper() in included))
    ]
    return table.select(kept)


def _columns(listed: Mapping[str, Sequence[str]], dataset: str) -> frozenset[str] | None:
    """Upper-case names that are listed for a dataset type; None where it is not listed."""
    for name, columns in listed.items():
        if name.upper() == dataset:
            return frozenset(column.upper() for column in columns)
    return None
