"""From the JSON body to Python values of the types that the model declares.

The mirror of ``botocore.serialize`` for the two protocols in use, whose bodies are alike. Members
that the model does not know are ignored and null means absent, as with AWS. Types are checked here,
bounds and patterns are not.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from math import isfinite
from typing import Any, NoReturn, cast

from personalize_assets.engine.errors import SerializationFailure
from personalize_assets.engine.wire.shapes import Kind, Shape
from personalize_assets.engine.wire.violations import Violation, join, refuse

_INT32 = 2**31


def parse(shape: Shape, body: bytes) -> dict[str, Any]:
    """Read a request body.

    Args:
        shape: Input structure of the operation.
        body: JSON in UTF-8; nothing at all is the empty object.

    Returns:
        The known members: str, int, float, bool, list, dict and aware UTC datetime.

    Raises:
        SerializationFailure: ``body`` is not a JSON object.
        InvalidInput: Members have other types than the model says; all of them are named.
    """
    document = _load(body)
    if not isinstance(document, dict):
        raise SerializationFailure("The request body must be a JSON object in UTF-8")
    violations: list[Violation] = []
    parameters = _convert(shape, document, "", violations)
    refuse(violations)
    return cast("dict[str, Any]", parameters)


def _load(body: bytes) -> object:
    if not body.strip():
        return {}
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise SerializationFailure(f"The request body is not JSON in UTF-8: {error}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _convert(shape: Shape, value: Any, path: str, violations: list[Violation]) -> Any:
    if value is None:  # within a list or a map; validation says that it must not be
        return None
    container = _CONTAINERS.get(shape.kind)
    if container is not None:
        kind, wanted, read = container
        if isinstance(value, kind):
            return read(shape, value, path, violations)
    else:
        wanted, read_scalar = _SCALARS[shape.kind]
        result = read_scalar(value)
        if result is not None:
            return result
    violations.append(Violation(path, value, f"Member must be {wanted}", shape.sensitive))
    return None


def _structure(
    shape: Shape, value: dict[str, Any], path: str, violations: list[Violation]
) -> dict[str, Any]:
    return {
        name: _convert(member, value[name], join(path, name), violations)
        for name, member in shape.members.items()
        if value.get(name) is not None
    }


def _list(shape: Shape, value: list[Any], path: str, violations: list[Violation]) -> list[Any]:
    assert shape.element is not None
    return [
        _convert(shape.element, each, f"{path}.{position}.member", violations)
        for position, each in enumerate(value, start=1)
    ]


def _map(
    shape: Shape, value: dict[str, Any], path: str, violations: list[Violation]
) -> dict[str, Any]:
    assert shape.key is not None
    assert shape.element is not None
    return {
        _convert(shape.key, key, path, violations): _convert(
            shape.element, each, f"{path}.{key}.member", violations
        )
        for key, each in value.items()
    }


def _string(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    # JSON can spell half of a surrogate pair, which is no character and cannot be stored.
    if not value.isascii() and any("\ud800" <= each <= "\udfff" for each in value):
        return None
    return value


def _integer(value: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and -_INT32 <= value < _INT32:
        return value
    return None


def _float(value: Any) -> float | None:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if isfinite(number) else None


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _timestamp(value: Any) -> datetime | None:
    number = _float(value)
    if number is None:
        return None
    try:
        return datetime.fromtimestamp(number, UTC)
    except (ValueError, OverflowError, OSError):
        return None


_Container = Callable[[Shape, Any, str, list[Violation]], Any]

_CONTAINERS: dict[Kind, tuple[type, str, _Container]] = {
    "structure": (dict, "a structure", _structure),
    "list": (list, "a list", _list),
    "map": (dict, "a map", _map),
}
_SCALARS: dict[Kind, tuple[str, Callable[[Any], Any]]] = {
    "string": ("a string of Unicode characters", _string),
    "integer": ("an integer of 32 bits", _integer),
    "float": ("a finite number", _float),
    "double": ("a finite number", _float),
    "boolean": ("true or false", _boolean),
    "timestamp": ("a moment in seconds since 1970-01-01T00:00:00Z", _timestamp),
}
