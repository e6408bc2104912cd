"""Counting what became of the lines, and what is written. Knows columns, not files."""

# PySpark is where the job runs, not where this is checked.
# pyright: reportMissingImports=false

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from personalize_assets.core.movielens.errors import RawDataError
from personalize_assets.spark.columns import LINE, RAW, REASON


@dataclass(frozen=True)
class Tally:
    """What became of the lines.

    Attributes:
        read: How many there were.
        reasons: Lines in quarantine by reason, the most frequent first, else the one seen first.
        sums: Of the valid lines, by name.
    """

    read: int
    reasons: Mapping[str, int]
    sums: Mapping[str, int]

    @property
    def quarantined(self) -> int:
        """Lines in quarantine."""
        return sum(self.reasons.values())


def count_lines(judged: DataFrame, read: int, sums: Mapping[str, Column]) -> Tally:
    """Count lines by reason, and add up ``sums`` of the valid ones.

    Raises:
        RuntimeError: There are not as many lines as there were when they were counted first.
    """
    groups = (
        judged.groupBy(REASON)
        .agg(
            F.count("*").alias("_lines"),
            F.min(LINE).alias("_first"),
            *(F.sum(column.cast("bigint")).alias(name) for name, column in sums.items()),
        )
        .collect()
    )
    found = sum(group["_lines"] for group in groups)
    if found != read:
        raise RuntimeError(
            f"{read} lines were counted, {found} read after that: the raw file was replaced while "
            "it was cleaned, or Spark cut it into other blocks; run the job again"
        )
    faulty = sorted(
        (group for group in groups if group[REASON] is not None),
        key=lambda group: (-group["_lines"], group["_first"]),
    )
    valid = [group for group in groups if group[REASON] is None]
    return Tally(
        read,
        {group[REASON]: group["_lines"] for group in faulty},
        {name: sum(group[name] or 0 for group in valid) for name in sums},
    )


def refuse_without_rows(judged: DataFrame, tally: Tally, message: str) -> None:
    """Refuse raw data of which no line is valid.

    Raises:
        RawDataError: ``message``, the commonest reason and the first line.
    """
    if tally.read > tally.quarantined:
        return
    if not tally.reasons:
        raise RawDataError(f"{message}: nothing was in quarantine")
    first = judged.orderBy(LINE).select(LINE, REASON, F.col(RAW).cast("binary")).head()
    reason, count = next(iter(tally.reasons.items()))
    shown = bytes(first[2])[:120].decode("utf-8", errors="replace")
    raise RawDataError(
        f"{message}: {tally.quarantined} in quarantine, {count} of them because: {reason}; the "
        f"first is line {first[0]}, {first[1]}: {shown!r}"
    )


def part_count(rows: int, rows_per_part: int) -> int:
    """How many parts make up a file."""
    return max(1, -(-rows // rows_per_part))


def as_rows(rows: Sequence[Sequence[object]]) -> list[list[object]]:
    """Rows of Spark as lists."""
    return [list(row) for row in rows]
