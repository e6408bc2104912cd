"""Which columns of the Items dataset a recipe learns from, and what each is for.

Knows no recipe and no files.
"""

# pyarrow has no types.
# pyright: standard

from typing import Final, Literal

import pyarrow as pa

from personalize_assets.core.columns import Columns
from personalize_assets.core.schemas import SchemaField
from personalize_assets.recipes.base import TrainingData

Role = Literal["categorical", "textual", "itemName", "number"]
_NUMBERS: Final = frozenset({"int", "long", "float", "double"})


def item_columns(data: TrainingData, role: Role) -> list[str]:
    """The item columns that have a role, in the order of the table.

    Where no schema is known, every string but the id is categorical and numbers are numbers.
    Columns that were excluded from training are in no table and therefore never listed.
    """
    if data.item_features is None:
        return []
    if data.item_schema is None:
        fields = [item for item in data.item_features.schema if item.name != Columns.ITEM_ID]
        return [item.name for item in fields if _seems(item.type, role)]
    declared = {name: data.item_schema.field(name) for name in data.item_features.column_names}
    return [name for name, field in declared.items() if field is not None and _has(field, role)]


def _seems(kind: pa.DataType, role: Role) -> bool:
    if role == "number":
        return pa.types.is_integer(kind) or pa.types.is_floating(kind)
    return role == "categorical" and pa.types.is_string(kind)


def _has(field: SchemaField, role: Role) -> bool:
    flags = {
        "categorical": field.categorical,
        "textual": field.textual,
        "itemName": field.item_name,
        "number": field.type in _NUMBERS,
    }
    return flags[role]
