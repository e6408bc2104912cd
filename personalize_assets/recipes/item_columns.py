"""What the columns of a dataset are for, carried along in the fields of an arrow schema.

Recipes learn from categories and read texts, but an arrow table tells only strings. Whoever knows
the dataset's Avro schema marks the table before training. Knows no recipe and no files.
"""

# pyarrow has no types.
# pyright: standard

from typing import Final, Literal

import pyarrow as pa

from personalize_assets.core.columns import Columns
from personalize_assets.core.schemas import Schema

Role = Literal["categorical", "textual", "itemName"]

_ROLES: Final[tuple[Role, ...]] = ("categorical", "textual", "itemName")
_MARKED: Final = b"personalize"
_NO_FEATURES: Final = frozenset({Columns.ITEM_ID, Columns.USER_ID})


def with_roles(table: pa.Table, schema: Schema) -> pa.Table:
    """Mark the columns of a dataset with what its schema says of them.

    Args:
        table: Columns named as in the schema, in any case; others stay without a mark.
        schema: Of the dataset.
    """
    fields = []
    for column in table.schema:
        declared = schema.field(column.name)
        marks: dict[bytes | str, bytes | str] = {_MARKED: b""}
        if declared is not None:
            flags = (declared.categorical, declared.textual, declared.item_name)
            marks |= {role: "true" for role, flag in zip(_ROLES, flags, strict=True) if flag}
        fields.append(column.with_metadata(marks))
    return table.cast(pa.schema(fields))


def columns_of_role(table: pa.Table, role: Role) -> list[str]:
    """The columns that have a role, in the order of the table.

    In a table that nobody marked, every string is categorical and nothing has another role.
    """
    marked = any(_MARKED in (column.metadata or {}) for column in table.schema)
    if not marked:
        strings = [column.name for column in table.schema if pa.types.is_string(column.type)]
        return [name for name in strings if name not in _NO_FEATURES and role == "categorical"]
    return [column.name for column in table.schema if role.encode() in (column.metadata or {})]
