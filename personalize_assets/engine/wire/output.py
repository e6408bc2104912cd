"""Whether what an operation gives is an answer that the model allows; used by tests."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, cast

from personalize_assets.engine.wire.model import Operation
from personalize_assets.engine.wire.shapes import Kind, Shape
from personalize_assets.engine.wire.validate import violations_of
from personalize_assets.engine.wire.violations import join

_TYPES: dict[Kind, tuple[type, ...]] = {
    "structure": (Mapping,),
    "map": (Mapping,),
    "list": (list, tuple),
    "string": (str,),
    "integer": (int,),
    "float": (float, int),
    "double": (float, int),
    "boolean": (bool,),
    "timestamp": (datetime,),
}


class OutputError(AssertionError):
    """An operation gave what its output shape does not allow."""


def check_output(operation: Operation, result: Mapping[str, Any]) -> None:
    """Check ``result`` against the output shape: known members, types, bounds and patterns.

    Raises:
        OutputError: Names the operation and all that is wrong.
    """
    if operation.answer is None:
        wrong = [f"{name} is not in the model" for name in result]
    else:
        wrong = list(_faults(operation.answer, result, ""))
        found = map(str, violations_of(operation.answer, _present(result)))
        wrong = wrong or [text for text in found if not _is_fault_of_the_model(text)]
    if wrong:
        raise OutputError(f"{operation.name} answered outside its model: {'; '.join(wrong)}")


def _faults(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if not _has_type(shape.kind, value):
        yield f"{path} is {type(value).__name__}, not {_TYPES[shape.kind][0].__name__}"
    elif shape.kind == "structure":
        for name, each in value.items():
            if name not in shape.members:
                yield f"{join(path, name)} is not in the model"
            elif each is not None:
                yield from _faults(shape.members[name], each, join(path, name))
    elif shape.element is not None:
        parts = value.items() if shape.kind == "map" else enumerate(value, start=1)
        for name, each in parts:
            yield from _faults(shape.element, each, join(path, f"{name}.member"))


def _has_type(kind: Kind, value: Any) -> bool:
    if isinstance(value, bool):  # which Python takes for an int
        return kind == "boolean"
    return isinstance(value, _TYPES[kind])


def _is_fault_of_the_model(violation: str) -> bool:
    # Jobs describe their IAM role as an ARN of Personalize; the requests that give it do not.
    # A version without a name shows <solution>/<id> at AWS, which is no name by the model.
    role = ".roleArn' failed to satisfy" in violation and ":iam::" in violation
    return role or ("at 'solutionVersion.name'" in violation and "/" in violation)


def _present(value: Any) -> Any:
    """``value`` without the members that are None, which the serializer leaves out."""
    if isinstance(value, Mapping):
        members = cast("Mapping[str, Any]", value)
        return {name: _present(each) for name, each in members.items() if each is not None}
    if isinstance(value, (list, tuple)):
        return [_present(each) for each in cast("list[Any]", value)]
    return value
