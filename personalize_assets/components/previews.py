"""Metadata of materializations: counts, schemas, links and small tables that people read in the UI.

Only shapes values that other parts measured; reads no file and calls no service.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg

from personalize_assets.aws.ensure import Ensured
from personalize_assets.aws.preparation import Prepared
from personalize_assets.aws.results import Results, UserPreview
from personalize_assets.components.plots import INLINE_CHARACTERS, line_plot
from personalize_assets.core.metrics import AMAZON_LABELS
from personalize_assets.resources import S3Resource

PLOTTED_METRICS = (
    "mean_reciprocal_rank_at_25",
    "normalized_discounted_cumulative_gain_at_25",
    "coverage",
)
"""Metrics of the small plot."""


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table in Markdown; bars and line breaks in values are escaped."""
    lines = [_line(columns), _line(["---"] * len(columns)), *(_line(row) for row in rows)]
    return "\n".join(lines)


def _line(values: Sequence[Any]) -> str:
    cells = ("" if value is None else str(value) for value in values)
    return "| " + " | ".join(c.replace("|", "\\|").replace("\n", " ") for c in cells) + " |"


def prepared_result(
    key: dg.AssetKey, prepared: Prepared, s3: S3Resource, engine: Mapping[str, Any]
) -> dg.MaterializeResult:
    """Result of a cleaning asset: where its files lie, what went in and out, the first rows.

    Args:
        key: Of the asset.
        prepared: What was made.
        s3: Where it lies.
        engine: What the engine tells of its work.
    """
    columns = [dg.TableColumn(name, kind) for name, kind in prepared.columns]
    return dg.MaterializeResult(
        key,
        metadata={
            "dagster/row_count": prepared.rows,
            "dagster/column_schema": dg.TableSchema(columns=columns),
            "s3_uri": s3.uri(prepared.csv_key),
            "open": s3.link(prepared.csv_key),
            "csv_key": prepared.csv_key,
            "csv_sha256": prepared.csv_sha256,
            "parquet_key": prepared.parquet_key,
            "schema": dg.MetadataValue.json(dict(prepared.schema)),
            "unchanged": prepared.unchanged,
            "seconds": prepared.seconds,
            **prepared.counts,
            **engine,
            "preview": dg.MetadataValue.md(
                markdown_table([name for name, _ in prepared.columns], prepared.preview)
            ),
        },
        data_version=dg.DataVersion(prepared.csv_sha256),
    )


def quarantine_result(key: dg.AssetKey, prepared: Prepared, s3: S3Resource) -> dg.MaterializeResult:
    """Result of the quarantine: how many rows, why, and where they lie."""
    reasons = sorted(prepared.reasons.items(), key=lambda item: -item[1])
    return dg.MaterializeResult(
        key,
        metadata={
            "dagster/row_count": prepared.counts["quarantined"],
            "s3_uri": s3.uri(prepared.quarantine_key),
            "open": s3.link(prepared.quarantine_key),
            "reasons": dg.MetadataValue.md(markdown_table(["reason", "rows"], reasons)),
        },
        data_version=dg.DataVersion(prepared.quarantine_sha256),
    )


def ensured_metadata(ensured: Ensured) -> dict[str, Any]:
    """Metadata of something that exists in Amazon Personalize now."""
    return {
        "arn": ensured.arn,
        "unchanged": not ensured.created,
        "waited_s": round(ensured.waited_s, 2),
    }


def metrics_metadata(
    values: Mapping[str, float], history: Sequence[Mapping[str, float]]
) -> dict[str, Any]:
    """Each metric as a number, which Dagster plots over time, a table and a small plot.

    Args:
        values: The newest metrics.
        history: Metrics of the last materializations, oldest first, the newest included.
    """
    series = {
        AMAZON_LABELS[name]: [past[name] for past in history if name in past]
        for name in PLOTTED_METRICS
    }
    return {
        "history": dg.MetadataValue.md(line_plot("The last versions", series)),
        **{name: float(value) for name, value in values.items()},
        "table": dg.MetadataValue.md(markdown_table(["metric", "value"], sorted(values.items()))),
    }


def recommendations_metadata(results: Results, s3: S3Resource) -> dict[str, Any]:
    """Metadata of titled recommendations, with a preview beside what the users liked."""
    return {
        **_results_metadata(results, s3, ("user", "liked", "recommended")),
        "users": results.users,
    }


def rankings_metadata(results: Results, s3: S3Resource) -> dict[str, Any]:
    """Metadata of titled rankings, with a preview beside what the users liked."""
    return {
        **_results_metadata(results, s3, ("user", "liked", "ranking")),
        "users": results.users,
    }


def segments_metadata(results: Results, s3: S3Resource) -> dict[str, Any]:
    """Metadata of user segments, with a preview of the first users of a few items."""
    return {**_results_metadata(results, s3, ("item", "title", "users")), "items": results.users}


def _results_metadata(
    results: Results, s3: S3Resource, columns: tuple[str, str, str]
) -> dict[str, Any]:
    """What the results of all batch jobs tell.

    Args:
        results: What became of the output.
        s3: Where it lies.
        columns: Headings of the preview: the query, what is known of it, and its answer.
    """
    asked, known, answer = columns
    return {
        "preview": dg.MetadataValue.md(_inline_preview(results.preview, columns)),
        "open": s3.link(results.keys["transformed"]),
        "dagster/row_count": results.rows,
        "input_lines": results.input_lines,
        "answered_lines": results.users,
        "failed_lines": results.failed_lines,
        "unexpected_lines": results.unexpected_lines,
        "unchanged": results.unchanged,
        **{name: s3.uri(key) for name, key in results.keys.items()},
        f"preview_{asked}s": dg.MetadataValue.json(
            [
                {f"{asked}_id": u.user_id, known: u.liked, answer: u.recommended}
                for u in results.preview
            ]
        ),
    }


def _inline_preview(users: Sequence[UserPreview], columns: tuple[str, str, str]) -> str:
    """Queries with a few titles each: as many as the UI shows without a click."""
    for titles in range(10, 0, -1):
        rows = [
            (u.user_id, *map("; ".join, (u.liked[:titles], u.recommended[:titles]))) for u in users
        ]
        table = markdown_table(columns, rows)
        if len(table) <= INLINE_CHARACTERS:
            return table
    return markdown_table(columns[:1], [[user.user_id] for user in users])
