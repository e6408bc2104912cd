"""Every constraint that botocore's models state is broken once, in every request it occurs in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.model import OperationModel

from personalize_assets.engine.errors import InvalidInput
from personalize_assets.engine.wire.model import load_operations
from personalize_assets.engine.wire.validate import validate
from personalize_assets_tests.engine.examples import all_operations, example, operation_id

# A value of right type and length that the pattern refuses; Java's matches() wants the whole value.
BROKEN = {
    r"\p{ASCII}{0,1500}": "é",
    r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$": "a;b",
    r"^[\x20-\x7E]*[\x21-\x7E]+[\x20-\x7E]*$": " ",
    r"(s3|http|https)://.+": "ftp://bucket/key",
}


@dataclass(frozen=True)
class Case:
    """One broken constraint: where, how, and what the engine must say."""

    path: str
    broken: Any
    constraint: str


def _cases(shape: Any, path: str) -> Iterator[Case]:
    yield from _own_cases(shape, path)
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            where = f"{path}.{name}" if path else name
            if name in shape.required_members:
                yield Case(where, None, "Member must not be null")
            yield from _cases(member, where)
    elif shape.type_name == "list":
        yield from _cases(shape.member, f"{path}.1.member")
    elif shape.type_name == "map":
        yield from _cases(shape.value, f"{path}.{example(shape.key, full=False)}.member")


def _own_cases(shape: Any, path: str) -> Iterator[Case]:
    metadata, kind = shape.metadata, shape.type_name
    what = "value" if kind in ("integer", "double", "float") else "length"
    if "max" in metadata:
        constraint = f"Member must have {what} less than or equal to {metadata['max']}"
        yield Case(path, _sized(shape, metadata["max"] + 1), constraint)
    if metadata.get("min", 0) > 0 or (what == "value" and "min" in metadata):
        constraint = f"Member must have {what} greater than or equal to {metadata['min']}"
        yield Case(path, _sized(shape, metadata["min"] - 1), constraint)
    if "pattern" in metadata:
        pattern = metadata["pattern"]
        constraint = f"Member must satisfy regular expression pattern: {pattern}"
        yield Case(path, BROKEN.get(pattern, "a b!"), constraint)
    if "enum" in metadata:
        constraint = f"Member must satisfy enum value set: [{', '.join(metadata['enum'])}]"
        yield Case(path, "NEITHER", constraint)


def _sized(shape: Any, size: int) -> Any:
    build: dict[str, Callable[[], Any]] = {
        "string": lambda: "a" * size,
        "list": lambda: [example(shape.member, full=False)] * size,
        "map": lambda: {f"KEY{number}": example(shape.value, full=False) for number in range(size)},
    }
    return build.get(shape.type_name, lambda: size)()


def _broken(parameters: Any, path: str, broken: Any) -> Any:
    """A copy of ``parameters`` with ``broken`` at ``path``; None takes the member away."""
    if not path:
        return broken
    head, _, rest = path.partition(".")
    if isinstance(parameters, list):
        return [_broken(parameters[0], rest.partition(".")[2], broken), *parameters[1:]]
    if head not in parameters or rest.startswith("member"):
        rest = rest.partition(".")[2]
    value = _broken(parameters[head], rest, broken)
    return {name: each for name, each in {**parameters, head: value}.items() if each is not None}


@pytest.mark.parametrize("operation", all_operations(), ids=operation_id)
def test_validate__enforces_every_constraint(operation: OperationModel) -> None:
    service = operation.service_model.service_name
    shape = load_operations().by_name[service, operation.name].request
    valid = example(operation.input_shape, full=True)
    validate(shape, valid)
    for case in _cases(operation.input_shape, ""):
        with pytest.raises(InvalidInput) as caught:
            validate(shape, _broken(valid, case.path, case.broken))
        assert f"at '{case.path}' failed to satisfy constraint: " in caught.value.message
        assert case.constraint in caught.value.message


def test_cases__are_many() -> None:
    cases = [case for each in all_operations() for case in _cases(each.input_shape, "")]
    assert len(cases) > 500
