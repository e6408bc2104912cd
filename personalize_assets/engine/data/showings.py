"""The lists that users were shown and took something of: what impressions tell.

An event names the list that it came from: as an impression, which is explicit, else by the id of a
recommendation that the engine still knew, which is implicit. Events of one user that name the same
list on one day came from one showing. Knows nothing of what is made of it.
"""
# pyarrow has no types, and makes its compute functions at run time.
# pyright: standard, reportAttributeAccessIssue=false

from contextlib import closing
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from personalize_assets.core.columns import Columns
from personalize_assets.engine.data.columns import arrow_schema, read_stored
from personalize_assets.engine.data.reader import Reader
from personalize_assets.engine.data.sources import DatasetSource, GroupSources
from personalize_assets.engine.data.streams import END

_LIST: Final = "IMPRESSION"
_RECOMMENDATION: Final = "RECOMMENDATION_ID"
_DAY_S: Final = 86_400
_STREAMED: Final = """
    SELECT coalesce(user_id, session_id), item_id, sent_at, coalesce(impression, shown),
        recommendation_id
    FROM events
    WHERE dataset_arn = ? AND sequence <= ? AND item_id IS NOT NULL
        AND (impression IS NOT NULL OR shown IS NOT NULL)
    ORDER BY sequence
"""
_SCHEMA: Final = pa.schema(
    {
        Columns.USER_ID: pa.string(),
        Columns.ITEM_ID: pa.string(),
        Columns.TIMESTAMP: pa.int64(),
        _LIST: pa.string(),
        _RECOMMENDATION: pa.string(),
    }
)


def read_showings(sources: GroupSources) -> tuple[pa.Table, pa.Table]:
    """Which lists were shown, and what was taken of them.

    Args:
        sources: Of the group.

    Returns:
        ``ITEM_ID``, once for each list that it stood in; and ``ITEM_ID`` and ``TIMESTAMP``, of the
        first event, once for each list that it was taken of.
    """
    source = sources.datasets.get("INTERACTIONS")
    if source is None:
        return _split(_SCHEMA.empty_table())
    with closing(Reader(sources.database)) as reader:
        last = END if sources.upto_events is None else sources.upto_events
        rows = reader.rows(_STREAMED, (source.arn, last))
    arrays = list(zip(*rows, strict=True)) or [()] * len(_SCHEMA)
    streamed = pa.table(list(map(list, arrays)), schema=_SCHEMA)
    return _split(pa.concat_tables([_imported(source), streamed]))


def _imported(source: DatasetSource) -> pa.Table:
    full = arrow_schema(source.schema)
    if source.bulk is None or _LIST not in full.names:
        return _SCHEMA.empty_table()
    fields = [full.field(name) for name in _SCHEMA.names if name in full.names]
    shown = pc.is_valid(pc.field(_LIST))
    found = read_stored(source.bulk, pa.schema(fields), shown)
    if _RECOMMENDATION not in full.names:
        nothing = pa.nulls(len(found), pa.string())
        found = found.append_column(_RECOMMENDATION, nothing)
    return found.select(_SCHEMA.names).cast(_SCHEMA)


def _split(events: pa.Table) -> tuple[pa.Table, pa.Table]:
    day = pc.divide(events[Columns.TIMESTAMP], _DAY_S)
    keys = [Columns.USER_ID, _LIST, _RECOMMENDATION, "day"]
    events = events.append_column("day", day)
    lists = events.group_by(keys).aggregate([])
    items = pc.list_flatten(pc.split_pattern(lists[_LIST], "|"))
    events = events.filter(_stands_in(events[Columns.ITEM_ID], events[_LIST]))
    taken = events.group_by([*keys, Columns.ITEM_ID]).aggregate([(Columns.TIMESTAMP, "min")])
    moments = taken[f"{Columns.TIMESTAMP}_min"]
    return (
        pa.table({Columns.ITEM_ID: items}),
        pa.table({Columns.ITEM_ID: taken[Columns.ITEM_ID], Columns.TIMESTAMP: moments}),
    )


def _stands_in(items: pa.ChunkedArray, lists: pa.ChunkedArray) -> pa.Array:
    """Whether each item is one of those in the list of the same row."""
    members = pc.split_pattern(lists, "|").combine_chunks()
    parents = pc.list_parent_indices(members)
    equal = pc.equal(pc.list_flatten(members), items.combine_chunks().take(parents))
    return pc.is_in(
        pa.array(range(len(items)), pa.int64()), value_set=parents.filter(equal).cast(pa.int64())
    )
