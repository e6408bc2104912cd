"""Judging lines of a CSV table of one's own. Knows what columns mean, not where rows go."""

# PySpark is where the job runs, not where this is checked.
# pyright: reportMissingImports=false

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from personalize_assets.core.cleaning.definitions import (
    INTEGER_PATTERN,
    MAX_ID_CHARACTERS,
    MAX_TEXT_CHARACTERS,
    MAX_TEXTUAL_CHARACTERS,
    MAX_TIMESTAMP,
    MILLISECONDS_PATTERN,
    SIGNED_DECIMAL_PATTERN,
    TIMESTAMP_PATTERN,
    Reason,
)
from personalize_assets.core.cleaning.fields import split_csv
from personalize_assets.core.columns import Columns
from personalize_assets.core.movielens.errors import RawDataError
from personalize_assets.spark.columns import FIELDS, RAW, TEXT, Judged, Kind, OutputColumn, judge
from personalize_assets.spark.expressions import (
    Fault,
    format_six_digits,
    is_bad_text,
    matches,
    split_quoted,
    to_micros,
)
from personalize_assets.spark.lines import CheckHeader, RawLines, with_text
from personalize_assets.spark.movies import FILLED, line_faults
from personalize_assets.spark.order import Table

_KINDS: Final[dict[str, Kind]] = {
    "string": "string",
    "text": "string",
    "int": "int32",
    "long": "int64",
    "float": "micros",
    "double": "micros",
}
_INT32_LOW, _INT32_HIGH = -(2**31), 2**31 - 1
_EVENT_COLUMNS: Final = (
    Columns.USER_ID,
    Columns.ITEM_ID,
    Columns.TIMESTAMP,
    Columns.EVENT_TYPE,
    Columns.EVENT_VALUE,
)


@dataclass(frozen=True)
class _Checked:
    """A column that has been looked at: its values, where they are missing, its other faults."""

    kind: Kind
    value: Column
    missing: Column
    faults: Sequence[Fault]


class TableHeader:
    """The names in the header of a table, once it has been read."""

    def __init__(self, table: Table, name: str) -> None:
        self._table = table
        self._name = name
        self.names: list[str] = []

    @property
    def check(self) -> CheckHeader:
        """Reads the header; raises RawDataError where it cannot be that of the table."""
        return self._read

    def _read(self, line: bytes) -> None:
        names = split_csv(line.decode("utf-8", errors="replace"), self._table.delimiter)
        if names is None:
            raise RawDataError(
                f"{self._name}: the quotes of its header do not match: {line[:200]!r}"
            )
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise RawDataError(f"{self._name} has columns of the same name: {', '.join(twice)}")
        missing = sorted(set(self._table.columns.values()) - set(names))
        if missing:
            raise RawDataError(
                f"{self._name} has no column {', '.join(missing)}; it has {', '.join(names)}"
            )
        self.names = names


def judge_table_interactions(lines: RawLines, table: Table, header: Sequence[str]) -> Judged:
    """Read the valid interactions and explain every other line, but for items not known."""
    rows, sources = _split(lines, table, header)
    users = _check_text(sources[Columns.USER_ID], MAX_ID_CHARACTERS, Reason.USER_ID)
    items = _check_text(sources[Columns.ITEM_ID], MAX_ID_CHARACTERS, Reason.ITEM_ID)
    times = _check_timestamp(sources[Columns.TIMESTAMP])
    missing = users.missing | items.missing | times.missing
    faults = [*users.faults, *items.faults]
    values = [
        (OutputColumn(Columns.USER_ID, "string", nullable=False), users.value),
        (OutputColumn(Columns.ITEM_ID, "string", nullable=False), items.value),
        (OutputColumn(Columns.TIMESTAMP, "int64", nullable=False), times.value),
    ]
    if Columns.EVENT_VALUE in table.columns:
        numbers = _check_decimal(sources[Columns.EVENT_VALUE], Reason.VALUE)
        faults += numbers.faults
        values.append((OutputColumn(Columns.EVENT_VALUE, "micros", nullable=True), numbers.value))
        if table.event_rules:
            missing = missing | numbers.missing
    faults += times.faults
    if Columns.EVENT_TYPE in table.columns:
        types = _check_text(sources[Columns.EVENT_TYPE], MAX_ID_CHARACTERS, Reason.EVENT_TYPE)
        missing = missing | types.missing
        faults += types.faults
        values.insert(3, (OutputColumn(Columns.EVENT_TYPE, "string", nullable=False), types.value))
    for name in (name for name in table.columns if name not in _EVENT_COLUMNS):
        checked = _check_metadata(sources[name], table.types.get(name, "string"))
        faults += checked.faults
        values.append((OutputColumn(name, checked.kind, nullable=True), checked.value))
    all_faults = [*line_faults(len(header)), (Reason.MISSING, missing), *faults]
    return judge(rows, all_faults, values)


def judge_table_entities(
    lines: RawLines, table: Table, header: Sequence[str], key: str, invalid: Reason
) -> Judged:
    """Read the valid items or users, whose id is ``key``, and explain every other line."""
    rows, sources = _split(lines, table, header)
    ids = _check_text(sources[key], MAX_ID_CHARACTERS, invalid)
    faults: list[Fault] = [(Reason.MISSING, ids.missing), *ids.faults]
    values = [(OutputColumn(key, "string", nullable=False), ids.value)]
    more: list[Column] = []
    for name in (name for name in table.columns if name != key):
        if name == Columns.CREATION_TIMESTAMP:
            checked = _check_timestamp(sources[name])
            column = OutputColumn(name, "int64", nullable=False)
            values.append((column, F.coalesce(checked.value, F.lit(0).cast("bigint"))))
            more.append(checked.missing.alias(f"{FILLED}{name}"))
        else:
            checked = _check_metadata(sources[name], table.types.get(name, "string"))
            if name == Columns.TITLE:
                column = OutputColumn(name, "string", nullable=False)
                values.append((column, F.coalesce(_as_text(checked), ids.value)))
                more.append(checked.missing.alias(f"{FILLED}{name}"))
            else:
                column = OutputColumn(name, checked.kind, nullable=True)
                values.append((column, checked.value))
        faults += checked.faults
    return judge(rows, [*line_faults(len(header)), *faults], values, more)


def _split(
    lines: RawLines, table: Table, header: Sequence[str]
) -> tuple[DataFrame, dict[str, Column]]:
    """The lines with their fields, and the field of each column of Amazon Personalize."""
    fields = F.when(F.col(RAW) != "", split_quoted(F.col(TEXT), table.delimiter))
    rows = with_text(lines, has_header=True).withColumn(FIELDS, fields)
    at = {name: header.index(source) for name, source in table.columns.items()}
    return rows, {name: F.get(F.col(FIELDS), F.lit(index)) for name, index in at.items()}


def _check_text(field: Column, max_characters: int, invalid: Reason) -> _Checked:
    missing = field == ""
    return _Checked("string", field, missing, [(invalid, is_bad_text(field, max_characters))])


def _check_timestamp(field: Column) -> _Checked:
    valid = matches(field, TIMESTAMP_PATTERN)
    value = F.when(valid, field.cast("bigint"))
    missing = field == ""
    faults = [
        (Reason.TIMESTAMP_MS, matches(field, MILLISECONDS_PATTERN)),
        (Reason.TIMESTAMP, ~valid & ~missing),
        (Reason.TIMESTAMP_RANGE, value > MAX_TIMESTAMP),
    ]
    return _Checked("int64", value, missing, faults)


def _check_decimal(field: Column, invalid: Reason) -> _Checked:
    valid = matches(field, SIGNED_DECIMAL_PATTERN)
    missing = field == ""
    value = F.when(valid, to_micros(field))
    return _Checked("micros", value, missing, [(invalid, ~valid & ~missing)])


def _check_metadata(field: Column, declared: str) -> _Checked:
    kind = _KINDS[declared]
    if kind == "string":
        limit = MAX_TEXTUAL_CHARACTERS if declared == "text" else MAX_TEXT_CHARACTERS
        checked = _check_text(field, limit, Reason.TEXT)
        return _Checked(kind, F.when(~checked.missing, field), checked.missing, checked.faults)
    if kind == "micros":
        return _check_decimal(field, Reason.METADATA)
    number = F.when(matches(field, INTEGER_PATTERN), field.cast("bigint"))
    valid = number.isNotNull()
    if kind == "int32":
        valid = valid & number.between(_INT32_LOW, _INT32_HIGH)
    missing = field == ""
    return _Checked(kind, number, missing, [(Reason.METADATA, ~valid & ~missing)])


def _as_text(checked: _Checked) -> Column:
    """A value as Arrow casts it to text: decimals with all of their six digits."""
    if checked.kind == "micros":
        return format_six_digits(checked.value)
    return checked.value.cast("string")
