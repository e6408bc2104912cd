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
        F.col(Columns.ITEM_ID).cast("bigint" if kind == "number id" else "string").alias("_known")
    ).distinct()
    joined = judged.rows.join(known, F.col(Columns.ITEM_ID) == F.col("_known"), "left")
    reason = F.when(
        F.col(REASON).isNull() & F.col("_known").isNull(), F.lit(Reason.UNKNOWN_ITEM.value)
    ).otherwise(F.col(REASON))
    return Judged(joined.withColumn(REASON, reason).drop("_known"), judged.columns)


def with_events(judged: Judged, order: Order) -> Judged:
    """Add how many events each line makes: ``_events``, null where it is not in the sample.

    Of rules it is how many it meets: who meets one meets all with lower bounds.
    """
    is_kept = F.lit(True) if order.rules.fraction >= 1 else _is_kept(judged, order.rules.fraction)
    met = _rules_met(order.rules) if _by_rules(order) else F.lit(1)
    rows = judged.rows.withColumn(EVENTS, F.when(is_kept, met))
    return Judged(rows, judged.columns)


def count_events(judged: Judged, read: int, order: Order) -> Tally:
    """Count what becomes of the lines."""
    events = F.col(EVENTS)
    if not _makes_all(order):
        events = F.when(events > 1, F.lit(1)).otherwise(events)
    is_sampled = events.isNotNull()
    return count_lines(
        judged.rows,
        read,
        {
            _NOT_SAMPLED: ~is_sampled,
            _BELOW: is_sampled & (events == 0),
            _EXTRA: F.greatest(events - 1, F.lit(0)),
            _EVENT_ROWS: F.coalesce(events, F.lit(0)),
        },
    )


def arrange(judged: Judged, tally: Tally, order: Order) -> EventRows:
    """Bring the events into their total order and keep one of those with equal key.

    One shuffle does it all: rows that are equal in the key are in one range of it.
    """
    columns = _columns(judged, order)
    names = [column.name for column in columns]
    valid = judged.rows.where(F.col(REASON).isNull() & (F.col(EVENTS) > 0))
    others = [name for name in names if name != Columns.EVENT_TYPE]
    types = [] if len(others) == len(names) else [_event_type(order).alias(Columns.EVENT_TYPE)]
    typed = valid.select(LINE, *others, *types)
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


def _by_rules(order: Order) -> bool:
    return order.table is None or order.table.event_rules


def _makes_all(order: Order) -> bool:
    return _by_rules(order) and order.rules.mode == "all"


def _rules_met(rules: Rules) -> Column:
    value, count = F.col(Columns.EVENT_VALUE), len(rules.events)
    met = F.when(value > rules.events[0].above_micros, F.lit(count))
    for at, rule in enumerate(rules.events[1:], start=1):
        met = met.when(value > rule.above_micros, F.lit(count - at))
    return met.otherwise(F.lit(0))


def _event_type(order: Order) -> Column:
    """The type of the event of a line, or in mode ``all`` a row for each of its types."""
    if not _by_rules(order):
        constant = None if order.table is None else order.table.event_type
        return F.col(Columns.EVENT_TYPE) if constant is None else F.lit(constant)
    weakest_first = F.array(*(F.lit(rule.event_type) for rule in reversed(order.rules.events)))
    met = F.col(EVENTS)
    if order.rules.mode == "strongest":
        return F.element_at(weakest_first, met)
    return F.explode(F.slice(weakest_first, F.lit(1), met))


def _is_kept(judged: Judged, fraction: float) -> Column:
    kinds = {column.name: column.kind for column in judged.columns}

    def number(name: str) -> Column:
        return F.col(name) if kinds[name] == "number id" else string_number(F.col(name))

    return mix31(number(Columns.USER_ID), number(Columns.ITEM_ID)) < int(fraction * MODULUS)
