"""Judging lines of MovieLens ratings. Knows what a line means, not which events it makes."""

# PySpark is where the job runs, not where this is checked.
# pyright: reportMissingImports=false

import re
from typing import Final

from pyspark.sql import Column
from pyspark.sql import functions as F

from personalize_assets.core.cleaning.definitions import (
    DECIMAL_PATTERN,
    ID_PATTERN,
    MAX_RATING_MICROS,
    MAX_TIMESTAMP,
    MILLISECONDS_PATTERN,
    MIN_RATING_MICROS,
    TIMESTAMP_PATTERN,
    Reason,
)
from personalize_assets.core.columns import Columns
from personalize_assets.core.movielens.formats import RATINGS
from personalize_assets.core.movielens.layouts import LayoutKind
from personalize_assets.spark.columns import FIELDS, RAW, Judged, OutputColumn, judge
from personalize_assets.spark.expressions import Fault, matches, split_plain, to_micros
from personalize_assets.spark.lines import RawLines

_PATTERNS: Final = (ID_PATTERN, ID_PATTERN, DECIMAL_PATTERN, TIMESTAMP_PATTERN)
_VALUES: Final = "_values"
_USER, _ITEM, _VALUE, _TIME = range(4)


def judge_ratings(lines: RawLines, layout: LayoutKind) -> Judged:
    """Read the valid ratings and explain every other line, but for items that are not known.

    The patterns allow ASCII alone, so that it does not matter how other bytes are decoded.
    """
    delimiter = RATINGS[layout].delimiter
    raw, fields = F.col(RAW), F.col(FIELDS)
    is_valid = matches(raw, re.escape(delimiter).join(_PATTERNS))
    split = lines.rows.select("*", split_plain(raw, delimiter).alias(FIELDS))
    values = F.struct(
        fields[_USER].cast("bigint").alias("user"),
        fields[_ITEM].cast("bigint").alias("item"),
        to_micros(fields[_VALUE]).alias("value"),
        fields[_TIME].cast("bigint").alias("time"),
    )
    read = split.select("*", F.when(is_valid, values).alias(_VALUES))
    known = F.col(_VALUES)
    return judge(
        read,
        _faults(known, fields),
        [
            (OutputColumn(Columns.USER_ID, "number id", nullable=False), known["user"]),
            (OutputColumn(Columns.ITEM_ID, "number id", nullable=False), known["item"]),
            (OutputColumn(Columns.TIMESTAMP, "int64", nullable=False), known["time"]),
            (OutputColumn(Columns.EVENT_VALUE, "micros", nullable=True), known["value"]),
        ],
    )


def _faults(known: Column, fields: Column) -> list[Fault]:
    wrong = known.isNull()
    value = known["value"]
    return [
        (Reason.EMPTY_LINE, wrong & (F.col(RAW) == "")),
        (Reason.FIELD_COUNT, wrong & (F.size(fields) != len(_PATTERNS))),
        (Reason.MISSING, wrong & F.array_contains(fields, "")),
        (Reason.USER_ID, wrong & ~matches(fields[_USER], ID_PATTERN)),
        (Reason.ITEM_ID, wrong & ~matches(fields[_ITEM], ID_PATTERN)),
        (Reason.VALUE, wrong & ~matches(fields[_VALUE], DECIMAL_PATTERN)),
        (Reason.TIMESTAMP_MS, wrong & matches(fields[_TIME], MILLISECONDS_PATTERN)),
        (Reason.TIMESTAMP, wrong),
        (Reason.TIMESTAMP_RANGE, known["time"] > MAX_TIMESTAMP),
        (Reason.RATING_RANGE, (value < MIN_RATING_MICROS) | (value > MAX_RATING_MICROS)),
    ]
