"""CSV files as Amazon Personalize reads them, turned into Arrow tables of a schema.

Header names are matched without regard to case, further columns are ignored, text is UTF-8 in
double quotes with backslash escapes, and each record is one line. The first value that does not
fit fails the whole file: the guide promises no other treatment, and a silent loss helps nobody.
Knows nothing of S3 or of what the columns mean beyond the schema's types.
"""
# pyarrow has no types, and makes its compute functions at run time.
# pyright: standard, reportAttributeAccessIssue=false

import csv
import io
from collections.abc import Sequence
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from personalize_assets.core.names import (
    MAX_ID_LENGTH,
    MAX_STRING_LENGTH,
    MAX_TEXT_LENGTH,
    MAX_TIMESTAMP,
)
from personalize_assets.core.schemas import NUMBERS, Schema, SchemaField
from personalize_assets.engine.data.columns import ARROW_TYPES, TEXT, arrow_schema

_BLOCK_BYTES: Final = 8 << 20
_HEADER_BYTES: Final = 64 << 10
_WHOLE: Final = r"^-?\d{1,18}$"
_DECIMAL: Final = r"^-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$"
_IDS: Final = frozenset({"USER_ID", "ITEM_ID", "ACTION_ID"})
_TIMES: Final = frozenset({"TIMESTAMP", "CREATION_TIMESTAMP"})


class CsvError(ValueError):
    """A file cannot be read; the message names the file, the record and what was wrong."""


class MissingColumns(CsvError):
    """The header lacks columns of the schema.

    Attributes:
        columns: Which.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        super().__init__(f"Input CSV is missing the following columns:[{', '.join(columns)}].")
        self.columns = tuple(columns)


def read_csv(source: BinaryIO, name: str, schema: Schema) -> pa.Table:
    """Read one CSV file.

    Args:
        source: The bytes.
        name: What messages call the file.
        schema: Types, and which values may be empty.

    Returns:
        A table with the columns of `columns.arrow_schema`; strings are dictionary-encoded.

    Raises:
        CsvError: Something does not fit.
    """
    header, rest = _read_header(source, name)
    positions = _find_columns(header, schema, name)
    batches: list[pa.RecordBatch] = []
    n_records = 0
    for batch in _open(_Joined(rest, source), header, positions, schema, name):
        _check_line_ends(batch, name, n_records)
        columns = [
            _convert(batch.column(str(positions[item.column])), item, name, n_records)
            for item in schema.fields
        ]
        batches.append(pa.record_batch(columns, schema=arrow_schema(schema)))
        n_records += batch.num_rows
    return pa.Table.from_batches(batches, arrow_schema(schema))


class _Joined(io.RawIOBase):
    """The bytes read ahead, then those of the source."""

    def __init__(self, first: bytes, source: BinaryIO) -> None:
        self._first = first
        self._source = source

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        # Arrow takes a short read for a whole block, in which at least one record must end.
        parts = [self._first] if size < 0 else [self._first[:size]]
        self._first = self._first[len(parts[0]) :]
        missing = size - len(parts[0])
        while size < 0 or missing > 0:
            part = self._source.read(missing) if size >= 0 else self._source.read()
            if not part:
                break
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)


def _read_header(source: BinaryIO, name: str) -> tuple[list[str], bytes]:
    data = b""
    while b"\n" not in data and len(data) < _HEADER_BYTES:
        more = source.read(_HEADER_BYTES)
        if not more:
            break
        data += more
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise CsvError(f"{name} is UTF-16; CSV files must be UTF-8")
    line, _, rest = data.partition(b"\n")
    try:
        text = line.decode("utf-8-sig").rstrip("\r")
    except UnicodeDecodeError as error:
        raise CsvError(f"the header of {name} is not UTF-8: {error}") from None
    if not text.strip():
        raise CsvError(f"{name} is empty: the first line must hold the names of the columns")
    return next(csv.reader([text], escapechar="\\")), rest


def _find_columns(header: list[str], schema: Schema, name: str) -> dict[str, int]:
    positions: dict[str, int] = {}
    for index, column in enumerate(header):
        upper = column.strip().upper()
        if upper in schema.columns and upper in positions:
            raise CsvError(f"{name} has the column {upper} more than once")
        positions[upper] = index
    missing = [column for column in schema.columns if column not in positions]
    if missing:
        raise MissingColumns(missing)
    return {column: positions[column] for column in schema.columns}


def _open(
    source: _Joined, header: list[str], positions: dict[str, int], schema: Schema, name: str
) -> Any:
    # Whole numbers are mostly distinct; everything else repeats, so that checks of a dictionary
    # look at each value once.
    plain = {str(positions[item.column]) for item in schema.fields if item.type in ("long", "int")}
    names = [str(index) for index in range(len(header))]
    bad: list[Any] = []

    def refuse(row: Any) -> str:
        bad.append(row)
        return "error"

    try:
        yield from pacsv.open_csv(
            pa.PythonFile(source, mode="r"),
            read_options=pacsv.ReadOptions(column_names=names, block_size=_BLOCK_BYTES),
            parse_options=pacsv.ParseOptions(
                escape_char="\\",
                double_quote=True,
                newlines_in_values=True,
                invalid_row_handler=refuse,
            ),
            convert_options=pacsv.ConvertOptions(
                column_types={column: pa.string() if column in plain else TEXT for column in names},
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV file" in str(error):
            return
        if bad:
            raise CsvError(
                f"a record of {name} has {bad[0].actual_columns} columns, the header has "
                f"{bad[0].expected_columns}: {bad[0].text[:200]!r}"
            ) from None
        raise CsvError(f"{name} cannot be read: {error}") from None


def _check_line_ends(batch: pa.RecordBatch, name: str, before: int) -> None:
    for column in batch.columns:
        broken = pc.match_substring_regex(_values(column), "[\r\n]")
        if pc.any(broken).as_py():
            where = _first(_spread(column, broken))
            raise CsvError(
                f"record {before + where + 1} of {name} goes over the end of a line, probably from "
                f"a stray quote: {_excerpt(column, where)}"
            )


def _convert(column: Any, item: SchemaField, name: str, before: int) -> pa.Array:
    if column.null_count and not item.nullable:
        where = _first(column.is_null())
        raise CsvError(f"record {before + where + 1} of {name}: {item.column} is empty")
    if item.type == "string":
        return _convert_text(column, item, name, before)
    if item.type in NUMBERS:
        return _convert_number(column, item, name, before)
    lowered = pc.utf8_lower(_values(column))
    _require(pc.is_in(lowered, pa.array(["true", "false", "1", "0"])), column, item, name, before)
    return _spread(column, pc.is_in(lowered, pa.array(["true", "1"])))


def _convert_text(column: Any, item: SchemaField, name: str, before: int) -> pa.Array:
    if item.textual:
        cut = pc.utf8_slice_codeunits(column.dictionary, 0, MAX_TEXT_LENGTH)
        return pa.DictionaryArray.from_arrays(column.indices, cut)
    most = MAX_ID_LENGTH if item.column in _IDS else MAX_STRING_LENGTH
    too_long = pc.greater(pc.utf8_length(column.dictionary), most)
    if pc.any(too_long).as_py():
        where = _first(_spread(column, too_long))
        raise CsvError(
            f"Length cannot be more than {most} characters for {item.column}. Record "
            f"{before + where + 1} of {name}: {_excerpt(column, where)}"
        )
    return column


def _convert_number(column: Any, item: SchemaField, name: str, before: int) -> pa.Array:
    whole = item.type in ("long", "int")
    values = _values(column)
    fits = pc.match_substring_regex(values, _WHOLE if whole else _DECIMAL)
    _require(fits, column, item, name, before)
    numbers = values.cast(pa.int64() if whole else pa.float64())
    if item.type == "int":
        inside = pc.less_equal(pc.abs(numbers), 2**31 - 1)
        _require(inside, column, item, name, before)
    if item.column in _TIMES:
        _check_times(numbers, column, item, name, before)
    return _spread(column, numbers.cast(ARROW_TYPES[item.type]))


def _check_times(numbers: Any, column: Any, item: SchemaField, name: str, before: int) -> None:
    late = pc.greater(numbers, MAX_TIMESTAMP)
    if pc.any(late).as_py():
        where = _first(_spread(column, late))
        raise CsvError(
            f"record {before + where + 1} of {name}: {item.column} must be in seconds since "
            f"1970-01-01; {_excerpt(column, where)} looks like milliseconds"
        )
    if item.column == "TIMESTAMP":
        _require(pc.greater_equal(numbers, 0), column, item, name, before)


def _require(fits: Any, column: Any, item: SchemaField, name: str, before: int) -> None:
    if pc.all(fits).as_py() is not False:
        return
    where = _first(_spread(column, pc.invert(fits)))
    raise CsvError(
        f"record {before + where + 1} of {name}: {item.column} must be a value of type "
        f"{item.type}, got {_excerpt(column, where)}"
    )


def _values(column: Any) -> Any:
    """The values to look at: of a dictionary each once."""
    return column.dictionary if pa.types.is_dictionary(column.type) else column


def _spread(column: Any, values: Any) -> Any:
    """Bring what was computed for `_values` to the rows."""
    return values.take(column.indices) if pa.types.is_dictionary(column.type) else values


def _first(mask: Any) -> int:
    return pc.index(pc.fill_null(mask, False), True).as_py()


def _excerpt(column: Any, where: int) -> str:
    return repr(column[where].as_py()[:80])
