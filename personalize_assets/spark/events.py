"""From judged interactions to events: sample, rules, total order, duplicates.

Knows rules, not files or formats.
"""

# PySpark is where the job runs, not where this is checked.
# pyright: reportMissingImports=false

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from personalize_assets.core.cleaning.definitions import MODULUS, Reason
from personalize_assets.core.columns import Columns
from personalize_assets.spark.columns import LINE, REASON, Judged, OutputColumn
from personalize_assets.spark.expressions import mix31, string_number
from personalize_assets.spark.order import Order, Rules
from personalize_assets.spark.tally import Tally, count_lines, part_count

EVENTS: Final = "_events"
ROWS_PER_PART: Final = 1_000_000

_NOT_SAMPLED, _BELOW, _EXTRA, _EVENT_ROWS = "not_sampled", "below_rule", "extra_events", "events"


@dataclass(frozen=True)
class EventRows:
    """Events in their total order.

    Attributes:
        rows: Ordered, without duplicates, with ``columns``.
        columns: Columns of the outputs.
        tally: What became of the lines.
        before: Events before duplicates were dropped.
    """

    rows: DataFrame
    columns: Sequence[OutputColumn]
    tally: Tally
    before: int


def with_known_items(judged: Judged, items: DataFrame) -> Judged:
    """Send interactions with other items than ``items`` (column ITEM_ID) to quarantine."""
    kind = next(column.kind for column in judged.columns if column.name == Columns.ITEM_ID)
    known = items.select(
        F.col(Columns.ITEM_ID).cast("bigint" if kind == "int64" else "string").alias("_known")
    ).distinct()
    joined = judged.rows.join(known, F.col(Columns.ITEM_ID) == F.col("_known"), "left")
    reason = F.when(
        F.col(REASON).isNull() & F.col("_known").isNull(), F.lit(Reason.UNKNOWN_ITEM.value)
    ).otherwise(F.col(REASON))
    return Judged(joined.withColumn(REASON, reason).drop("_known"), judged.columns)


def with_events(judged: Judged, order: Order) -> Judged:
    """Add the types of the events that each line makes: ``_events``, null if not in the sample."""
    rules = order.rules
    is_kept = F.lit(True) if rules.fraction >= 1 else _is_kept(judged, rules.fraction)
    rows = judged.rows.withColumn(EVENTS, F.when(is_kept, _types(judged, order)))
    return Judged(rows, judged.columns)


def count_events(judged: Judged, read: int) -> Tally:
    """Count what becomes of the lines."""
    size = F.size(EVENTS)
    is_sampled = F.col(EVENTS).isNotNull()
    return count_lines(
        judged.rows,
        read,
        {
            _NOT_SAMPLED: ~is_sampled,
            _BELOW: is_sampled & (size == 0),
            _EXTRA: F.when(is_sampled & (size > 1), size - 1).otherwise(F.lit(0)),
            _EVENT_ROWS: F.when(is_sampled, size).otherwise(F.lit(0)),
        },
    )


def arrange(judged: Judged, tally: Tally, order: Order) -> EventRows:
    """Bring the events into their total order and keep one of those with equal key.

    One shuffle does it all: rows that are equal in the key are in one range of it.
    """
    columns = _columns(judged, order)
    names = [column.name for column in columns]
    valid = judged.rows.where(F.col(REASON).isNull())
    event = F.explode(EVENTS).alias(Columns.EVENT_TYPE)
    others = [name for name in names if name != Columns.EVENT_TYPE]
    typed = valid.select(LINE, *others, event)
    key = [
        name
        for name in (Columns.TIMESTAMP, Columns.USER_ID, Columns.ITEM_ID, Columns.EVENT_TYPE)
        if name in names
    ]
    first = [F.col(LINE)]
    if Columns.EVENT_VALUE in names:
        first.insert(0, F.col(Columns.EVENT_VALUE).desc_nulls_last())
    number = F.row_number().over(Window.partitionBy(*key).orderBy(*first))
    before = tally.sums[_EVENT_ROWS]
    ranged = typed.repartitionByRange(part_count(before, ROWS_PER_PART), *key)
    kept = ranged.withColumn("_number", number).where("_number = 1").orderBy(*key)
    return EventRows(kept.select(*names), columns, tally, before)


def _columns(judged: Judged, order: Order) -> list[OutputColumn]:
    columns = list(judged.columns)
    is_there = any(column.name == Columns.EVENT_TYPE for column in columns)
    if _has_types(order) and not is_there:
        columns.insert(3, OutputColumn(Columns.EVENT_TYPE, "string", nullable=False))
    return columns


def _has_types(order: Order) -> bool:
    table = order.table
    if table is None:
        return True
    by_column = Columns.EVENT_TYPE in table.columns
    return table.event_rules or table.event_type is not None or by_column


def _types(judged: Judged, order: Order) -> Column:
    """The types of the events of a line; one that is null where events have no type."""
    if order.table is None or order.table.event_rules:
        return _by_rules(order.rules)
    if order.table.event_type is not None:
        return F.array(F.lit(order.table.event_type))
    if any(column.name == Columns.EVENT_TYPE for column in judged.columns):
        return F.array(F.col(Columns.EVENT_TYPE))
    return F.array(F.lit(None).cast("string"))


def _by_rules(rules: Rules) -> Column:
    value = F.col(Columns.EVENT_VALUE)
    met = [
        F.when(value > rule.above_micros, F.lit(rule.event_type)).otherwise(F.lit(None))
        for rule in rules.events
    ]
    if rules.mode == "strongest":
        met = [F.coalesce(*met)]
    return F.array_compact(F.array(*met))


def _is_kept(judged: Judged, fraction: float) -> Column:
    kinds = {column.name: column.kind for column in judged.columns}

    def number(name: str) -> Column:
        return F.col(name) if kinds[name] == "int64" else string_number(F.col(name))

    return mix31(number(Columns.USER_ID), number(Columns.ITEM_ID)) < int(fraction * MODULUS)
