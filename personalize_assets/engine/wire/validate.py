"""Whether parsed parameters keep to the bounds, patterns and enumerations of the model.

Everything that the models state is enforced, also what botocore's own client lets through: upper
bounds, patterns and enumerations. The texts are AWS's.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from personalize_assets.engine.wire.patterns import matches
from personalize_assets.engine.wire.shapes import Kind, Shape
from personalize_assets.engine.wire.violations import Violation, join, refuse

_NOT_NULL = "Member must not be null"
_NUMBERS = frozenset({"integer", "float", "double"})


def validate(shape: Shape, parameters: Mapping[str, Any]) -> None:
    """Check ``parameters`` against ``shape``.

    Raises:
        InvalidInput: All broken constraints, in the order of the model.
    """
    refuse(list(violations_of(shape, parameters)))


def violations_of(shape: Shape, value: Any, path: str = "") -> Iterator[Violation]:
    """Give the broken constraints of ``value``, whose types are right, and of all within it."""
    if value is None:
        yield Violation(path, None, _NOT_NULL)
        return
    for constraint in _own(shape, value):
        yield Violation(path, value, constraint, shape.sensitive)
    walk = _PARTS.get(shape.kind)
    if walk is not None:
        yield from walk(shape, value, path)


def _own(shape: Shape, value: Any) -> Iterator[str]:
    """What ``value`` itself breaks, apart from its parts."""
    too_long = False
    if shape.minimum is not None or shape.maximum is not None:
        what, size = ("value", value) if shape.kind in _NUMBERS else ("length", len(value))
        too_long = shape.maximum is not None and size > shape.maximum
        if shape.minimum is not None and size < shape.minimum:
            yield f"Member must have {what} greater than or equal to {shape.minimum}"
        if too_long:
            yield f"Member must have {what} less than or equal to {shape.maximum}"
    # The bound on the length is also what bounds the time that a pattern can take.
    if shape.pattern is not None and not too_long and not matches(shape.pattern, value):
        yield f"Member must satisfy regular expression pattern: {shape.pattern}"
    if shape.enum and value not in shape.enum:
        yield f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"


def _structure(shape: Shape, value: Mapping[str, Any], path: str) -> Iterator[Violation]:
    for name, member in shape.members.items():
        if name in value:
            yield from violations_of(member, value[name], join(path, name))
        elif name in shape.required:
            yield Violation(join(path, name), None, _NOT_NULL)


def _list(shape: Shape, value: Sequence[Any], path: str) -> Iterator[Violation]:
    assert shape.element is not None
    for position, each in enumerate(value, start=1):
        yield from violations_of(shape.element, each, f"{path}.{position}.member")


def _map(shape: Shape, value: Mapping[str, Any], path: str) -> Iterator[Violation]:
    assert shape.key is not None
    assert shape.element is not None
    for key, each in value.items():
        broken = ", ".join(_own(shape.key, key))
        if broken:
            yield Violation(path, key, f"Map keys must satisfy constraint: [{broken}]")
        yield from violations_of(shape.element, each, f"{path}.{key}.member")


_PARTS: dict[Kind, Callable[[Shape, Any, str], Iterator[Violation]]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
}
