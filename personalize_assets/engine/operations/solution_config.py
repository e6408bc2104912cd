"""What a solution or a recommender may ask of its recipe: the checks of their configurations.

Each check names the recipe and what it takes. Columns are checked against the datasets that a group
has by then; others may come later. Knows no answers.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final

from personalize_assets.core.columns import Columns
from personalize_assets.core.names import MAX_TRAINING_DAYS, MIN_TRAINING_DAYS
from personalize_assets.core.schema_rules import DatasetType
from personalize_assets.core.schemas import NUMBERS, Schema, SchemaError, parse_dataset_type
from personalize_assets.engine.data import describe_group
from personalize_assets.engine.errors import InvalidInput
from personalize_assets.engine.jobs.auto_train import days_of
from personalize_assets.engine.jobs.versions import INCREMENTAL
from personalize_assets.engine.operations.access import Request
from personalize_assets.engine.operations.solution_search import check_search
from personalize_assets.engine.store import Resource, Store
from personalize_assets.recipes.hyperparameters import HyperparameterError, parse_hyperparameters
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.spec import RecipeSpec

Schemas = Mapping[DatasetType, Schema]

_WITH_EVENTS: Final = frozenset(spec.name for spec in RECIPES.values() if spec.weighs_events)
_WITH_OBJECTIVE: Final = frozenset(spec.name for spec in RECIPES.values() if spec.takes_objective)
_NEVER_EXCLUDED: Final = frozenset(
    {
        Columns.USER_ID,
        Columns.ITEM_ID,
        Columns.TIMESTAMP,
        Columns.EVENT_TYPE,
        "ACTION_ID",
    }
)


def schemas_of(store: Store, group: Resource) -> Schemas:
    """The schemas of the datasets that a group has by now, by type."""
    datasets = describe_group(store, group.arn, live=True).datasets
    return {name: source.schema for name, source in datasets.items()}


def check_choice_of_recipe(request: Request) -> None:
    """A solution names its recipe, or leaves the choice to AutoML.

    Raises:
        InvalidInput: Both or neither.
    """
    automatic = request.get("performAutoML", False)
    if automatic and "recipeArn" in request:
        raise InvalidInput("Give either recipeArn or performAutoML=true, not both")
    if not automatic and "recipeArn" not in request:
        raise InvalidInput("recipeArn is required unless performAutoML is true")


def check_recipe(spec: RecipeSpec) -> None:
    """A solution needs a recipe that is no use case of a domain.

    Raises:
        InvalidInput: It is one.
    """
    if spec.domain is not None:
        raise InvalidInput(
            f"{spec.name} is a use case of the domain {spec.domain}; it is for CreateRecommender, "
            "not for solutions"
        )
    if not spec.trainable:
        raise InvalidInput(f"{spec.name} does not train in this engine")


def check_options(spec: RecipeSpec, request: Request, schemas: Schemas) -> None:
    """Check everything in a CreateSolution request that depends on the recipe.

    Args:
        spec: The recipe.
        request: Of CreateSolution.
        schemas: Of the datasets that the group has.

    Raises:
        InvalidInput: The recipe does not take it, or the value is not possible; the message says
            which.
    """
    config = request.get("solutionConfig", {})
    check_search(spec, request)
    check_incremental(spec, request)
    for member, options in (
        ("algorithmHyperParameters", spec.config),
        ("featureTransformationParameters", spec.featurization),
    ):
        try:
            parse_hyperparameters(options, config.get(member, {}))
        except HyperparameterError as error:
            raise InvalidInput(f"solutionConfig.{member}: {error}") from error
    if "eventsConfig" in config:
        check_events(spec, config["eventsConfig"], {**request, **config})
    _check_objective(spec, config, schemas)
    _check_threshold(config)
    check_columns("solutionConfig.trainingDataConfig", config.get("trainingDataConfig"), schemas)
    check_schedule(config.get("autoTrainingConfig"), "solutionConfig")


def check_incremental(spec: RecipeSpec, request: Request) -> None:
    """Check ``performIncrementalUpdate``.

    Raises:
        InvalidInput: The recipe has no incremental updates.
    """
    if request.get("performIncrementalUpdate") and spec.name not in INCREMENTAL:
        raise InvalidInput(f"{spec.name} has no incremental updates; aws-semantic-similarity has")


def check_events(spec: RecipeSpec, config: Request, beside: Request) -> None:
    """Check an ``eventsConfig``.

    Args:
        spec: The recipe.
        config: The ``eventsConfig``.
        beside: Members of the solution and of its configuration.

    Raises:
        InvalidInput: The recipe takes none, another member chooses events already, or an event
            type is missing, given twice, or none has a weight.
    """
    if spec.name not in _WITH_EVENTS:
        raise InvalidInput(
            f"{spec.name} does not take eventsConfig; {' and '.join(sorted(_WITH_EVENTS))} do"
        )
    for other in ("eventType", "eventValueThreshold"):
        if other in beside:
            raise InvalidInput(f"Give either eventsConfig or {other}, not both")
    entries: Sequence[Request] = config.get("eventParametersList", ())
    types = [entry.get("eventType") for entry in entries]
    where = "eventsConfig.eventParametersList"
    if not types or not all(types):
        raise InvalidInput(f"{where} must have at least one entry, and each an eventType")
    if len(set(types)) < len(types):
        twice = next(kind for kind in types if types.count(kind) > 1)
        raise InvalidInput(f"{where}: eventType {twice!r} is given twice")
    if not any(entry.get("weight", 1.0) > 0 for entry in entries):
        raise InvalidInput(f"{where}: at least one weight must be above 0")


def check_schedule(config: Request | None, where: str) -> None:
    """Check the expression of an ``autoTrainingConfig``.

    Raises:
        InvalidInput: It is out of bounds.
    """
    expression = (config or {}).get("schedulingExpression")
    if expression is None:
        return
    if not MIN_TRAINING_DAYS <= days_of(expression) <= MAX_TRAINING_DAYS:
        raise InvalidInput(
            f"{where}.autoTrainingConfig.schedulingExpression must be from "
            f"rate({MIN_TRAINING_DAYS} day) to rate({MAX_TRAINING_DAYS} days), got {expression}"
        )


def check_columns(where: str, config: Request | None, schemas: Schemas) -> None:
    """Check a ``trainingDataConfig``.

    Raises:
        InvalidInput: A dataset type or column does not exist, or may not be left out.
    """
    for member in ("excludedDatasetColumns", "includedDatasetColumns"):
        given: Mapping[str, Sequence[str]] = (config or {}).get(member, {})
        for name, columns in given.items():
            place = f"{where}.{member}"
            try:
                dataset_type = parse_dataset_type(name)
            except SchemaError as error:
                raise InvalidInput(f"{place}: {error}") from error
            schema = schemas.get(dataset_type)
            for column in columns:
                if member == "excludedDatasetColumns" and column.upper() in _NEVER_EXCLUDED:
                    raise InvalidInput(f"{place}: {column.upper()} cannot be excluded")
                if schema is not None and schema.field(column) is None:
                    raise InvalidInput(
                        f"{place}: the {dataset_type} dataset has no column {column}; it has "
                        f"{', '.join(schema.columns)}"
                    )


def _check_objective(spec: RecipeSpec, config: Request, schemas: Schemas) -> None:
    if "optimizationObjective" not in config:
        return
    if spec.name not in _WITH_OBJECTIVE:
        raise InvalidInput(
            f"{spec.name} does not take optimizationObjective; "
            f"{' and '.join(sorted(_WITH_OBJECTIVE))} do"
        )
    objective = config["optimizationObjective"]
    if objective.get("objectiveSensitivity", "OFF") == "OFF":
        return
    where = "solutionConfig.optimizationObjective.itemAttribute"
    attribute = objective.get("itemAttribute")
    if attribute is None:
        raise InvalidInput(f"{where} is required unless objectiveSensitivity is OFF")
    if "ITEMS" not in schemas:
        return
    field = schemas["ITEMS"].field(attribute)
    if field is None or field.type not in NUMBERS:
        raise InvalidInput(
            f"{where} must be a column of the ITEMS dataset that holds numbers, got {attribute!r}"
        )


def _check_threshold(config: Request) -> None:
    threshold = config.get("eventValueThreshold")
    if threshold is None:
        return
    try:
        finite = math.isfinite(float(threshold))
    except ValueError:
        finite = False
    if not finite:
        raise InvalidInput(
            f"solutionConfig.eventValueThreshold must be a number as a string, got {threshold!r}"
        )
