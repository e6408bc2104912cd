"""Which of the 79 operations the engine answers, as text, markdown or JSON.

Read from the models and the registry, so that the table cannot differ from the code.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

# Importing the families registers their operations.
import personalize_assets.engine.operations  # noqa: F401 # pyright: ignore[reportUnusedImport]
from personalize_assets.engine.operations.registry import UNSUPPORTED, lookup
from personalize_assets.engine.wire.model import load_operations


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """One operation.

    Attributes:
        service: Name of the service as boto3 knows it.
        operation: Name in the model.
        supported: Whether the engine answers it.
        reason: Why not; empty if supported.
    """

    service: str
    operation: str
    supported: bool
    reason: str


def coverage() -> list[CoverageRow]:
    """Give one row per operation, in the order of the services and of their models."""
    return [
        CoverageRow(service, name, True, "")
        if lookup(service, name) is not None
        else CoverageRow(service, name, False, UNSUPPORTED.get((service, name), ""))
        for service, name in load_operations().by_name
    ]


def format_text(rows: Sequence[CoverageRow]) -> str:
    """Format ``rows`` in aligned columns for a terminal, with a line of totals."""
    width = max((len(row.operation) for row in rows), default=0)
    services = max((len(row.service) for row in rows), default=0)
    lines = [
        f"{row.service:{services}}  {row.operation:{width}}  "
        f"{'yes' if row.supported else 'no   ' + row.reason}"
        for row in rows
    ]
    return "\n".join([*lines, "", _totals(rows)])


def format_markdown(rows: Sequence[CoverageRow]) -> str:
    """Format ``rows`` as a markdown table, with a line of totals above it."""
    lines = [
        f"| {row.service} | {row.operation} | {'yes' if row.supported else 'no'} | {row.reason} |"
        for row in rows
    ]
    head = ["| Service | Operation | Supported | Reason |", "|---|---|---|---|"]
    return "\n".join([_totals(rows), "", *head, *lines])


def format_json(rows: Sequence[CoverageRow]) -> str:
    """Format ``rows`` as a JSON list of objects."""
    return json.dumps([asdict(row) for row in rows], indent=2)


def _totals(rows: Sequence[CoverageRow]) -> str:
    return f"{sum(row.supported for row in rows)} of {len(rows)} operations are supported."
