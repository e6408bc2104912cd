"""Values against botocore's model, with all that the model says; and values told as shapes.

botocore's own client checks required members, types and minima of requests alone. Here
enumerations, patterns and maxima count as well, and members that the model does not know. Written
from botocore's classes, not from ours: the engine's validation is one of the things on trial.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from botocore.model import Shape

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "double": (int, float),
    "float": (int, float),
    "timestamp": (datetime, int, float),
    "structure": dict,
    "map": dict,
    "list": list,
}
_NUMBERS = ("integer", "long", "double", "float")


def complaints(shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """Say what of ``value`` the model does not allow, each with the path to it."""
    kind = shape.type_name
    expected = _TYPES[kind]
    if not isinstance(value, expected) or (isinstance(value, bool) and kind != "boolean"):
        yield f"{path or 'value'} is {type(value).__name__}, expected {kind}"
        return
    yield from (f"{path} {broken}, got {value!r}" for broken in _broken(shape, value))
    if kind == "structure":
        yield from _of_structure(shape, value, path)
    elif kind == "list":
        for number, member in enumerate(value):
            yield from complaints(shape.member, member, f"{path}[{number}]")
    elif kind == "map":
        for key, member in value.items():
            yield from complaints(shape.key, key, f"{path} key")
            yield from complaints(shape.value, member, f"{path}.{key}")


def _of_structure(shape: Shape, value: Mapping[str, Any], path: str) -> Iterator[str]:
    for name in shape.required_members:
        if name not in value:
            yield f"{path}.{name} is missing"
    for name, member in value.items():
        if name not in shape.members:
            yield f"{path}.{name} is not in the model"
        else:
            yield from complaints(shape.members[name], member, f"{path}.{name}")


def _broken(shape: Shape, value: Any) -> Iterator[str]:
    """Constraints that the value itself breaks."""
    limits = shape.metadata
    if shape.type_name in ("string", "list", "map", *_NUMBERS):
        size = value if shape.type_name in _NUMBERS else len(value)
        if "min" in limits and size < limits["min"]:
            yield f"is below {limits['min']}"
        if "max" in limits and size > limits["max"]:
            yield f"is above {limits['max']}"
    if "enum" in limits and value not in limits["enum"]:
        yield f"is none of {', '.join(limits['enum'])}"
    pattern = limits.get("pattern")
    if pattern is not None and not _compiled(pattern).fullmatch(value):
        yield f"does not match {pattern}"


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    text = pattern.replace(r"\p{ASCII}", r"[\x00-\x7F]")
    if r"\p{L}" in text:  # tags: the only class of its kind
        text = r"^[\w\s.:/=+\-@]*$"
    return re.compile(text, re.DOTALL)


def shape_of(shape: Shape | None, value: Any) -> dict[str, str]:
    """Tell a request or an answer as paths and types, and the keys of maps as `*`.

    Args:
        shape: Its shape in the model; None where there is none.
        value: As boto3 takes or gives it.
    """
    found = dict(_with_maps(shape, value, ""))
    found.pop("", None)
    return dict(sorted(found.items()))


def _with_maps(shape: Shape | None, value: Any, path: str) -> Iterator[tuple[str, str]]:
    kind = None if shape is None else shape.type_name
    if kind == "structure":
        yield path, "object"
        for name, member in value.items():
            if name in shape.members:  # type: ignore[union-attr]
                inner = f"{path}.{name}" if path else name
                yield from _with_maps(shape.members[name], member, inner)  # type: ignore[union-attr]
    elif kind == "map":
        yield path, "map"
        for member in value.values():
            yield from _with_maps(shape.value, member, f"{path}.*")  # type: ignore[union-attr]
    elif kind == "list":
        yield path, "list"
        for member in value:
            yield from _with_maps(shape.member, member, f"{path}[]")  # type: ignore[union-attr]
    else:
        yield path, _type_of(value)


def _type_of(value: Any) -> str:
    names = {bool: "boolean", int: "number", float: "number", str: "string", datetime: "timestamp"}
    return names.get(type(value), type(value).__name__)
