"""Rows of a table in batches: CSV as text columns, parquet with its own types.

A CSV line without quotes is split by Arrow, one with quotes by ``text_lines``; both follow the same
definition of a line. Knows which columns are wanted, not what they mean.
"""

# pyarrow ships no types, and pyarrow.compute makes its functions when it is imported.
# pyright: standard, reportAttributeAccessIssue=false

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from personalize_assets.core.cleaning.blocks import read_blocks
from personalize_assets.core.cleaning.definitions import Reason
from personalize_assets.core.cleaning.fields import split_csv
from personalize_assets.core.cleaning.lines import Lines
from personalize_assets.core.cleaning.quarantine import Fault
from personalize_assets.core.cleaning.text_lines import split_line
from personalize_assets.core.movielens.errors import RawDataError
from personalize_assets.core.movielens.formats import FileFormat
from personalize_assets.core.tables.declaration import InteractionsTable, ItemsTable, UsersTable

PARQUET_BATCH_ROWS: Final = 1 << 17

AnyTable = InteractionsTable | ItemsTable | UsersTable


@dataclass(frozen=True)
class Batch:
    """Some rows of a table.

    Attributes:
        columns: Values by column of Amazon Personalize; from CSV all strings, empty for no value.
        lines: Number of each row: of its line in CSV (the header counts), or 1-based in parquet.
        text: The raw bytes of a row for quarantine, by its index here.
        faults: Lines between these rows that are no rows.
    """

    columns: Mapping[str, pa.Array]
    lines: NDArray[np.int64]
    text: Callable[[int], bytes]
    faults: Sequence[Fault] = ()


def read_batches(path: Path, table: AnyTable) -> Iterator[Batch]:
    """Read the mapped columns of a file.

    Raises:
        RawDataError: The file is missing, empty or unreadable, or lacks a mapped column.
    """
    if not path.is_file():
        raise RawDataError(f"{table.file} is missing: {path} is no file")
    return _parquet_batches(path, table) if table.is_parquet else _csv_batches(path, table)


def _parquet_batches(path: Path, table: AnyTable) -> Iterator[Batch]:
    wanted = list(dict.fromkeys(table.columns.values()))
    try:
        with pq.ParquetFile(path) as file:
            _require_columns(file.schema_arrow.names, table)
            first = 1
            for rows in file.iter_batches(batch_size=PARQUET_BATCH_ROWS, columns=wanted):
                yield _parquet_batch(rows, first, table)
                first += rows.num_rows
    except pa.ArrowInvalid as error:
        raise RawDataError(f"{table.file} is no readable parquet file: {error}") from error


def _parquet_batch(rows: pa.RecordBatch, first: int, table: AnyTable) -> Batch:
    def text(row: int) -> bytes:
        values: dict[str, Any] = rows.slice(row, 1).to_pylist()[0]
        return json.dumps(values, default=str, ensure_ascii=False).encode()

    return Batch(
        columns={name: _plain(rows[source]) for name, source in table.columns.items()},
        lines=np.arange(first, first + rows.num_rows),
        text=text,
    )


def _plain(column: pa.Array) -> pa.Array:
    """Undo dictionaries and the large and view forms of strings."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    is_text = pa.types.is_large_string(kind) or kind == pa.string_view()
    return column.cast(pa.string()) if is_text else column


def _csv_batches(path: Path, table: AnyTable) -> Iterator[Batch]:
    header: list[str] = []

    def check_header(line: bytes) -> None:
        header.extend(_header_names(line, table))

    with path.open("rb") as stream:
        for block in read_blocks(stream, table.file, check_header):
            form = FileFormat(table.delimiter, tuple(header), has_header=True, quoted=True)
            yield _csv_batch(Lines(block), form, table)


def _header_names(line: bytes, table: AnyTable) -> list[str]:
    names = split_csv(line.decode("utf-8", errors="replace"), table.delimiter)
    if names is None:
        raise RawDataError(f"{table.file}: the quotes of its header do not match: {line[:200]!r}")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RawDataError(f"{table.file} has columns of the same name: {', '.join(twice)}")
    _require_columns(names, table)
    return names


def _require_columns(names: Sequence[str], table: AnyTable) -> None:
    missing = sorted(set(table.columns.values()) - set(names))
    if missing:
        raise RawDataError(
            f"{table.file} has no column {', '.join(missing)}; it has {', '.join(names)}"
        )


def _csv_batch(lines: Lines, form: FileFormat, table: AnyTable) -> Batch:
    is_simple = lines.matching(_simple_pattern(form)) & ~lines.not_utf8()
    simple = np.flatnonzero(is_simple)
    others: list[tuple[int, list[str]]] = []
    faults: list[Fault] = []
    for index in np.flatnonzero(~is_simple).tolist():
        fields = split_line(lines.text(index), "utf-8", form)
        if isinstance(fields, Reason):
            faults.append(Fault(lines.number(index), fields, lines.text(index)))
        else:
            others.append((index, fields))
    indices = np.concatenate([simple, np.array([index for index, _ in others], dtype=np.int64)])
    sources = list(dict.fromkeys(table.columns.values()))
    parsed = _parse_simple(lines.without(np.flatnonzero(~is_simple)), form, sources)
    columns = {source: parsed[source].combine_chunks() for source in sources}
    if others:
        order = pa.array(np.argsort(indices))
        indices = np.sort(indices)
        for source, column in columns.items():
            at = form.columns.index(source)
            more = pa.array([fields[at] for _, fields in others], pa.string())
            columns[source] = pa.concat_arrays([*_chunks(column), more]).take(order)
    return Batch(
        columns={name: _whole(columns[source]) for name, source in table.columns.items()},
        lines=lines.first_line + indices,
        text=lambda row: lines.text(int(indices[row])),
        faults=faults,
    )


def _simple_pattern(form: FileFormat) -> str:
    field = f'[^{_escaped(form.delimiter)}"\\r\\n]*'
    more = len(form.columns) - 1
    # RE2 allows at most 1,000 repetitions; a wider table is split line by line.
    return f"{field}(?:{_escaped(form.delimiter)}{field}){{{more}}}" if more <= 1000 else r"[^\s\S]"


def _escaped(delimiter: str) -> str:
    return {"|": r"\|", "\t": r"\t"}.get(delimiter, delimiter)


def _parse_simple(data: bytes, form: FileFormat, sources: list[str]) -> pa.Table:
    if not data:
        return pa.table({source: pa.array([], pa.string()) for source in sources})
    return pv.read_csv(
        pa.BufferReader(data),
        read_options=pv.ReadOptions(column_names=list(form.columns)),
        parse_options=pv.ParseOptions(
            delimiter=form.delimiter, quote_char=False, ignore_empty_lines=False
        ),
        convert_options=pv.ConvertOptions(
            include_columns=sources, column_types=dict.fromkeys(form.columns, pa.string())
        ),
    )


def _chunks(column: pa.Array | pa.ChunkedArray) -> list[pa.Array]:
    return column.chunks if isinstance(column, pa.ChunkedArray) else [column]


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    chunks = _chunks(column)
    return pa.concat_arrays(chunks) if chunks else pa.array([], column.type)
