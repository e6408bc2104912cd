"""`hpoConfig`: which hyperparameters are searched, within which ranges, and how long."""

from collections.abc import Sequence
from typing import Annotated, Any

import dagster as dg
from pydantic import Field

from personalize_assets.components.attributes.texts import ListsByName
from personalize_assets.recipes.hyperparameters import Hyperparameter, hyperparameters
from personalize_assets.recipes.spec import RecipeSpec

_LISTS = {
    "integer": "integerHyperParameterRanges",
    "continuous": "continuousHyperParameterRanges",
    "categorical": "categoricalHyperParameterRanges",
}


class HyperparameterSearch(dg.Model, dg.Resolvable):
    """A search over hyperparameters in every training."""

    ranges: ListsByName = Field(default_factory=dict)
    """By name the smallest and the largest value, or for categories the values; the service's own
    where left out."""

    max_training_jobs: Annotated[int, Field(ge=1, le=40)] | None = None
    """Trainings at the most; the service's own number when left out."""

    max_parallel_training_jobs: Annotated[int, Field(ge=1, le=10)] | None = None
    """Trainings at the same time."""

    def as_config(self, spec: RecipeSpec) -> dict[str, Any]:
        """As CreateSolution takes it."""
        known = {item.name: item for item in hyperparameters(spec.config)}
        lists: dict[str, list[dict[str, Any]]] = {name: [] for name in _LISTS.values()}
        for name, values in self.ranges.items():
            lists[_LISTS[known[name].kind]].append(_as_range(known[name], values))
        jobs = {
            "maxNumberOfTrainingJobs": self.max_training_jobs,
            "maxParallelTrainingJobs": self.max_parallel_training_jobs,
        }
        given = {name: str(most) for name, most in jobs.items() if most is not None}
        config: dict[str, Any] = {"hpoResourceConfig": given} if given else {}
        return {**config, "algorithmHyperParameterRanges": lists} if self.ranges else config

    def check(self, spec: RecipeSpec, where: str) -> None:
        """Refuse what the recipe cannot search.

        Args:
            spec: The recipe, one that has a search.
            where: Place in the file, for messages.

        Raises:
            ValueError: A name is not tunable, or a range is not within the recipe's bounds.
        """
        tunable = {item.name: item for item in hyperparameters(spec.config) if item.tunable}
        for name, values in self.ranges.items():
            if name not in tunable:
                raise ValueError(
                    f"{where}.ranges: {spec.name} can search {', '.join(tunable)}, got {name!r}"
                )
            _check_range(tunable[name], values, f"{where}.ranges.{name}")


def _as_range(parameter: Hyperparameter, values: Sequence[str]) -> dict[str, Any]:
    if parameter.kind == "categorical":
        return {"name": parameter.name, "values": list(values)}
    number = int if parameter.kind == "integer" else float
    low, high = values
    return {"name": parameter.name, "minValue": number(low), "maxValue": number(high)}


def _check_range(parameter: Hyperparameter, values: Sequence[str], where: str) -> None:
    if parameter.kind == "categorical":
        if not values or not set(values) <= set(parameter.values):
            raise ValueError(
                f"{where} may hold {', '.join(parameter.values)}, got "
                f"{', '.join(values) or 'nothing'}"
            )
        return
    number = int if parameter.kind == "integer" else float
    try:
        low, high = map(number, values)
    except ValueError:
        what = "two whole numbers" if number is int else "two numbers"
        raise ValueError(f"{where} must be {what}, got {', '.join(values)}") from None
    lowest, highest = parameter.low, parameter.high
    if lowest is None or highest is None:
        return
    if not lowest <= low <= high <= highest:
        raise ValueError(
            f"{where} must lie within {lowest:g} and {highest:g}, the smaller value first, got "
            f"{low:g} and {high:g}"
        )
