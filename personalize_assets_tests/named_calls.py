"""Which operations of AWS the source of the package names: what it may call one day.

Read from the syntax tree: methods that bear an operation's name, and texts that are such a name,
as paginators and tables of operations have them. Recorded calls show what is called; this shows
also what no test has called yet, in a second.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from botocore import xform_name
from botocore.loaders import Loader

import personalize_assets

PACKAGE: Final = Path(personalize_assets.__file__).parent
SERVICES: Final = (
    "personalize",
    "personalize-runtime",
    "personalize-events",
    "s3",
    "sns",
    "sqs",
    "sts",
    "iam",
    "kms",
    "cloudwatch",
    "glue",
    "logs",
    "service-quotas",
)
MANAGED: Final[Mapping[str, tuple[str, ...]]] = {
    "upload_file": ("s3:PutObject", "s3:CreateMultipartUpload", "s3:UploadPart"),
    "upload_fileobj": ("s3:PutObject", "s3:CreateMultipartUpload", "s3:UploadPart"),
    "download_file": ("s3:HeadObject", "s3:GetObject"),
    "download_fileobj": ("s3:HeadObject", "s3:GetObject"),
    "PipesGlueClient": ("glue:StartJobRun", "glue:GetJobRun", "glue:BatchStopJobRun"),
}
"""What others call in our name."""

NOT_OPERATORS: Final = (
    "aws/glue.py",
    "core/",
    "engine/",
    "local/",
    "recipes/",
    "testing/",
    "aws/bootstrap/",
    "cli/bootstrap",
    "spark/",
)
"""Parts that do not act as the identity that runs Dagster, or hold the texts of policies."""


@dataclass(frozen=True, order=True)
class Named:
    """One name in the source.

    Attributes:
        place: Path in the package and line.
        name: As the client's methods are called.
        operations: What it may stand for: the services do not keep their names apart.
    """

    place: str
    name: str
    operations: tuple[str, ...]


@cache
def named_by_operator() -> tuple[Named, ...]:
    """Names in all parts of the package that act as the identity that runs Dagster."""
    found: list[Named] = []
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE).as_posix()
        if not place.startswith(NOT_OPERATORS):
            found += named_in(path.read_text(encoding="utf-8"), place)
    return tuple(found)


def named_in(source: str, place: str) -> Iterator[Named]:
    """Names in one module, each once.

    Args:
        source: Its text.
        place: Its path, for messages.
    """
    found: dict[str, int] = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            found.setdefault(node.attr, node.lineno)
        elif isinstance(node, ast.Name):
            found.setdefault(node.id, node.lineno)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.setdefault(node.value, node.lineno)
    for name, line in sorted(found.items()):
        operations = MANAGED.get(name) or _operations().get(name) or _spelled_out(name)
        if operations:
            yield Named(f"{place}:{line}", name, operations)


def _spelled_out(name: str) -> tuple[str, ...]:
    """The operation itself, where a text has the form ``service:Operation``, as the doctor asks."""
    service, _, operation = name.partition(":")
    known = service in SERVICES and operation in _names(service)
    return (name,) if known else ()


@cache
def _names(service: str) -> frozenset[str]:
    return frozenset(Loader().load_service_model(service, "service-2")["operations"])


@cache
def _operations() -> Mapping[str, tuple[str, ...]]:
    """Operations by the name of their method; names without `_` are words of other things too."""
    found: dict[str, list[str]] = {}
    for service in SERVICES:
        for operation in sorted(_names(service)):
            name = xform_name(operation)
            if "_" in name or name == "publish":
                found.setdefault(name, []).append(f"{service}:{operation}")
    return {name: tuple(operations) for name, operations in found.items()}
