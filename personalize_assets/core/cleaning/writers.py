"""Writing cleaned rows: CSV as Amazon Personalize reads it, and parquet for everything else.

One rule of quoting for all CSV: a value is quoted only if it holds a comma, ``"``, a backslash or
an end of line, and inside quotes a backslash stands before ``"`` and backslash. Lines end with a
single newline. Knows columns and types, not what they mean.
"""

# pyarrow ships no types, and pyarrow.compute makes its functions when it is imported.
# pyright: standard, reportAttributeAccessIssue=false

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from personalize_assets.core.cleaning.blocks import Progress
from personalize_assets.core.cleaning.definitions import (
    CSV_SPECIAL_PATTERN,
    MICROS,
    format_micros,
)
from personalize_assets.core.cleaning.events import NULL_MICROS, Events
from personalize_assets.core.columns import Columns

CHUNK_ROWS: Final = 1 << 20
_WIDE_CHUNK_ROWS: Final = 1 << 15
_DICTIONARY_BYTES: Final = 16 << 20

DECIMAL: Final = pa.decimal128(15, 6)
"""How decimal metadata is held until it is written: exactly."""

_MILLION: Final = pa.scalar(Decimal(MICROS), pa.decimal128(7, 0))


def quote_csv(values: pa.Array) -> pa.Array:
    r"""Quote those strings that need it.

    >>> quote_csv(pa.array(["plain", "a,b", 'say "hi"', "back\\slash"])).to_pylist()
    ['plain', '"a,b"', '"say \\"hi\\""', '"back\\\\slash"']
    """
    special = pc.match_substring_regex(values, CSV_SPECIAL_PATTERN)
    if not pc.any(special).as_py():
        return values
    escaped = pc.replace_substring_regex(values, r'(["\\])', r"\\\1")
    quoted = pc.binary_join_element_wise('"', escaped, '"', "")
    return pc.if_else(special, quoted, values)


def format_column(values: pa.Array) -> pa.Array:
    """Write a column of strings, integers or decimals as CSV text; null becomes empty.

    Decimals get the shortest form with at least one digit after the point.
    """
    if isinstance(values, pa.ChunkedArray):
        values = pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], values.type)
    if pa.types.is_string(values.type):
        text = quote_csv(values)
    elif pa.types.is_decimal(values.type):
        text = pc.replace_substring_regex(values.cast(pa.string()), r"(\.\d+?)0+$", r"\1")
    else:
        text = values.cast(pa.string())
    return pc.fill_null(text, "")


def format_lines(columns: Sequence[pa.Array]) -> memoryview:
    """Join columns of CSV text to lines, each with its end."""
    ended = pc.binary_join_element_wise(columns[-1], "", "\n")
    lines = pc.binary_join_element_wise(*columns[:-1], ended, ",")
    offsets = np.frombuffer(lines.buffers()[1], dtype=np.int32)
    begin, end = offsets[lines.offset], offsets[lines.offset + len(lines)]
    return memoryview(lines.buffers()[2])[begin:end] if end > begin else memoryview(b"")


def write_table(table: pa.Table, csv: Path, parquet: Path) -> pa.Schema:
    """Write the rows of a small table to both files as they are ordered.

    Args:
        table: Columns of strings, integers or ``DECIMAL``.
        csv: Gets a header with the names of the columns.
        parquet: Snappy; decimals as float32, the type that Amazon Personalize has for them.

    Returns:
        The schema of the parquet file.
    """
    schema = stored_schema(table.schema)
    with csv.open("wb") as stream, parquet_writer(parquet, schema) as writer:
        _write_header(stream, schema)
        for batch in table.to_batches(max_chunksize=_WIDE_CHUNK_ROWS):
            stream.write(format_lines([format_column(column) for column in batch.columns]))
            stored = [stored_column(column) for column in batch.columns]
            writer.write_table(pa.table(stored, names=schema.names).cast(schema))
    return schema


def stored_schema(schema: pa.Schema) -> pa.Schema:
    """``schema`` with float32 for decimals."""
    return pa.schema(
        [
            field.with_type(pa.float32()) if pa.types.is_decimal(field.type) else field
            for field in schema
        ]
    )


def stored_column(values: pa.Array) -> pa.Array:
    """``values`` as parquet has them: decimals as the nearest float32.

    By way of whole millionths and doubles: of some decimals Arrow's own cast makes the float beside
    the nearest one.
    """
    if not pa.types.is_decimal(values.type):
        return values
    micros = pc.multiply(values, _MILLION).cast(pa.int64())
    return pc.divide(micros.cast(pa.float64()), float(MICROS)).cast(pa.float32())


def event_schema(events: Events) -> pa.Schema:
    """Columns of interactions as parquet has them and as Amazon Personalize wants them."""
    fields = [
        pa.field(Columns.USER_ID, pa.string(), nullable=False),
        pa.field(Columns.ITEM_ID, pa.string(), nullable=False),
        pa.field(Columns.TIMESTAMP, pa.int64(), nullable=False),
    ]
    if events.event is not None:
        fields.append(pa.field(Columns.EVENT_TYPE, pa.string(), nullable=False))
    if events.value is not None:
        fields.append(pa.field(Columns.EVENT_VALUE, pa.float32()))
    if events.extras is not None:
        fields.extend(stored_schema(events.extras.schema))
    return pa.schema(fields)


def write_events(events: Events, csv: Path, parquet: Path, progress: Progress) -> pa.Table:
    """Write events to both files as they are ordered.

    Returns:
        The first ten rows, as parquet has them.
    """
    schema = event_schema(events)
    encoded = _encoded(schema)
    preview = schema.empty_table()
    chunk_rows = CHUNK_ROWS if events.extras is None else _WIDE_CHUNK_ROWS
    names = [events.users, events.items, pa.array(events.event_types, pa.string())]
    quoted = [quote_csv(values) for values in names]
    with csv.open("wb") as stream, parquet_writer(parquet, encoded) as writer:
        _write_header(stream, schema)
        for start in range(0, len(events), chunk_rows):
            rows = slice(start, min(start + chunk_rows, len(events)))
            chunk, texts = _event_columns(events, rows, quoted)
            stream.write(format_lines(texts))
            writer.write_table(pa.Table.from_arrays(chunk, schema=encoded))
            if start == 0:
                preview = pa.table([column[:10] for column in chunk], encoded).cast(schema)
            progress("write", rows.stop)
    return preview


def _event_columns(
    events: Events, rows: slice, quoted: Sequence[pa.Array]
) -> tuple[list[pa.Array], list[pa.Array]]:
    """One chunk of events as columns for parquet and as columns of CSV text.

    ``quoted`` holds users, items and event types, ready for CSV.
    """
    timestamp = pa.array(events.timestamp[rows].astype(np.int64))
    user, item = pa.array(events.user[rows]), pa.array(events.item[rows])
    chunk = [
        pa.DictionaryArray.from_arrays(user, events.users),
        pa.DictionaryArray.from_arrays(item, events.items),
        timestamp,
    ]
    texts = [quoted[0].take(user), quoted[1].take(item), timestamp.cast(pa.string())]
    if events.event is not None:
        codes = pa.array(events.event[rows].astype(np.int32))
        chunk.append(pa.DictionaryArray.from_arrays(codes, list(events.event_types)))
        texts.append(quoted[2].take(codes))
    if events.value is not None:
        numbers, text = _values(events.value[rows])
        chunk.append(numbers)
        texts.append(text)
    if events.extras is not None:
        part = events.extras.slice(rows.start, rows.stop - rows.start).combine_chunks()
        for column in (whole for name in part.column_names for whole in part[name].chunks[:1]):
            texts.append(format_column(column))
            chunk.append(stored_column(column))
    return chunk, texts


def _values(micros: NDArray[np.integer]) -> tuple[pa.Array, pa.Array]:
    numbers = pa.array(
        (micros / MICROS).astype(np.float32),
        mask=micros == NULL_MICROS if micros.dtype == np.int64 else None,
    )
    distinct = pa.array(micros).dictionary_encode()
    texts = pa.array(
        "" if value == NULL_MICROS else format_micros(value)
        for value in distinct.dictionary.to_pylist()
    )
    return numbers, texts.take(distinct.indices)


def _encoded(schema: pa.Schema) -> pa.Schema:
    """``schema`` with dictionaries for the columns that ``Events`` holds as codes."""
    coded = {Columns.USER_ID, Columns.ITEM_ID, Columns.EVENT_TYPE}
    dictionary = pa.dictionary(pa.int32(), pa.string())
    return pa.schema(
        [field.with_type(dictionary) if field.name in coded else field for field in schema]
    )


def _write_header(stream: BinaryIO, schema: pa.Schema) -> None:
    stream.write((",".join(schema.names) + "\n").encode())


def parquet_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Open the parquet file of cleaned rows; every engine's is written by this one writer."""
    dictionaries = [name for name in schema.names if name != Columns.TIMESTAMP]
    # Without the schema of Arrow in the file, dictionaries are read back as plain strings.
    return pq.ParquetWriter(
        path,
        schema,
        compression="snappy",
        store_schema=False,
        use_dictionary=dictionaries,  # pyright: ignore[reportArgumentType]
        dictionary_pagesize_limit=_DICTIONARY_BYTES,
        # Those of ids cost more than all the rest of writing, and no reader could skip by them.
        write_statistics=[Columns.TIMESTAMP],  # pyright: ignore[reportArgumentType]
    )
