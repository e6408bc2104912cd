"""Metric attribution: expressions of metrics, sources of events, and the rows of a report.

Adds up, per source and 15-minute window, what the events of one type brought; see the guide's pages
metric-attribution-requirements.html and metric-attribution-results-s3.html. Works on arrow tables;
knows nothing of files, of S3 or of the engine's store.
"""
# pyarrow has no types, and makes its compute functions at run time.
# pyright: standard, reportAttributeAccessIssue=false

import csv
import hashlib
import io
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from personalize_assets.core.columns import Columns
from personalize_assets.core.names import MAX_ATTRIBUTION_SOURCES
from personalize_assets.core.schemas import NUMBERS, RECORD_NAMES, DatasetType, Schema

WINDOW_S: Final = 900
UNDEFINED_SOURCE: Final = "SOURCE_NAME_UNDEFINED"
SOURCE_COLUMN: Final = "EVENT_ATTRIBUTION_SOURCE"
RECOMMENDATION_COLUMN: Final = "RECOMMENDATION_ID"
REPORT_HEADER: Final = (
    "METRIC_NAME",
    "EVENT_TYPE",
    "VALUE",
    "MATH_FUNCTION",
    "EVENT_ATTRIBUTION_SOURCE",
    "TIMESTAMP",
)
_COUNT: Final = re.compile(r"\s*SAMPLECOUNT\s*\(\s*\)\s*", re.IGNORECASE)
_SUM: Final = re.compile(
    r"\s*SUM\s*\(\s*(?P<dataset>[A-Za-z]+)\s*\.\s*(?P<column>[A-Za-z_][A-Za-z\d_]*)\s*\)\s*",
    re.IGNORECASE,
)
_MARK: Final = r"-CID-(?P<mark>[0-9a-fA-F]{6})$"


class AttributionError(ValueError):
    """A metric cannot be computed; the message says what of it and what is allowed."""


@dataclass(frozen=True, slots=True)
class Expression:
    """What a metric adds up.

    Attributes:
        function: ``samplecount`` counts events, ``sum`` adds the values of a column.
        dataset_type: Where the column is; None for a count.
        column: Its upper-case name; None for a count.
    """

    function: Literal["samplecount", "sum"]
    dataset_type: Literal["INTERACTIONS", "ITEMS"] | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of a metric attribution.

    Attributes:
        name: As reports show it.
        event_type: Of the events that count, whatever its case.
        expression: What is added up.
    """

    name: str
    event_type: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One line of a report: a metric of one source in one window.

    Attributes:
        metric: Which.
        value: The sum.
        source: An ARN, a name that the events gave, or ``SOURCE_NAME_UNDEFINED``.
        window: Where the window begins, in epoch seconds; a multiple of ``WINDOW_S``.
    """

    metric: Metric
    value: float
    source: str
    window: int


def parse_expression(text: str) -> Expression:
    """Read the expression of a metric.

    Raises:
        AttributionError: It is none.

    >>> parse_expression("SUM(Items.PRICE)")
    Expression(function='sum', dataset_type='ITEMS', column='PRICE')
    """
    if _COUNT.fullmatch(text):
        return Expression("samplecount")
    match = _SUM.fullmatch(text)
    dataset = match["dataset"].upper() if match else ""
    if match is None or dataset not in ("ITEMS", "INTERACTIONS"):
        raise AttributionError(
            f"the expression {text!r} must be SUM(Items.COLUMN), SUM(Interactions.COLUMN) or "
            "SAMPLECOUNT()"
        )
    return Expression(
        "sum", "ITEMS" if dataset == "ITEMS" else "INTERACTIONS", match["column"].upper()
    )


def check_expression(expression: Expression, schemas: Mapping[DatasetType, Schema]) -> None:
    """Make sure that the datasets of a group have what an expression adds up.

    Args:
        expression: Of one metric.
        schemas: Of the datasets that the group has.

    Raises:
        AttributionError: The dataset or column is missing, or the column holds no numbers.
    """
    if expression.dataset_type is None or expression.column is None:
        return
    name = RECORD_NAMES[expression.dataset_type]
    schema = schemas.get(expression.dataset_type)
    if schema is None:
        raise AttributionError(f"SUM({name}.{expression.column}): the group has no {name} dataset")
    field = schema.field(expression.column)
    numbers = [item.column for item in schema.fields if item.type in NUMBERS]
    if field is None or field.type not in NUMBERS:
        found = "has no such column" if field is None else f"holds it as {field.type}"
        raise AttributionError(
            f"SUM({name}.{expression.column}) needs a numeric column; the {name} dataset {found}. "
            f"Its numeric columns are: {', '.join(numbers) or 'none'}"
        )


def mark_of(arn: str) -> str:
    """The six hexadecimal digits by which recommendation ids name a campaign or recommender."""
    return hashlib.sha1(arn.encode(), usedforsecurity=False).hexdigest()[:6]


def marks_of(arns: Collection[str]) -> dict[str, str]:
    """ARNs by their marks."""
    return {mark_of(arn): arn for arn in arns}


def aggregate(
    events: pa.Table,
    metrics: Sequence[Metric],
    marks: Mapping[str, str],
    items: pa.Table | None = None,
) -> list[ReportRow]:
    """Add up what events brought.

    Args:
        events: With ``ITEM_ID``, ``EVENT_TYPE``, ``TIMESTAMP`` (epoch seconds), the columns to be
            summed, and where there are any ``EVENT_ATTRIBUTION_SOURCE``, which counts before
            everything else, and ``RECOMMENDATION_ID``; strings may be dictionary-encoded. Each row
            counts, equal ones too.
        metrics: What to compute.
        marks: From `marks_of`.
        items: With ``ITEM_ID``, each once, and the columns that are summed.

    Returns:
        By metric in the given order, then the newest window first, then by source. Values that
        are missing count as 0. Of the sources only the ``MAX_ATTRIBUTION_SOURCES`` with most events
        are told apart; the events of the others are shown without a source.
    """
    wanted = {metric.event_type.upper() for metric in metrics}
    types = pc.utf8_upper(_strings(events[Columns.EVENT_TYPE]))
    kept = pc.is_in(types, pa.array(sorted(wanted), pa.string()))
    events, types = events.filter(kept), types.filter(kept)
    times = events[Columns.TIMESTAMP].to_numpy()
    keys = {
        "source": _sources(events, marks),
        "window": pa.array(times - times % WINDOW_S),
    }
    rows: list[ReportRow] = []
    for metric in metrics:
        table = pa.table({**keys, "value": _values(events, metric.expression, items)})
        table = table.filter(pc.equal(types, metric.event_type.upper()))
        sums = table.group_by(["source", "window"]).aggregate([("value", "sum")])
        found = sorted(sums.to_pylist(), key=lambda row: (-row["window"], row["source"]))
        rows += [ReportRow(metric, row["value_sum"], row["source"], row["window"]) for row in found]
    return rows


def format_report(rows: Sequence[ReportRow]) -> str:
    """The rows as a CSV file with a header."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(REPORT_HEADER)
    for row in rows:
        metric = row.metric
        function = metric.expression.function
        writer.writerow(
            (metric.name, metric.event_type, row.value, function, row.source, row.window)
        )
    return text.getvalue()


def _sources(events: pa.Table, marks: Mapping[str, str]) -> pa.Array:
    """The source of each event: as given, else who answered with its recommendation."""
    given = _optional(events, SOURCE_COLUMN)
    answered = pc.extract_regex(_optional(events, RECOMMENDATION_COLUMN), pattern=_MARK)
    known = pa.array(list(marks), pa.string())
    found = pc.index_in(pc.utf8_lower(pc.struct_field(answered, [0])), value_set=known)
    by_mark = pa.array(list(marks.values()), pa.string()).take(found)
    given = pc.if_else(pc.equal(given, ""), pa.scalar(None, pa.string()), given)
    sources = pc.coalesce(given, by_mark, pa.scalar(UNDEFINED_SOURCE))
    counts = {count["values"]: count["counts"] for count in sources.value_counts().to_pylist()}
    counts.pop(UNDEFINED_SOURCE, None)
    if len(counts) <= MAX_ATTRIBUTION_SOURCES:
        return sources
    ranked = sorted(counts, key=lambda source: (-counts[source], source))
    shown = pc.is_in(sources, pa.array(ranked[:MAX_ATTRIBUTION_SOURCES]))
    return pc.if_else(shown, sources, pa.scalar(UNDEFINED_SOURCE))


def _values(events: pa.Table, expression: Expression, items: pa.Table | None) -> pa.Array:
    if expression.column is None:
        return pa.array([1.0] * events.num_rows, pa.float64())
    if expression.dataset_type == "INTERACTIONS":
        values = events[expression.column]
    elif items is None or expression.column not in items.column_names:
        return pa.array([0.0] * events.num_rows, pa.float64())
    else:
        known = _strings(items[Columns.ITEM_ID])
        values = items[expression.column].take(
            pc.index_in(_strings(events[Columns.ITEM_ID]), value_set=known)
        )
    return pc.fill_null(values.cast(pa.float64()), 0.0)


def _optional(events: pa.Table, column: str) -> pa.Array:
    if column not in events.column_names:
        return pa.nulls(events.num_rows, pa.string())
    return _strings(events[column])


def _strings(column: pa.ChunkedArray) -> pa.Array:
    return column.cast(pa.string()).combine_chunks()
