"""What a solution may ask of its recipe: the checks of CreateSolution.

Each check names the recipe and what it takes. Knows neither the store nor answers.
"""

import math
from typing import Any, Final

from personalize_assets.core.names import MAX_TRAINING_DAYS, MIN_TRAINING_DAYS
from personalize_assets.engine.errors import InvalidInput
from personalize_assets.engine.operations.access import Request
from personalize_assets.recipes.hyperparameters import HyperparameterError, parse_hyperparameters
from personalize_assets.recipes.spec import RecipeSpec

_WITH_EVENTS: Final = frozenset({"aws-user-personalization-v2", "aws-personalized-ranking-v2"})
_WITH_OBJECTIVE: Final = frozenset({"aws-user-personalization", "aws-personalized-ranking"})
_INCREMENTAL: Final = frozenset({"aws-semantic-similarity"})


def check_choice_of_recipe(request: Request) -> None:
    """A solution names its recipe, or leaves the choice to AutoML.

    Raises:
        InvalidInput: Both, neither, or AutoML, which is not built yet.
    """
    automatic = request.get("performAutoML", False)
    if automatic and "recipeArn" in request:
        raise InvalidInput("Give either recipeArn or performAutoML=true, not both")
    if automatic:
        raise InvalidInput(
            "performAutoML is not built into this engine yet (and AWS advises against it): give "
            "recipeArn instead"
        )
    if "recipeArn" not in request:
        raise InvalidInput("recipeArn is required unless performAutoML is true")


def check_recipe(spec: RecipeSpec, trainable: list[str]) -> None:
    """A solution needs a recipe that is no use case of a domain and that trains here.

    Raises:
        InvalidInput: It is not.
    """
    if spec.domain is not None:
        raise InvalidInput(
            f"{spec.name} is a use case of the domain {spec.domain}; it is for CreateRecommender, "
            "not for solutions"
        )
    if not spec.trainable:
        raise InvalidInput(
            f"{spec.name} is not built into this engine yet; recipes that train here: "
            f"{', '.join(trainable)}"
        )


def check_options(spec: RecipeSpec, request: Request) -> None:
    """Check everything in a CreateSolution request that depends on the recipe.

    Raises:
        InvalidInput: The recipe does not take it, the value is not possible, or it is not built
            yet; the message says which.
    """
    config = request.get("solutionConfig", {})
    _check_search(spec, request, config)
    if request.get("performIncrementalUpdate") and spec.name not in _INCREMENTAL:
        raise InvalidInput(f"{spec.name} has no incremental updates; aws-semantic-similarity has")
    for member, options in (
        ("algorithmHyperParameters", spec.config),
        ("featureTransformationParameters", spec.featurization),
    ):
        try:
            parse_hyperparameters(options, config.get(member, {}))
        except HyperparameterError as error:
            raise InvalidInput(f"solutionConfig.{member}: {error}") from error
    if "eventsConfig" in config and spec.name not in _WITH_EVENTS:
        raise InvalidInput(
            f"{spec.name} does not take eventsConfig; {' and '.join(sorted(_WITH_EVENTS))} do"
        )
    _check_objective(spec, config)
    _check_threshold(config)
    _check_columns(config)
    _check_schedule(config)


def _check_search(spec: RecipeSpec, request: Request, config: Request) -> None:
    if not request.get("performHPO", False):
        return
    if not spec.hpo:
        raise InvalidInput(f"{spec.name} has no hyperparameter optimization (performHPO)")
    raise InvalidInput(
        "performHPO is not built into this engine yet: give fixed algorithmHyperParameters instead"
    )


def _check_objective(spec: RecipeSpec, config: Request) -> None:
    if "optimizationObjective" not in config:
        return
    if spec.name not in _WITH_OBJECTIVE:
        raise InvalidInput(
            f"{spec.name} does not take optimizationObjective; "
            f"{' and '.join(sorted(_WITH_OBJECTIVE))} do"
        )
    if config["optimizationObjective"].get("objectiveSensitivity", "OFF") != "OFF":
        raise InvalidInput(
            "optimizationObjective is not built into this engine yet: leave it out, or set "
            "objectiveSensitivity to OFF"
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


def _check_columns(config: Request) -> None:
    data: dict[str, Any] = config.get("trainingDataConfig", {})
    excluded: dict[str, list[str]] = data.get("excludedDatasetColumns", {})
    for columns in excluded.values():
        if "EVENT_TYPE" in (column.upper() for column in columns):
            raise InvalidInput(
                "solutionConfig.trainingDataConfig.excludedDatasetColumns: EVENT_TYPE cannot be "
                "excluded"
            )


def _check_schedule(config: Request) -> None:
    expression = config.get("autoTrainingConfig", {}).get("schedulingExpression")
    if expression is None:
        return
    days = int("".join(character for character in expression if character.isdigit()))
    if not MIN_TRAINING_DAYS <= days <= MAX_TRAINING_DAYS:
        raise InvalidInput(
            "solutionConfig.autoTrainingConfig.schedulingExpression must be from "
            f"rate({MIN_TRAINING_DAYS} day) to rate({MAX_TRAINING_DAYS} days), got {expression}"
        )
