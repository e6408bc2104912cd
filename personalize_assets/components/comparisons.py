"""Metadata of a comparison: short tables and a plot that people read in the UI, and all of it.

Only shapes values that other parts measured; reads no file and calls no service.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg

from personalize_assets.aws.comparison import Compared
from personalize_assets.components.plots import INLINE_CHARACTERS, bar_plot
from personalize_assets.components.previews import markdown_table
from personalize_assets.core.metrics import AMAZON_LABELS
from personalize_assets.recipes.comparison.formats import as_markdown, short
from personalize_assets.recipes.comparison.results import Comparison, Row
from personalize_assets.resources import S3Resource

MEASURED_BY: Mapping[str, str] = {"local": "the embedded engine", "aws": "Amazon Personalize"}
"""Who computed what GetSolutionMetrics tells, by deployment."""

SHOWN = ("mean_reciprocal_rank_at_25", "normalized_discounted_cumulative_gain_at_25", "coverage")
"""Metrics of the short tables; the first two are plotted."""


def comparison_metadata(
    compared: Compared, solutions: Mapping[str, Mapping[str, Any]], s3: S3Resource
) -> dict[str, Any]:
    """Metadata of a comparison.

    Args:
        compared: What was computed on this machine.
        solutions: Metadata of the metrics of each solution, by its name.
        s3: Where the JSON lies.
    """
    first = compared.comparisons[0]
    mine = f"GetSolutionMetrics, by {MEASURED_BY[s3.deployment]}"
    return {
        "solutions": dg.MetadataValue.md(_solutions(mine, solutions)),
        "recipes": dg.MetadataValue.md(_recipes(first)),
        **_gains(first),
        "plot": dg.MetadataValue.md(_plot(first)),
        "how": _how(mine, compared),
        "all_metrics": dg.MetadataValue.md(as_markdown(compared.comparisons)),
        "open": s3.link(compared.json_key),
        "s3_uri": s3.uri(compared.json_key),
        "share_of_interactions": compared.share,
        "seconds": compared.seconds,
        "unchanged": compared.unchanged,
    }


def _how(mine: str, compared: Compared) -> str:
    first = compared.comparisons[0]
    drawn = "" if compared.share == 1 else f", on users with {compared.share:.1%} of interactions"
    return (
        f"`solutions` is {mine}: one tenth of the users, one split. `recipes` was computed by this "
        f"project on this machine from the prepared interactions, in both deployments: mean ± "
        f"standard error over {first.n_folds} of 10 folds of users, seed {first.seed}{drawn}."
    )


def _solutions(head: str, solutions: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [
        (name, *(f"{values[key]:.4f}" if key in values else "-" for key in SHOWN))
        for name, values in solutions.items()
    ]
    return markdown_table([head, *_labels()], rows)


def _labels() -> list[str]:
    return [AMAZON_LABELS[name] for name in SHOWN]


def _recipes(found: Comparison) -> str:
    """As many lines as the UI shows without a click; popularity and chance stand last."""
    lines = [(_name(row), *_cells(row)) for row in found.rows]
    table = markdown_table(["computed here", *_names(found)], lines)
    while len(table) > INLINE_CHARACTERS and len(lines) > 1:
        del lines[max(0, len(lines) - 3)]
        table = markdown_table(["computed here", *_names(found)], lines)
    return table


def _names(found: Comparison) -> list[str]:
    """Headings of the metrics that are shown of this kind of answers."""
    return [AMAZON_LABELS.get(name, name) for name in _shown(found.rows[0])]


def _shown(row: Row) -> Sequence[str]:
    return [name for name in SHOWN if name in row.names] if SHOWN[0] in row.names else row.names


def _cells(row: Row) -> Iterable[str]:
    return (short(row.estimate(name)) for name in _shown(row))


def _name(row: Row) -> str:
    return f"{row.method} + metadata" if row.metadata else row.method


def _gains(found: Comparison) -> dict[str, Any]:
    """What metadata gain, where a recipe uses them; nothing else."""
    pairs = found.pairs()
    if not pairs:
        return {}
    lines = [
        (row.method, *(short(row.gain_over(without, name)) for name in _shown(row)))
        for without, row in pairs
    ]
    head = ["with metadata less without", *_names(found)]
    return {"gain_of_metadata": dg.MetadataValue.md(markdown_table(head, lines))}


def _plot(found: Comparison) -> str:
    names = _shown(found.rows[0])[:2]
    bars = {
        _name(row).removeprefix("aws-"): [row.estimate(name).mean for name in names]
        for row in found.rows
    }
    labels = [AMAZON_LABELS.get(name, name) for name in names]
    return bar_plot("Computed here", bars, labels)
