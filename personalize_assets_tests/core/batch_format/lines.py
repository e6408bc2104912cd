"""Lines of batch files as the service writes them, for the tests of this folder."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

REQUIRED = "User error: Required fields for the provided recipe are userId"


def answer(
    key: str, items: Sequence[str], scores: Sequence[float] | None = None, field: str = "userId"
) -> str:
    """Return a good output line."""
    output: dict[str, Any] = {"recommendedItems": list(items)}
    if scores is not None:
        output["scores"] = list(scores)
    return dump({"input": {field: key}, "output": output, "error": None})


def failure(query: Any, error: str = REQUIRED) -> str:
    """Return the output line of a query that failed."""
    return dump({"input": query, "output": {"recommendedItems": []}, "error": error})


def dump(value: Any) -> str:
    """Format as compactly as the service."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def write_lines(path: Path, lines: Sequence[str]) -> Path:
    """Write lines, the last one without a line end as in AWS's samples."""
    path.write_text("\n".join(lines), encoding="utf-8", newline="")
    return path
