"""What trainings of solution versions and of recommenders share: the order, the work, the result.

An order says where the data lie and what the configuration asks for; the work loads, trains,
measures and saves. Knows nothing of statuses or of where a model goes.
"""
# pyarrow has no types.
# pyright: standard

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from personalize_assets.core.columns import Columns
from personalize_assets.core.names import MIN_INTERACTIONS
from personalize_assets.engine.data import (
    GroupSources,
    describe_group,
    read_action_interactions,
    read_interactions,
    read_records,
)
from personalize_assets.engine.data.trained_columns import (
    interaction_columns,
    without_plain_text,
)
from personalize_assets.engine.jobs.automl import CANDIDATES
from personalize_assets.engine.jobs.kinds import JobFailed, Json, Report
from personalize_assets.engine.jobs.new_items import NEW_ITEMS, new_items
from personalize_assets.engine.jobs.pace import Pace, Size, expected_costs
from personalize_assets.engine.jobs.search_request import search_request
from personalize_assets.engine.jobs.versions import spec_of
from personalize_assets.engine.store import Resource, Store
from personalize_assets.recipes.artifact import load_version, save_version
from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.evaluation import TrainedVersion
from personalize_assets.recipes.event_weights import EventWeight
from personalize_assets.recipes.hyperparameters import HyperparameterError
from personalize_assets.recipes.minima import UnfitData
from personalize_assets.recipes.objective import Objective
from personalize_assets.recipes.refitting import refit
from personalize_assets.recipes.registry import find_recipe
from personalize_assets.recipes.search import DEFAULT_TRIALS, JUDGED_BY
from personalize_assets.recipes.spec import RecipeSpec
from personalize_assets.recipes.tables import select_events, training_data
from personalize_assets.recipes.training import TrainingRequest, train_best, train_recipe

# The same data and settings give the same version, whenever it is trained.
SEED: Final = 20
MODEL: Final = "model"
"""Folder of the workspace that holds the trained model."""


def version_order(store: Store, version: Resource) -> Json:
    """Write down how a solution version is trained.

    Args:
        store: Of the engine.
        version: With the members that it took from its solution.
    """
    config: dict[str, Any] = version.body.get("solutionConfig", {})
    automl: dict[str, Any] = config.get("autoMLConfig", {})
    listed = [arn.rpartition("/")[2] for arn in automl.get("recipeList", ())]
    spec = None if version.body.get("performAutoML") else spec_of(version)
    solution = store.resources.get(str(version.parent_arn))
    return {
        "sources": describe_group(store, str(version.group_arn)).to_json(),
        "recipes": [spec.name] if spec else listed or list(CANDIDATES),
        "automl_metric": None if spec else automl.get("metricName", JUDGED_BY),
        "search": config.get("hpoConfig", {}) if _searches(version) else None,
        "found": solution.hidden.get("found", {}) if solution else {},
        "event_type": version.body.get("eventType"),
        "config": {} if spec is None else config,
    }


def _searches(version: Resource) -> bool:
    return bool(version.body.get("performHPO") or version.hidden.get("searches"))


def recommender_order(store: Store, recommender: Resource, config: Mapping[str, Any]) -> Json:
    """Write down how a recommender is trained.

    Args:
        store: Of the engine.
        recommender: Whose recipe and group it is.
        config: The ``recommenderConfig`` to train for.
    """
    spec = spec_of(recommender)
    data = config.get("trainingDataConfig")
    return {
        "sources": describe_group(store, str(recommender.group_arn)).to_json(),
        "recipes": [] if spec is None else [spec.name],
        "automl_metric": None,
        "search": None,
        "event_type": None if spec is None else spec.event_type,
        "config": {"trainingDataConfig": data} if data else {},
    }


def train_order(order: Json, workspace: Path, report: Report) -> Json:
    """Load, train, measure and write what an order asks for.

    Returns:
        Recipe, metrics, seconds, tuned hyperparameters and the newest event that was seen.

    Raises:
        JobFailed: The data do not allow it; the text is the failure reason.
    """
    began = time.perf_counter()
    specs = [find_recipe(name) for name in order["recipes"]]
    data = _load(order, specs, report)
    report = _pace(order, specs, data, report)
    try:
        version = _train(order, specs, data, report)
    except (UnfitData, HyperparameterError) as error:
        raise JobFailed(str(error)) from error
    _save(workspace, data, version, report)
    if version.spec.explores:
        new = new_items(GroupSources.from_json(order["sources"]), data.item_ids)
        pq.write_table(new, workspace / MODEL / NEW_ITEMS)
    return {
        "recipe": version.spec.name,
        "metrics": version.metrics,
        "tuned": version.tuned,
        "seconds": time.perf_counter() - began,
        "upto_events": order["sources"]["upto_events"],
    }


def refit_order(order: Json, workspace: Path, report: Report) -> Json:
    """Fit the model of an order again, without measuring it.

    Args:
        order: Of a training, with the path of the model as ``artifact``.
        workspace: Gets the new model.
        report: Told of the stages.

    Raises:
        JobFailed: The data do not suffice any more.
    """
    earlier = load_version(Path(order["artifact"]))
    data = _load(order, [earlier.spec], report)
    report = _pace(order, [earlier.spec], data, report)
    report("train", 0.0)
    request = training_request(order, earlier.spec)
    try:
        version = refit(earlier, data, request, np.random.default_rng(SEED), report)
    except UnfitData as error:
        raise JobFailed(str(error)) from error
    _save(workspace, data, version, report)
    return {"upto_events": order["sources"]["upto_events"]}


def _load(order: Json, specs: list[RecipeSpec], report: Report) -> TrainingData:
    report("loading", 0)
    sources = GroupSources.from_json(order["sources"])
    return load_data(sources, specs, order["event_type"], order["config"])


def _pace(order: Json, specs: list[RecipeSpec], data: TrainingData, report: Report) -> Pace:
    """Shares of the whole; of several recipes that are compared, as if the first was searched."""
    trainings = 0
    if order["search"] is not None:
        trainings = search_request(specs[0], order["search"]).max_trials
    elif len(specs) > 1:
        trainings = DEFAULT_TRIALS * len(specs)
    size = Size(len(data), data.n_users, data.n_items, trainings)
    return Pace(report, expected_costs(specs[0], size))


def _save(workspace: Path, data: TrainingData, version: TrainedVersion, report: Report) -> None:
    report("saving", 0.95)
    folder = workspace / MODEL
    folder.mkdir()
    save_version(folder, data, version)


def load_data(
    sources: GroupSources,
    specs: list[RecipeSpec],
    event_type: str | None,
    config: Mapping[str, Any],
) -> TrainingData:
    """The data of a group that recipes train on.

    Args:
        sources: Of the group.
        specs: The recipes.
        event_type: The only event type to take; None takes all.
        config: A ``solutionConfig``.

    Raises:
        JobFailed: There are no interactions, or columns to choose them by are missing.
    """
    context = any(spec.takes_context for spec in specs)
    columns = interaction_columns(sources, context=context)
    interactions = read_interactions(sources, columns=columns)
    if interactions is None and any("Interactions" in spec.required_datasets for spec in specs):
        raise JobFailed(
            f"Dataset has fewer than {MIN_INTERACTIONS} interactions: the dataset group has none"
        )
    if interactions is not None:
        domain = specs[0].domain is not None
        threshold = config.get("eventValueThreshold")
        interactions = _select(interactions, event_type, threshold, ignore_case=domain)
    items = sources.datasets.get("ITEMS")
    with_actions = any("Actions" in spec.required_datasets for spec in specs)
    actions = read_records(sources, "ACTIONS") if with_actions else None
    return training_data(
        interactions,
        read_records(sources, "ITEMS"),
        without_plain_text(read_records(sources, "USERS"), sources, "USERS"),
        item_schema=items.schema if items else None,
        actions=without_plain_text(actions, sources, "ACTIONS"),
        action_interactions=read_action_interactions(sources) if with_actions else None,
    )


def _select(
    interactions: pa.Table, event_type: str | None, threshold: str | None, *, ignore_case: bool
) -> pa.Table:
    for given, column in ((event_type, Columns.EVENT_TYPE), (threshold, Columns.EVENT_VALUE)):
        if given is not None and column not in interactions.column_names:
            raise JobFailed(
                f"The solution chooses interactions by {column} ({given}), but the Interactions "
                f"dataset has no column {column}"
            )
    least = None if threshold is None else float(threshold)
    return select_events(interactions, event_type, least, ignore_case=ignore_case)


def _train(
    order: Json, specs: list[RecipeSpec], data: TrainingData, report: Report
) -> TrainedVersion:
    rng = np.random.default_rng(SEED)
    if order["automl_metric"] is not None:
        return train_best(specs, data, order["automl_metric"], rng, report)
    return train_recipe(specs[0], data, training_request(order, specs[0]), rng, report)


def training_request(order: Json, spec: RecipeSpec) -> TrainingRequest:
    """What an order asks of the training of one recipe."""
    config: dict[str, Any] = order["config"]
    columns: dict[str, Any] = config.get("trainingDataConfig", {})
    search: dict[str, Any] | None = order["search"]
    return TrainingRequest(
        hyperparameters=config.get("algorithmHyperParameters", {}),
        featurization=config.get("featureTransformationParameters", {}),
        event_type=order["event_type"],
        event_weights=_event_weights(config),
        objective=_objective(config),
        excluded_columns=columns.get("excludedDatasetColumns", {}),
        included_columns=columns.get("includedDatasetColumns", {}),
        search=None if search is None else search_request(spec, search),
        found=order.get("found", {}),
    )


def _event_weights(config: Mapping[str, Any]) -> tuple[EventWeight, ...]:
    entries = config.get("eventsConfig", {}).get("eventParametersList", ())
    return tuple(
        EventWeight(
            event_type=entry["eventType"],
            weight=entry.get("weight", 1.0),
            threshold=entry.get("eventValueThreshold"),
        )
        for entry in entries
    )


def _objective(config: Mapping[str, Any]) -> Objective | None:
    given = config.get("optimizationObjective", {})
    if given.get("objectiveSensitivity", "OFF") == "OFF":
        return None
    return Objective(given["itemAttribute"], given["objectiveSensitivity"])
