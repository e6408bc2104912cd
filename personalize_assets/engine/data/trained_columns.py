"""Which columns of a group's datasets trainings take: those that Amazon Personalize trains on.

Booleans, texts of interactions and users, and strings that are not categorical are never trained on
(custom-config-columns.html). Knows no recipe.
"""
# pyarrow has no types.
# pyright: standard

from typing import Final

import pyarrow as pa

from personalize_assets.core.columns import Columns
from personalize_assets.core.schemas import DatasetType, Schema, SchemaField
from personalize_assets.engine.data.sources import GroupSources

_EVENTS: Final = (
    Columns.USER_ID,
    Columns.ITEM_ID,
    Columns.TIMESTAMP,
    Columns.EVENT_TYPE,
    Columns.EVENT_VALUE,
)
_NO_CONTEXT: Final = frozenset(
    {*_EVENTS, "IMPRESSION", "RECOMMENDATION_ID", "EVENT_ATTRIBUTION_SOURCE"}
)
_NUMBERS: Final = frozenset({"int", "long", "float", "double"})


def interaction_columns(sources: GroupSources, *, context: bool) -> tuple[str, ...]:
    """The columns of the interactions to read.

    Args:
        sources: Of the group.
        context: Whether the recipe takes the circumstances of events into account.
    """
    schema = _schema(sources, "INTERACTIONS")
    if schema is None or not context:
        return _EVENTS
    told = [item.column for item in schema.fields if _is_trained_on(item)]
    return (*_EVENTS, *(name for name in told if name not in _NO_CONTEXT))


def without_plain_text(
    table: pa.Table | None, sources: GroupSources, dataset_type: DatasetType
) -> pa.Table | None:
    """The ids and the columns that are trained on."""
    schema = _schema(sources, dataset_type)
    if table is None or schema is None:
        return table
    kept = [
        name
        for name in table.column_names
        if name.endswith("_ID") or ((field := schema.field(name)) and _is_trained_on(field))
    ]
    return table.select(kept)


def _schema(sources: GroupSources, dataset_type: DatasetType) -> Schema | None:
    source = sources.datasets.get(dataset_type)
    return None if source is None else source.schema


def _is_trained_on(field: SchemaField) -> bool:
    return field.categorical or field.type in _NUMBERS
