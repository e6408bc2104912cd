"""One cleaning from its order to its report. Binds the parts; what they mean is known there."""

# PySpark is where the job runs, not where this is checked.
# pyright: reportMissingImports=false

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from personalize_assets.core.cleaning.definitions import Reason
from personalize_assets.core.columns import Columns
from personalize_assets.core.movielens.formats import MOVIES, RATINGS, USERS
from personalize_assets.spark.columns import (
    LINE,
    PREVIEW_ROWS,
    RAW,
    REASON,
    Judged,
    OutputColumn,
    csv_line,
)
from personalize_assets.spark.events import (
    EventRows,
    arrange,
    count_events,
    with_events,
    with_known_items,
)
from personalize_assets.spark.expressions import quarantine_line
from personalize_assets.spark.lines import exact_header, read_lines
from personalize_assets.spark.movies import FILLED, judge_movies, judge_users
from personalize_assets.spark.order import CSV_FOLDER, QUARANTINE_FOLDER, Order
from personalize_assets.spark.outputs import Outputs, to_uri
from personalize_assets.spark.ratings import judge_ratings
from personalize_assets.spark.report import Report
from personalize_assets.spark.tables import (
    TableHeader,
    judge_table_entities,
    judge_table_interactions,
)
from personalize_assets.spark.tally import (
    Tally,
    as_rows,
    count_lines,
    part_count,
    refuse_without_rows,
)

ENTITIES_PER_PART: Final = 250_000

Tell = Callable[[str], None]
"""Told what is going on."""


def clean(
    spark: SparkSession,
    order: Order,
    tell: Tell,
    clock: Callable[[], float] = time.monotonic,
) -> Report:
    """Carry out an order: write its outputs, the report last.

    Raises:
        RawDataError: The raw file cannot be used; nothing but the refusal is written.
    """
    started = clock()
    outputs = Outputs(spark, order)
    outputs.clear()
    try:
        if order.dataset == "interactions":
            report = _clean_interactions(spark, order, outputs, tell)
        else:
            report = _clean_entities(spark, order, outputs, tell)
        report = replace(report, parts=outputs.parts(), seconds=round(clock() - started, 3))
    finally:
        spark.catalog.clearCache()
    outputs.write_report(report)
    return report


def _judge(spark: SparkSession, order: Order) -> tuple[Judged, int]:
    """The lines of the raw file, looked at one by one, and how many there are."""
    if order.table is not None:
        return _judge_table(spark, order)
    assert order.layout is not None
    forms = {"interactions": RATINGS, "items": MOVIES, "users": USERS}
    judges = {"interactions": judge_ratings, "items": judge_movies, "users": judge_users}
    form = forms[order.dataset][order.layout]
    lines = read_lines(spark, order.raw, order.name, exact_header(order.name, form))
    return judges[order.dataset](lines, order.layout), lines.count


def _judge_table(spark: SparkSession, order: Order) -> tuple[Judged, int]:
    assert order.table is not None
    header = TableHeader(order.table, order.name)
    lines = read_lines(spark, order.raw, order.name, header.check)
    if order.dataset == "interactions":
        return judge_table_interactions(lines, order.table, header.names), lines.count
    key, invalid = (
        (Columns.ITEM_ID, Reason.ITEM_ID)
        if order.dataset == "items"
        else (Columns.USER_ID, Reason.USER_ID)
    )
    return judge_table_entities(lines, order.table, header.names, key, invalid), lines.count


def _clean_interactions(spark: SparkSession, order: Order, outputs: Outputs, tell: Tell) -> Report:
    judged, read = _judge(spark, order)
    if order.items is not None:
        items = spark.read.schema(f"{Columns.ITEM_ID} string").parquet(to_uri(order.items))
        judged = with_known_items(judged, items)
    judged = with_events(judged, order)
    judged = Judged(_kept_once(judged.rows), judged.columns)
    tally = count_events(judged, read, order)
    tell(f"{order.name}: {read:,} lines read, {tally.quarantined:,} in quarantine")
    what = "valid rating" if order.table is None else "valid row"
    refuse_without_rows(judged.rows, tally, f"{order.name} has no {what}")
    _write_quarantine(judged.rows, tally, outputs)
    events = arrange(judged, tally, order)
    rows = events.rows.persist()
    _write_rows(rows, events.columns, outputs)
    report = _report_interactions(rows, events, order, spark.version)
    tell(f"{order.name}: {report.accounts['written']:,} rows written")
    return report


def _report_interactions(rows: DataFrame, events: EventRows, order: Order, spark: str) -> Report:
    per_user = rows.groupBy(Columns.USER_ID).agg(
        F.count("*").alias("_rows"),
        F.min(Columns.TIMESTAMP).alias("_first"),
        F.max(Columns.TIMESTAMP).alias("_last"),
    )
    ((written, users, repeated, first, last),) = per_user.agg(
        F.coalesce(F.sum("_rows"), F.lit(0)),
        F.count("*"),
        F.count(F.when(F.col("_rows") >= 2, 1)),
        F.min("_first"),
        F.max("_last"),
    ).collect()
    tally = events.tally
    sums = {name: count for name, count in tally.sums.items() if name != "events"}
    report = _report(rows, events.columns, tally, written, events.before - written, sums, spark)
    return replace(
        report,
        users=users,
        items=rows.select(Columns.ITEM_ID).distinct().count(),
        users_with_two_or_more=repeated,
        event_counts=_event_counts(rows, events.columns, order),
        min_timestamp=first,
        max_timestamp=last,
    )


def _event_counts(rows: DataFrame, columns: Sequence[OutputColumn], order: Order) -> dict[str, int]:
    """Rows by event type, ordered by the bytes of the name; 0 for what rules never made."""
    if all(column.name != Columns.EVENT_TYPE for column in columns):
        return {}
    counts: dict[str, int] = {}
    if order.table is None or order.table.event_rules:
        counts = dict.fromkeys((rule.event_type for rule in order.rules.events), 0)
    elif order.table.event_type is not None:
        counts = {order.table.event_type: 0}
    found = rows.groupBy(Columns.EVENT_TYPE).count().collect()
    counts |= {row[0]: row[1] for row in found}
    return dict(sorted(counts.items(), key=lambda entry: entry[0].encode()))


def _clean_entities(spark: SparkSession, order: Order, outputs: Outputs, tell: Tell) -> Report:
    judged, read = _judge(spark, order)
    rows = _kept_once(judged.rows)
    filled = [name for name in rows.columns if name.startswith(FILLED)]
    tally = count_lines(rows, read, {name: F.col(name) for name in filled})
    tell(f"{order.name}: {read:,} lines read, {tally.quarantined:,} in quarantine")
    kinds = {"items": "valid movie", "users": "valid user"}
    what = kinds[order.dataset] if order.table is None else "valid row"
    refuse_without_rows(rows, tally, f"{order.name} has no {what}")
    _write_quarantine(rows, tally, outputs)
    valid = tally.read - tally.quarantined
    cleaned = _last_of_each(rows, judged.columns, valid).persist()
    _write_rows(cleaned, judged.columns, outputs)
    written, missing = _count_missing(cleaned, judged.columns)
    tell(f"{order.name}: {written:,} rows written")
    report = _report(cleaned, judged.columns, tally, written, valid - written, {}, spark.version)
    missing |= {name.removeprefix(FILLED): count for name, count in tally.sums.items()}
    return replace(report, ids=written, missing=missing)


def _last_of_each(rows: DataFrame, columns: Sequence[OutputColumn], valid: int) -> DataFrame:
    """The last line of each id, in the order of the ids."""
    key = columns[0].name
    number = F.row_number().over(Window.partitionBy(key).orderBy(F.desc(LINE)))
    ranged = rows.where(F.col(REASON).isNull()).repartitionByRange(
        part_count(valid, ENTITIES_PER_PART), key
    )
    kept = ranged.withColumn("_number", number).where("_number = 1").orderBy(key)
    return kept.select(*(column.name for column in columns))


def _count_missing(rows: DataFrame, columns: Sequence[OutputColumn]) -> tuple[int, dict[str, int]]:
    """How many rows there are, and in how many of them each column that may be empty is."""
    names = [column.name for column in columns if column.nullable]
    counts = (F.count(F.when(F.col(name).isNull(), 1)) for name in names)
    ((written, *missing),) = rows.agg(F.count("*"), *counts).collect()
    return written, dict(zip(names, missing, strict=True))


def _kept_once(rows: DataFrame) -> DataFrame:
    """``rows``, held for the passes over them; the text of valid lines is needed no more."""
    raw = F.when(F.col(REASON).isNotNull(), F.col(RAW)).alias(RAW)
    others = [name for name in rows.columns if name != RAW]
    return rows.select(raw, *others).persist()


def _write_quarantine(rows: DataFrame, tally: Tally, outputs: Outputs) -> None:
    if tally.quarantined == 0:
        return
    faulty = rows.where(F.col(REASON).isNotNull()).select(LINE, REASON, RAW).orderBy(LINE)
    line = quarantine_line(F.col(LINE), F.col(REASON), F.col(RAW))
    outputs.write_lines(QUARANTINE_FOLDER, faulty.select(line.alias("value")))


def _write_rows(rows: DataFrame, columns: Sequence[OutputColumn], outputs: Outputs) -> None:
    outputs.write_parquet(rows.select(*(column.stored() for column in columns)))
    outputs.write_lines(CSV_FOLDER, rows.select(csv_line(columns)))


def _report(
    rows: DataFrame,
    columns: Sequence[OutputColumn],
    tally: Tally,
    written: int,
    duplicates: int,
    sums: dict[str, int],
    spark: str,
) -> Report:
    first: list[Any] = rows.select(*(column.stored() for column in columns)).take(PREVIEW_ROWS)
    none_of_them = dict.fromkeys(("below_rule", "not_sampled", "extra_events"), 0)
    return Report(
        header=",".join(column.name for column in columns),
        schema=[column.field() for column in columns],
        accounts={
            "read": tally.read,
            "written": written,
            "duplicates": duplicates,
            "quarantined": tally.quarantined,
            **none_of_them,
            **sums,
        },
        reasons=dict(tally.reasons),
        preview=as_rows(first),
        parts={},
        seconds=0.0,
        spark=spark,
    )
