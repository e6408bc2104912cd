"""What a solution may ask of the search for options and recipes: the checks of HPO and AutoML.

Also how such requests are shown and kept. Knows neither the store nor how a search is done.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from personalize_assets.core.arns import Kind
from personalize_assets.engine.errors import InvalidInput
from personalize_assets.engine.jobs.automl import CANDIDATES, is_candidate
from personalize_assets.engine.jobs.search_request import plain_name, shown_name
from personalize_assets.engine.operations.access import Request, parse
from personalize_assets.engine.operations.recipes import find_recipe
from personalize_assets.recipes.hyperparameters import Hyperparameter, hyperparameters
from personalize_assets.recipes.spec import RecipeSpec

_MOST_JOBS: Final = {"maxNumberOfTrainingJobs": 40, "maxParallelTrainingJobs": 10}  # limits.html
_LISTS: Final = {
    "integerHyperParameterRanges": "integer",
    "continuousHyperParameterRanges": "continuous",
    "categoricalHyperParameterRanges": "categorical",
}
_METRICS: Final = (
    "coverage",
    "mean_reciprocal_rank_at_25",
    "normalized_discounted_cumulative_gain_at_5",
    "normalized_discounted_cumulative_gain_at_10",
    "normalized_discounted_cumulative_gain_at_25",
    "precision_at_5",
    "precision_at_10",
    "precision_at_25",
)


def check_search(spec: RecipeSpec, request: Request) -> None:
    """Check ``performHPO`` and ``hpoConfig``; the latter also where no search is asked for.

    Raises:
        InvalidInput: The recipe has no search, or a number or range is not possible.
    """
    if request.get("performHPO", False) and not spec.hpo:
        raise InvalidInput(f"{spec.name} has no hyperparameter optimization (performHPO)")
    config = request.get("solutionConfig", {}).get("hpoConfig")
    if config is None:
        return
    if not spec.hpo:
        raise InvalidInput(f"{spec.name} has no hyperparameter optimization (hpoConfig)")
    if "hpoObjective" in config:
        raise InvalidInput(
            "solutionConfig.hpoConfig.hpoObjective is not supported by Amazon Personalize"
        )
    _check_resources(config.get("hpoResourceConfig", {}))
    known = {item.name: item for item in hyperparameters(spec.config)}
    seen: set[str] = set()
    for member, kind in _LISTS.items():
        for given in config.get("algorithmHyperParameterRanges", {}).get(member, ()):
            where = f"solutionConfig.hpoConfig.algorithmHyperParameterRanges.{member}"
            parameter = _tunable(spec, known, given, where)
            if parameter.name in seen:
                raise InvalidInput(f"{where}: {parameter.name!r} is given twice")
            seen.add(parameter.name)
            if parameter.kind != kind:
                raise InvalidInput(f"{where}: {parameter.name!r} is {parameter.kind}, not {kind}")
            _check_range(parameter, given, where)


def shown_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """A ``solutionConfig`` as it is kept and shown: ranges of a search under their full names."""
    ranges = config.get("hpoConfig", {}).get("algorithmHyperParameterRanges")
    if ranges is None:
        return dict(config)
    renamed = {
        member: [{**item, "name": shown_name(item["name"])} for item in items]
        for member, items in ranges.items()
    }
    return {
        **config,
        "hpoConfig": {**config["hpoConfig"], "algorithmHyperParameterRanges": renamed},
    }


def check_automl(request: Request) -> None:
    """Check ``autoMLConfig``, the only configuration that counts when AutoML chooses the recipe.

    Raises:
        InvalidInput: A recipe cannot be compared with the others, or the metric is none.
        ResourceNotFound: A recipe does not exist.
    """
    config = request.get("solutionConfig", {}).get("autoMLConfig", {})
    metric = config.get("metricName")
    if metric is not None and metric not in _METRICS:
        raise InvalidInput(
            f"solutionConfig.autoMLConfig.metricName must be one of {', '.join(_METRICS)}, got "
            f"{metric!r}"
        )
    listed: Sequence[str] | None = config.get("recipeList")
    if listed is not None and not listed:
        raise InvalidInput("solutionConfig.autoMLConfig.recipeList must name at least one recipe")
    for arn in listed or ():
        parse(arn, Kind.RECIPE)
        if not is_candidate(find_recipe(arn)):
            raise InvalidInput(
                "solutionConfig.autoMLConfig.recipeList may hold recipes that recommend items to "
                f"users ({', '.join(CANDIDATES)}), got {arn}"
            )


def _check_resources(resources: Mapping[str, str]) -> None:
    for member, most in _MOST_JOBS.items():
        text = resources.get(member)
        if text is not None and not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
            raise InvalidInput(
                f"solutionConfig.hpoConfig.hpoResourceConfig.{member} must be a whole number from "
                f"1 to {most} as a string, got {text!r}"
            )


def _tunable(
    spec: RecipeSpec, known: Mapping[str, Hyperparameter], given: Request, where: str
) -> Hyperparameter:
    parameter = known.get(plain_name(given.get("name", "")))
    if parameter is None or not parameter.tunable:
        names = ", ".join(item.name for item in known.values() if item.tunable)
        raise InvalidInput(f"{where}: {spec.name} can search {names}, got {given.get('name')!r}")
    return parameter


def _check_range(parameter: Hyperparameter, given: Request, where: str) -> None:
    if parameter.kind == "categorical":
        values = given.get("values", ())
        if not values or not set(values) <= set(parameter.values):
            raise InvalidInput(
                f"{where}: the values of {parameter.name!r} must be from "
                f"{', '.join(parameter.values)}, got {', '.join(values) or 'none'}"
            )
        return
    low, high = given.get("minValue", parameter.low), given.get("maxValue", parameter.high)
    lowest, highest = parameter.low, parameter.high
    if lowest is None or highest is None:
        return
    if not lowest <= low <= high <= highest:
        raise InvalidInput(
            f"{where}: the range of {parameter.name!r} must lie within {lowest} and {highest} with "
            f"minValue <= maxValue, got {low} to {high}"
        )
