"""A comparison as text for a terminal, as Markdown to paste, and as JSON that stays the same.

docs/evaluation.md describes the JSON; ``FORMAT_VERSION`` is raised when its meaning changes.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from personalize_assets.core.metrics import AMAZON_LABELS, TEXTBOOK_LABELS
from personalize_assets.recipes.comparison.results import Comparison, Estimate, Row

FORMAT_VERSION: Final = 1

_LABELS: Final[Mapping[str, str]] = {**AMAZON_LABELS, **TEXTBOOK_LABELS}
_KINDS: Final[Mapping[str, str]] = {
    "items": "Recommended items",
    "users of items": "Segments of items",
    "users of categories": "Segments of categories",
}


def as_json(comparisons: Sequence[Comparison]) -> str:
    """All that was found, unrounded, as one JSON object."""
    tables = [_table(comparison) for comparison in comparisons]
    return json.dumps({"format_version": FORMAT_VERSION, "comparisons": tables}, indent=2)


def as_markdown(comparisons: Sequence[Comparison], labels: Mapping[str, str] = _LABELS) -> str:
    """A heading and a table each, and a table of what metadata gain where both were run.

    Args:
        comparisons: At least one.
        labels: Metrics by name, and what stands above their columns; others are left out where a
            comparison has any of these.
    """
    return "\n\n".join(
        f"**{title}**\n\n{_markdown(cells)}"
        for comparison in comparisons
        for title, cells in _tables(comparison, labels)
    )


def as_text(comparisons: Sequence[Comparison]) -> str:
    """The same for a terminal: aligned columns."""
    return "\n\n".join(
        f"{title}\n{_aligned(cells)}"
        for comparison in comparisons
        for title, cells in _tables(comparison, _LABELS)
    )


def short(estimate: Estimate) -> str:
    """A mean and its standard error.

    >>> short(Estimate(0.2604, 0.0151)), short(Estimate(11.459, None))
    ('.260 ±.015', '11.459')
    """
    mean = _number(estimate.mean)
    return mean if estimate.error is None else f"{mean} ±{_number(estimate.error)}"


def _number(value: float) -> str:
    text = f"{value:.3f}"
    return text.replace("0.", ".", 1) if abs(value) < 1 and text[:2] in ("0.", "-0") else text


def _tables(
    comparison: Comparison, labels: Mapping[str, str]
) -> Iterable[tuple[str, list[list[str]]]]:
    """Titles and cells, the head first."""
    columns = _columns(comparison.rows, labels)
    yield _title(comparison), _cells(comparison.rows, columns)
    pairs = comparison.pairs()
    if pairs:
        head = ["gain of metadata", "seen items", *columns.values()]
        yield (
            "The same rows with metadata less those without, fold by fold",
            [
                head,
                *(
                    [row.method, row.seen or "", *(_gain(row, other, name) for name in columns)]
                    for other, row in pairs
                ),
            ],
        )


def _title(comparison: Comparison) -> str:
    events = "" if comparison.event_type is None else f" of type {comparison.event_type}"
    return (
        f"{_KINDS[comparison.kind]}: {comparison.n_events:,} events{events} of "
        f"{comparison.n_users:,} users and {comparison.n_items:,} items; mean ± standard error "
        f"over {comparison.n_folds} of 10 folds of users, seed {comparison.seed}"
    )


def _columns(rows: Sequence[Row], labels: Mapping[str, str]) -> dict[str, str]:
    """Metrics by name and their headings: those with a label, or else all that any row has."""
    found = dict.fromkeys(name for row in rows for name in row.names)
    labelled = {name: label for name, label in labels.items() if name in found}
    if "mean_reciprocal_rank_at_25" not in found:
        return {name: labels.get(name, name) for name in found}
    return labelled


def _cells(rows: Sequence[Row], columns: Mapping[str, str]) -> list[list[str]]:
    head = ["recipe", "seen items", "metadata", *columns.values(), "tested users", "CPU s a fold"]
    cells = [head]
    for row in rows:
        own = set(row.names)
        values = [short(row.estimate(name)) if name in own else "-" for name in columns]
        metadata = "with" if row.metadata else "without"
        seen = row.seen or "-"
        cells.append(
            [row.method, seen, metadata, *values, f"{row.n_test_users:,}", f"{row.cpu_s:.2f}"]
        )
    return cells


def _gain(row: Row, other: Row, name: str) -> str:
    if name not in row.names or name not in other.names:
        return "-"
    gain = row.gain_over(other, name)
    sign = "+" if gain.mean >= 0 else ""
    return f"{sign}{short(gain)}"


def _markdown(cells: Sequence[Sequence[str]]) -> str:
    head, *rows = cells
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _aligned(cells: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


def _table(comparison: Comparison) -> dict[str, Any]:
    return {
        "kind": comparison.kind,
        "event_type": comparison.event_type,
        "n_users": comparison.n_users,
        "n_items": comparison.n_items,
        "n_events": comparison.n_events,
        "n_folds": comparison.n_folds,
        "seed": comparison.seed,
        "rows": [_row(row) for row in comparison.rows],
        "gains_of_metadata": [
            {
                "recipe": row.method,
                "seen": row.seen,
                "metrics": {
                    name: _estimate(row.gain_over(other, name))
                    for name in row.names
                    if name in other.names
                },
            }
            for other, row in comparison.pairs()
        ],
    }


def _row(row: Row) -> dict[str, Any]:
    metrics = {
        name: {**_estimate(row.estimate(name)), "folds": [fold[name] for fold in row.folds]}
        for name in row.names
    }
    return {
        "recipe": row.method,
        "seen": row.seen,
        "metadata": row.metadata,
        "n_test_users": row.n_test_users,
        "cpu_s": row.cpu_s,
        "metrics": metrics,
    }


def _estimate(estimate: Estimate) -> dict[str, float | None]:
    return {"mean": estimate.mean, "standard_error": estimate.error}
