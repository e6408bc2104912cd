"""What a finished run shows in the terminal: metrics side by side, titles, places and seconds."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from personalize_assets.components.graph import STAGES
from personalize_assets.core.metrics import AMAZON_LABELS


def metrics_table(rows: Sequence[tuple[str, Mapping[str, Any]]]) -> Table:
    """The metrics of several solution versions side by side."""
    table = Table("solution", title="Offline metrics (Amazon's definitions)", title_justify="left")
    for label in AMAZON_LABELS.values():
        table.add_column(label, justify="right")
    for name, values in rows:
        table.add_row(
            name, *(f"{values[key]:.4f}" if key in values else "-" for key in AMAZON_LABELS)
        )
    return table


def print_recommendations(console: Console, users: Sequence[Mapping[str, Any]]) -> None:
    """Ten titled recommendations for each user beside what the user liked."""
    for user in users:
        table = Table("liked", "recommended", title=f"User {user['user_id']}", title_justify="left")
        liked, recommended = list(user["liked"])[:10], list(user["recommended"])[:10]
        for row in range(max(len(liked), len(recommended))):
            table.add_row(
                *(escape(part[row]) if row < len(part) else "" for part in (liked, recommended))
            )
        console.print(table)


def print_places(console: Console, metadata: Mapping[str, Any], root: Path | None) -> None:
    """Where the result files lie: in S3, and in the local deployment on disk."""
    console.print("Results", style="italic")
    for name, value in metadata.items():
        if isinstance(value, str) and value.startswith("s3://"):
            place = value if root is None else f"{root}/{value.removeprefix('s3://')}"
            console.print(f"  {name:<16} {place}", soft_wrap=True, highlight=False)


def print_seconds(
    console: Console,
    seconds: Mapping[dg.AssetKey, float],
    groups: Mapping[dg.AssetKey, str],
    wall_s: float,
) -> None:
    """Seconds of each stage and of the whole."""
    by_stage: defaultdict[str, float] = defaultdict(float)
    for key, took in seconds.items():
        by_stage[groups.get(key, "")] += took
    parts = [f"{stage} {by_stage[stage]:.1f} s" for stage in STAGES if stage in by_stage]
    console.print(f"[bold]{wall_s:.1f} s[/bold] in all: " + ", ".join(parts), highlight=False)
