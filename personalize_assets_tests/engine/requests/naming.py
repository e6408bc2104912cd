"""What the names in the model say: which members hold ARNs, of what, and where members are."""

import re
from collections.abc import Iterator
from typing import Any

from botocore.model import OperationModel

from personalize_assets.core.arns import Kind

Path = tuple[str, ...]
"""Names of members from the request down; ``*`` for any entry of a list or map."""


def kind_of_member(name: str) -> Kind:
    """What the ARN in a member is of, by its name: ``datasetGroupArn``."""
    if name == "recipeList":
        return Kind.RECIPE
    words = re.sub(r"(?<!^)(?=[A-Z])", "-", name.removesuffix("Arn")).lower()
    return Kind("dataset-group" if words == "resource" else words)


def noun(kind: Kind) -> str:
    """How operations call a kind: ``DatasetGroup``."""
    return kind.words.title().replace(" ", "")


def member_of(kind: Kind) -> str:
    """The member that holds the ARN of a kind: ``datasetGroupArn``."""
    return noun(kind)[0].lower() + noun(kind)[1:] + "Arn"


def paths(shape: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """All members of a shape, however deep, with their shapes."""
    if path:
        yield path, shape
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield from paths(member, (*path, name))
    elif shape.type_name == "list":
        yield from paths(shape.member, (*path, "*"))
    elif shape.type_name == "map":
        yield from paths(shape.value, (*path, "*"))


def arn_paths(operation: OperationModel) -> list[Path]:
    """Where an operation takes ARNs of Personalize."""
    return [path for path, shape in paths(operation.input_shape) if shape.name == "Arn"]


def given(value: Any, path: Path) -> bool:
    """Whether a request has something at a path."""
    if not path:
        return True
    head, *rest = path
    if head == "*":
        parts = value.values() if isinstance(value, dict) else value
        return any(given(each, tuple(rest)) for each in parts)
    return head in value and given(value[head], tuple(rest))


def replaced(value: Any, path: Path, new: Any) -> Any:
    """A copy of a request with ``new`` at a path; of a list or map in every entry."""
    if not path:
        return new
    head, *rest = path
    if head != "*":
        there = not rest or head in value
        return {**value, head: replaced(value.get(head), tuple(rest), new)} if there else value
    if isinstance(value, dict):
        return {name: replaced(each, tuple(rest), new) for name, each in value.items()}
    return [replaced(each, tuple(rest), new) for each in value]
