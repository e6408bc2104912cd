"""Every member of every operation: of a wrong type, and missing where it is required."""

from typing import Any, Final

import pytest
from botocore.model import OperationModel

from personalize_assets_tests.engine.examples import all_operations, operation_id
from personalize_assets_tests.engine.requests.naming import Path, given, paths, replaced
from personalize_assets_tests.engine.requests.opening import Site
from personalize_assets_tests.engine.requests.refusals import declared, refusal
from personalize_assets_tests.engine.requests.row import Row
from personalize_assets_tests.engine.requests.table import Table

WRONG: Final[dict[str, tuple[Any, ...]]] = {
    "string": (5, "\ud800"),
    "integer": ("5", 1.5),
    "float": ("1.5", 1e400),
    "double": (True, 1e400),
    "boolean": ("true", 1),
    "timestamp": ("2024-01-01T00:00:00Z", True),
    "structure": ("x", []),
    "list": ("x", {}),
    "map": ("x", []),
}
"""The tests of ``wire/parse.py`` know more."""
INFINITE: Final = 1e400  # is not JSON, so that the whole body is refused
each_operation = pytest.mark.parametrize("operation", all_operations(), ids=operation_id)


def _invalid(operation: str) -> str:
    return "InvalidInput" if "InvalidInput" in declared(operation) else "ValidationError"


def _text(row: Row, path: Path) -> str:
    """The path as messages write it: entries of lists by number, of maps by key."""
    value: Any = next(request for request in row.requests if given(request, path))
    parts: list[str] = []
    for name in path:
        if name != "*":
            parts.append(name)
            value = value.get(name, {})
        elif isinstance(value, dict):
            key, value = next(iter(value.items()))
            parts.append(f"{key}.member")
        else:
            value = next((each for each in value if each), {})
            parts.append("1.member")
    return ".".join(parts)


@each_operation
def test_member__of_a_wrong_type(standing: Site, table: Table, operation: OperationModel) -> None:
    row = table[operation.name]
    with standing.unchanged():
        for path, shape in paths(operation.input_shape):
            if ".".join(path) in row.impossible:
                continue
            request = next(each for each in row.requests if given(each, path))
            for wrong in WRONG[shape.type_name]:
                broken = replaced(request, path, wrong)
                code, message = refusal(standing, operation.name, broken)
                if wrong == INFINITE:
                    assert code == "Serialization", (path, wrong, message)
                    continue
                assert code == _invalid(operation.name), (path, wrong, message)
                assert f"at '{_text(row, path)}' failed" in message, (path, wrong, message)


def _without(value: Any, path: Path) -> Any:
    head, *rest = path
    if not rest:
        return {name: each for name, each in value.items() if name != head}
    if head == "*" and isinstance(value, dict):
        return {name: _without(each, tuple(rest)) for name, each in value.items()}
    if head == "*":
        return [_without(each, tuple(rest)) for each in value]
    return {**value, head: _without(value[head], tuple(rest))}


@each_operation
def test_member__missing(standing: Site, table: Table, operation: OperationModel) -> None:
    row = table[operation.name]
    shapes = {(): operation.input_shape} | dict(paths(operation.input_shape))
    with standing.unchanged():
        for parent, shape in shapes.items():
            for name in getattr(shape, "required_members", []):
                path = (*parent, name)
                request = next(each for each in row.requests if given(each, path))
                code, message = refusal(standing, operation.name, _without(request, path))
                assert code == "InvalidInput", (path, message)
                assert f"at '{_text(row, path)}' failed" in message, (path, message)
                assert "Member must not be null" in message
                null = replaced(request, path, None)
                assert refusal(standing, operation.name, null) == (code, message)


@each_operation
def test_member__unknown_to_the_model(
    standing: Site, table: Table, operation: OperationModel
) -> None:
    """Is ignored, as by AWS: the same answer or refusal as for nothing at all."""
    known, unknown = (refusal(standing, operation.name, each) for each in ({}, {"later": [1]}))
    assert known == unknown
