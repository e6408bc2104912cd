"""Options of recipes, declared once as pydantic fields and read for every other purpose.

Turns the strings of the wire into checked values and back, and lists names, bounds and defaults
for descriptions. Knows nothing of any one recipe.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

Kind = Literal["integer", "continuous", "categorical"]
ConfigT = TypeVar("ConfigT", bound=BaseModel)


class HyperparameterError(ValueError):
    """An option has an unknown name or a value that it cannot take."""


class Options(BaseModel):
    """Base of every recipe's options: immutable, and no unknown name passes."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class NoOptions(Options):
    """The options of a recipe that has none."""


@dataclass(frozen=True)
class Hyperparameter:
    """One option as descriptions show it.

    Attributes:
        name: As on the wire.
        kind: The list of DescribeAlgorithm it belongs to.
        default: As a string of the wire.
        low: Smallest value; None for categories.
        high: Largest value; None for categories.
        values: The categories; empty for numbers.
        tunable: Whether hyperparameter optimization may search it.
        only_tuned: Whether it cannot be set, only searched.
        description: What it does here.
    """

    name: str
    kind: Kind
    default: str
    low: float | None
    high: float | None
    values: tuple[str, ...]
    tunable: bool
    only_tuned: bool
    description: str


def option(
    default: Any,
    description: str,
    *,
    low: float | None = None,
    high: float | None = None,
    tunable: bool = False,
    only_tuned: bool = False,
) -> Any:
    """Declare one option of a recipe as a field of its ``Options`` class.

    Args:
        default: Value where none is given.
        description: What the option does here, one sentence.
        low: Smallest value, itself allowed.
        high: Largest value, itself allowed.
        tunable: Whether hyperparameter optimization may search it.
        only_tuned: Whether it cannot be set, only searched.
    """
    extra: dict[str, Any] = {"tunable": tunable, "only_tuned": only_tuned, "low": low, "high": high}
    return Field(default=default, ge=low, le=high, description=description, json_schema_extra=extra)


def format_value(value: object) -> str:
    """Write a value as the wire does: ``True``, ``149``, ``0.5``."""
    return str(value)


def hyperparameters(options: type[BaseModel]) -> list[Hyperparameter]:
    """List the options of a class in the order of their declaration."""
    return [_describe(name, field) for name, field in options.model_fields.items()]


def default_hyperparameters(options: type[BaseModel]) -> dict[str, str]:
    """Names and defaults, as strings of the wire."""
    return {parameter.name: parameter.default for parameter in hyperparameters(options)}


def parse_hyperparameters(options: type[ConfigT], given: Mapping[str, str]) -> ConfigT:
    """Turn strings of the wire into a checked set of options; what is not given has its default.

    Args:
        options: The ``config`` or ``featurization`` class of a recipe.
        given: Names and values, as in ``solutionConfig``.

    Raises:
        HyperparameterError: A name is unknown, or a value is of another type or out of bounds. The
            message names the option, the value and what is allowed.
    """
    known = {parameter.name: parameter for parameter in hyperparameters(options)}
    for name in given:
        if name not in known:
            allowed = ", ".join(known) or "none"
            raise HyperparameterError(
                f"unknown hyperparameter {name!r}; this recipe has: {allowed}"
            )
        if known[name].only_tuned:
            raise HyperparameterError(
                f"hyperparameter {name!r} cannot be set, only searched by performHPO"
            )
    try:
        return options.model_validate(dict(given))
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        raise HyperparameterError(
            f"hyperparameter {name!r} must be {_allowed(known[name])}, got {given[name]!r}"
        ) from None


def _describe(name: str, field: FieldInfo) -> Hyperparameter:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    kind, values = _kind(field)
    low, high = extra.get("low"), extra.get("high")
    return Hyperparameter(
        name=name,
        kind=kind,
        default=format_value(field.default),
        low=low if isinstance(low, int | float) else None,
        high=high if isinstance(high, int | float) else None,
        values=values,
        tunable=bool(extra.get("tunable")),
        only_tuned=bool(extra.get("only_tuned")),
        description=field.description or "",
    )


def _kind(field: FieldInfo) -> tuple[Kind, tuple[str, ...]]:
    annotation: Any = field.annotation
    if annotation is bool:
        return "categorical", ("True", "False")
    if annotation is int:
        return "integer", ()
    if annotation is float:
        return "continuous", ()
    return "categorical", tuple(str(value) for value in annotation.__args__)


def _allowed(parameter: Hyperparameter) -> str:
    if parameter.kind == "categorical":
        return "one of " + ", ".join(parameter.values)
    noun = "a whole number" if parameter.kind == "integer" else "a number"
    if parameter.low is not None and parameter.high is not None:
        return f"{noun} from {parameter.low} to {parameter.high}"
    return noun if parameter.low is None else f"{noun} of at least {parameter.low}"
