"""How the columns of a dataset look as Arrow: upper-case names, text dictionary-encoded.

Knows types, not values.
"""
# pyarrow has no types, and makes its compute functions at run time.
# pyright: standard, reportAttributeAccessIssue=false

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from personalize_assets.core.schemas import Schema

TEXT: Final = pa.dictionary(pa.int32(), pa.string())
ARROW_TYPES: Final[dict[str, pa.DataType]] = {
    "string": TEXT,
    "long": pa.int64(),
    "int": pa.int32(),
    "float": pa.float32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
}
"""By Avro type."""

IMPORTED_AT: Final = "_IMPORTED_AT"
"""Column of stored items, users and actions, beside the schema's: when a row came, in epoch
milliseconds; a file without it is older than every streamed record."""

ID_COLUMNS: Final = {
    "ITEMS": "ITEM_ID",
    "USERS": "USER_ID",
    "ACTIONS": "ACTION_ID",
}
"""The column that identifies a record, by dataset type."""


def arrow_schema(schema: Schema) -> pa.Schema:
    """The columns of a dataset's tables: upper-case names, in the schema's order."""
    return pa.schema(
        [pa.field(item.column, ARROW_TYPES[item.type], item.nullable) for item in schema.fields]
    )


def align(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Bring a table to some columns and types; columns that it lacks are null."""
    columns = [
        table[name].cast(kind)
        if name in table.column_names
        else pa.nulls(table.num_rows, pa.string()).dictionary_encode().cast(kind)
        if pa.types.is_dictionary(kind)
        else pa.nulls(table.num_rows, kind)
        for name, kind in zip(schema.names, schema.types, strict=True)
    ]
    return pa.table(columns, schema=schema)


def read_stored(path: str, schema: pa.Schema, filters: Any = None) -> pa.Table:
    """Read columns of a stored file; one written under an older schema lacks some, which are null.

    Args:
        path: Of the parquet file.
        schema: The columns wanted.
        filters: Which rows, as pyarrow's readers take it; None for all.
    """
    stored = frozenset(pq.read_schema(path).names)
    names = [name for name in schema.names if name in stored]
    return align(pq.read_table(path, columns=names, filters=filters), schema)


def text_array(values: Sequence[str | None]) -> pa.Array:
    """Strings as the text columns hold them."""
    return pa.array(values, pa.string()).dictionary_encode()


def value_array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Values of Python as a column of one of `ARROW_TYPES`."""
    return text_array(values) if pa.types.is_dictionary(kind) else pa.array(values, kind)
