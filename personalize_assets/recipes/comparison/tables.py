"""Read the CSV or parquet files of somebody who wants to know how recipes do on them.

Columns are found by their names, Amazon's or MovieLens's, and the roles of metadata by a rule (see
``_role``). A row that is not valid is an error that names the line: cleaning is another command's
work. Knows nothing of recipes.
"""

# pyarrow ships no types, and pyarrow.compute makes its functions when it is imported.
# pyright: standard, reportAttributeAccessIssue=false

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from personalize_assets.core.cleaning.definitions import MICROS, Reason
from personalize_assets.core.cleaning.events import NULL_MICROS
from personalize_assets.core.cleaning.fields import split_csv
from personalize_assets.core.columns import Columns
from personalize_assets.core.movielens.errors import RawDataError
from personalize_assets.core.schemas import Schema, SchemaField
from personalize_assets.core.tables import InteractionsTable, ItemsTable, UsersTable
from personalize_assets.core.tables.batches import Batch, read_batches
from personalize_assets.core.tables.checks import (
    Faulty,
    check_texts,
    check_timestamps,
    check_values,
)

MOVIELENS: Final[Mapping[str, str]] = {
    "userId": Columns.USER_ID,
    "movieId": Columns.ITEM_ID,
    "rating": Columns.EVENT_VALUE,
    "timestamp": Columns.TIMESTAMP,
    "title": Columns.TITLE,
    "genres": Columns.GENRES,
}
"""Columns of MovieLens, and what Amazon Personalize calls them."""

NAMES: Final = (Columns.TITLE, "NAME", "ITEM_NAME")
"""Columns that hold an item's name."""

_FEW_SHARE, _FEW = 10, 10
_NUMBER: Final = r"^-?\d+(?:\.\d+)?$"
_HEADER_BYTES: Final = 65_536


class TableError(ValueError):
    """A file cannot be used; the message says which, where in it, and what was wanted."""


@dataclass(frozen=True)
class Entities:
    """Items or users and what their columns are.

    Attributes:
        table: The id first; CREATION_TIMESTAMP int64, other numbers float64, all else strings.
        schema: Of an Items dataset; None of users.
        roles: What was made of each column but the id: ``numeric``, ``categorical``, ``textual``,
            ``name`` or ``plain`` (stored only); empty where a schema was given.
    """

    table: pa.Table
    schema: Schema | None
    roles: Mapping[str, str] = field(default_factory=dict)


def read_interactions(path: Path) -> pa.Table:
    """Read interactions.

    Args:
        path: With USER_ID, ITEM_ID, TIMESTAMP (epoch seconds) and perhaps EVENT_TYPE, EVENT_VALUE
            and more; or a MovieLens ``ratings.csv``, whose ratings become EVENT_VALUE.

    Returns:
        Ids dictionary-encoded, timestamps int64, values float64, all else strings.

    Raises:
        TableError: The file cannot be read, lacks a column, or has a row that is not valid.
    """
    required = (Columns.USER_ID, Columns.ITEM_ID, Columns.TIMESTAMP)
    columns = _find_columns(path, required)
    table = InteractionsTable(file=path.name, columns=columns)
    return _read(path, table, lambda batch: _interactions(batch, path.name))


def read_items(path: Path) -> Entities:
    """Read items: ITEM_ID, or MovieLens's movieId, and metadata.

    Raises:
        TableError: As for ``read_interactions``, or an item comes twice.
    """
    table, roles = _read_entities(path, Columns.ITEM_ID, ItemsTable)
    return Entities(table, _item_schema(roles), roles)


def read_users(path: Path) -> Entities:
    """Read users: USER_ID and metadata.

    Raises:
        TableError: As for ``read_interactions``, or a user comes twice.
    """
    table, roles = _read_entities(path, Columns.USER_ID, UsersTable)
    return Entities(table, None, roles)


def _find_columns(path: Path, required: Sequence[str]) -> dict[str, str]:
    """Columns of Amazon Personalize and what the file calls them.

    Raises:
        TableError: A required one is not there.
    """
    if path.suffix not in (".csv", ".parquet"):
        raise TableError(f"{path} must end in .csv or .parquet")
    try:
        header = _parquet_header(path) if path.suffix == ".parquet" else _csv_header(path)
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror or error}") from error
    except pa.ArrowInvalid as error:
        raise TableError(f"{path} is no readable parquet file: {error}") from error
    if not any(header):
        raise TableError(f"{path} is empty")
    found = {MOVIELENS.get(name, name.upper()): name for name in header}
    missing = [name for name in required if name not in found]
    if missing:
        raise TableError(
            f"{path} has no column {', '.join(missing)} (nor MovieLens's names for it); it has "
            f"{', '.join(header)}"
        )
    return {name: source for name, source in found.items() if _is_name(name)}


def _is_name(name: str) -> bool:
    return name[:1].isalpha() and name.replace("_", "").isalnum() and name.isascii()


def _parquet_header(path: Path) -> list[str]:
    return list(pq.read_schema(path).names)


def _csv_header(path: Path) -> list[str]:
    with path.open("rb") as stream:
        line = stream.readline(_HEADER_BYTES)
    names = split_csv(line.decode("utf-8-sig", errors="replace").rstrip("\r\n"), ",")
    return names or []


def _read(
    path: Path,
    table: InteractionsTable | ItemsTable | UsersTable,
    convert: Callable[[Batch], pa.Table],
) -> pa.Table:
    try:
        batches = read_batches(path, table)
        parts = []
        for batch in batches:
            for fault in batch.faults:
                raise TableError(f"{path.name} line {fault.line}: {fault.reason}")
            parts.append(convert(batch))
    except RawDataError as error:
        raise TableError(str(error)) from error
    if not parts:
        raise TableError(f"{path} has no rows")
    return pa.concat_tables(parts, promote_options="permissive").unify_dictionaries()


def _interactions(batch: Batch, name: str) -> pa.Table:
    columns = dict[str, pa.Array]()
    for column, values in batch.columns.items():
        if column in (Columns.USER_ID, Columns.ITEM_ID):
            columns[column] = _ids(values, column, batch, name).dictionary_encode()
        elif column == Columns.TIMESTAMP:
            seconds = check_timestamps(values, column)
            faults = (Faulty(Reason.MISSING, seconds.missing), *seconds.faults)
            _require_valid(faults, column, batch, name)
            columns[column] = pa.array(seconds.values)
        elif column == Columns.EVENT_VALUE:
            numbers = check_values(values, column)
            _require_valid(numbers.faults, column, batch, name)
            there = numbers.values != NULL_MICROS
            columns[column] = pa.array(numbers.values / MICROS, mask=~there)
        else:
            columns[column] = _nulls_for_empty(values.cast(pa.string())).dictionary_encode()
    return pa.table(columns)


def _ids(values: pa.Array, column: str, batch: Batch, name: str) -> pa.Array:
    texts = check_texts(values, column)
    faults = (Faulty(Reason.MISSING, texts.missing), Faulty(Reason.TEXT, texts.invalid))
    _require_valid(faults, column, batch, name)
    return texts.values


def _require_valid(faults: Sequence[Faulty], column: str, batch: Batch, name: str) -> None:
    for fault in faults:
        rows = np.flatnonzero(fault.rows)
        if len(rows):
            value = batch.columns[column][int(rows[0])].as_py()
            raise TableError(
                f"{name} line {batch.lines[rows[0]]}: {column} {value!r}: {fault.reason}"
                + (f" (and {len(rows) - 1} more such lines)" if len(rows) > 1 else "")
            )


def _read_entities(
    path: Path, key: str, kind: type[ItemsTable] | type[UsersTable]
) -> tuple[pa.Table, dict[str, str]]:
    columns = _find_columns(path, (key,))
    if not set(columns) - {key, Columns.CREATION_TIMESTAMP}:
        raise TableError(f"{path} has no metadata column beside {', '.join(columns.values())}")

    def convert(batch: Batch) -> pa.Table:
        ids = _ids(batch.columns[key], key, batch, path.name)
        others = {name: batch.columns[name] for name in columns if name != key}
        return pa.table({key: ids, **others})

    table = _read(path, kind(file=path.name, columns=columns), convert)
    if pc.count_distinct(table[key]).as_py() < len(table):
        counts = pc.value_counts(table[key].combine_chunks())
        twice = counts.filter(pc.greater(counts.field("counts"), 1))[0]["values"]
        raise TableError(f"{path}: {key} {twice.as_py()!r} comes more than once")
    roles = {name: _role(name, table[name]) for name in columns if name != key}
    typed = {name: _typed(name, table[name], roles[name]) for name in roles}
    return pa.table({key: table[key], **typed}), _with_one_text(roles, typed)


def _role(name: str, values: pa.ChunkedArray) -> str:
    """What a column is, by its values.

    Numbers where all values are numbers; the item's name by the column's own; categories where a
    value holds ``|`` or where at most ten, or a tenth as many as rows, are distinct; else text.
    """
    if name == Columns.CREATION_TIMESTAMP or not pa.types.is_string(values.type):
        return "numeric"
    there = values.filter(pc.not_equal(values, "")).drop_null()
    if len(there) and pc.all(pc.match_substring_regex(there, _NUMBER)).as_py():
        return "numeric"
    if name in NAMES:
        return "name"
    distinct = pc.count_distinct(there).as_py()
    if distinct <= max(_FEW, len(values) // _FEW_SHARE):
        return "categorical"
    return "categorical" if pc.any(pc.match_substring(there, "|")).as_py() else "textual"


def _typed(name: str, values: pa.ChunkedArray, role: str) -> pa.ChunkedArray:
    if pa.types.is_string(values.type):
        values = _nulls_for_empty(values)
    if role != "numeric":
        return values
    numbers = values.cast(pa.float64(), safe=False)
    return numbers.cast(pa.int64(), safe=False) if name == Columns.CREATION_TIMESTAMP else numbers


def _nulls_for_empty(values: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)


def _with_one_text(roles: dict[str, str], typed: Mapping[str, pa.ChunkedArray]) -> dict[str, str]:
    """Amazon allows one textual column: the one with the longest values; others are stored only."""
    texts = [name for name, role in roles.items() if role == "textual"]
    if not texts:
        return roles
    longest = max(texts, key=lambda name: pc.mean(pc.utf8_length(typed[name])).as_py() or 0)
    return {
        name: "plain" if role == "textual" and name != longest else role
        for name, role in roles.items()
    }


def _item_schema(roles: Mapping[str, str]) -> Schema:
    alone = "textual" not in roles.values()  # then the name is the only text there is
    fields = [SchemaField(Columns.ITEM_ID, "string")]
    named = False
    for name, role in roles.items():
        is_name = role == "name" and not named
        named |= is_name
        fields.append(
            SchemaField(
                name,
                _avro_type(name, role),
                nullable=True,
                categorical=role == "categorical",
                textual=role == "textual" or (is_name and alone),
                item_name=is_name,
            )
        )
    return Schema("ITEMS", None, tuple(fields))


def _avro_type(name: str, role: str) -> str:
    if role != "numeric":
        return "string"
    return "long" if name == Columns.CREATION_TIMESTAMP else "double"
