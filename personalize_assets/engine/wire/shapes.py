"""The shapes of a service model: what a value may be, without saying what it is for.

Compiled once from the JSON of botocore's models into values that are quick to walk.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal[
    "structure", "list", "map", "string", "integer", "float", "double", "boolean",
    "timestamp",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """One type of the model with its constraints.

    Attributes:
        name: As in the model, for example ``TagList``.
        kind: The type.
        minimum: Lower bound of a number, of the length of a string, list or map; None if unbound.
        maximum: Upper bound, likewise.
        pattern: Regular expression in Java's dialect that the whole string must match.
        enum: The only values that a string may have; empty if any.
        sensitive: Values must not be repeated in messages.
        members: Of a structure, by name, in the order of the model.
        required: Names of the members that a structure must have.
        key: Of a map.
        element: Of a list, or the values of a map.
    """

    name: str
    kind: Kind
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    enum: tuple[str, ...] = ()
    sensitive: bool = False
    members: Mapping[str, "Shape"] = field(default_factory=dict[str, "Shape"])
    required: frozenset[str] = frozenset()
    key: "Shape | None" = None
    element: "Shape | None" = None


def compile_shape(shapes: Mapping[str, Any], name: str) -> Shape:
    """Compile the shape ``name`` and all that it consists of.

    Args:
        shapes: The ``shapes`` of a ``service-2.json``. None of them contains itself.
        name: Which one.
    """
    raw = shapes[name]
    element = raw.get("member") or raw.get("value")
    return Shape(
        name=name,
        kind=raw["type"],
        minimum=raw.get("min"),
        maximum=raw.get("max"),
        pattern=raw.get("pattern"),
        enum=tuple(raw.get("enum", ())),
        sensitive=raw.get("sensitive", False),
        members={
            member: compile_shape(shapes, reference["shape"])
            for member, reference in raw.get("members", {}).items()
        },
        required=frozenset(raw.get("required", ())),
        key=compile_shape(shapes, raw["key"]["shape"]) if "key" in raw else None,
        element=compile_shape(shapes, element["shape"]) if element else None,
    )
