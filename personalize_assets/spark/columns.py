"""Columns of the outputs: how each is written as CSV and as parquet. Knows types, not meanings."""

# PySpark is where the job runs, not where this is checked.
# pyright: reportMissingImports=false

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from personalize_assets.spark.expressions import (
    Fault,
    first_fault,
    format_micros,
    micros_to_float,
    quote_csv,
)
from personalize_assets.spark.report import Field

LINE: Final = "_line"
RAW: Final = "_raw"
REASON: Final = "_reason"
TEXT: Final = "_text"
FIELDS: Final = "_fields"
"""Columns beside those of the outputs, whose names cannot begin so."""

PREVIEW_ROWS: Final = 10

Kind = Literal["string", "number id", "int32", "int64", "micros"]
"""Types while rows are on their way; ``number id`` and ``micros`` (whole millionths) are bigint."""

_STORED: Final[dict[Kind, tuple[str, str]]] = {
    "string": ("string", "string"),
    "number id": ("string", "string"),
    "int32": ("int", "int32"),
    "int64": ("bigint", "int64"),
    "micros": ("float", "float"),
}
"""Types in the outputs, as Spark and as pyarrow spell them."""


@dataclass(frozen=True)
class OutputColumn:
    """A column of the outputs.

    Attributes:
        name: As in the outputs.
        kind: Its type on the way.
        nullable: Whether a value may be missing.
    """

    name: str
    kind: Kind
    nullable: bool

    def csv(self) -> Column:
        """The value as text of CSV; empty where it is missing."""
        value = F.col(self.name)
        if self.kind == "string":
            text = quote_csv(value)
        else:
            text = format_micros(value) if self.kind == "micros" else value.cast("string")
        return F.coalesce(text, F.lit(""))

    def stored(self) -> Column:
        """The value as parquet has it."""
        value = F.col(self.name)
        stored_type, _ = _STORED[self.kind]
        stored = micros_to_float(value) if self.kind == "micros" else value.cast(stored_type)
        return stored.alias(self.name)

    def field(self) -> Field:
        """The column as the report names it."""
        return Field(self.name, _STORED[self.kind][1], self.nullable)


@dataclass(frozen=True)
class Judged:
    """Lines that have been looked at.

    Attributes:
        rows: ``_line``, ``_raw``, ``_reason`` (null where the line is valid), ``columns``.
        columns: Values on their way to the outputs, in their order.
    """

    rows: DataFrame
    columns: Sequence[OutputColumn]


def judge(
    rows: DataFrame,
    faults: Sequence[Fault],
    values: Sequence[tuple[OutputColumn, Column]],
    more: Sequence[Column] = (),
) -> Judged:
    """Give each row its reason and its values.

    Args:
        rows: With ``_line`` and ``_raw``.
        faults: In the order of ``Reason``.
        values: Each output's column and its value, which counts only in rows without a fault.
        more: Further columns.
    """
    judged = rows.select(
        LINE,
        RAW,
        first_fault(faults).alias(REASON),
        *(value.alias(column.name) for column, value in values),
        *more,
    )
    return Judged(judged, [column for column, _ in values])


def csv_line(columns: Sequence[OutputColumn]) -> Column:
    """A line of the CSV file, without its end."""
    parts: list[Column] = []
    for column in columns:
        parts += [F.lit(","), column.csv()]
    return F.concat(*parts[1:]).alias("value")
