"""The items, or actions, that came to a group after a training: what a refresh takes in.

They are not scored, since the model does not know them; serving mixes them in by exploration. Used
by refreshes and by batch jobs. Knows no models.
"""
# pyarrow has no types, and makes its compute functions at run time.
# pyright: standard, reportAttributeAccessIssue=false

from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from personalize_assets.core.columns import Columns
from personalize_assets.engine.data import (
    GroupSources,
    read_action_interactions,
    read_interactions,
    read_records,
)
from personalize_assets.recipes.artifact import SavedVersion

NEW_ITEMS: Final = "new-items.parquet"
_CREATED_AT: Final = "CREATED_AT"


def write_new_items(path: Path, sources: GroupSources, version: SavedVersion, now: int) -> int:
    """Write what a trained version does not know, and tell how many that are.

    Args:
        path: A parquet file with the columns of `new_items`.
        sources: Of the group.
        version: What was trained.
        now: Epoch seconds.
    """
    table = new_items(sources, version, now)
    pq.write_table(table, path)
    return table.num_rows


def new_items(sources: GroupSources, version: SavedVersion, now: int) -> pa.Table:
    """The items of a group that a trained version does not know; of a version for actions, those.

    Args:
        sources: Of the group.
        version: What was trained.
        now: Epoch seconds; the age of things of which nothing tells when they came.

    Returns:
        ``ITEM_ID`` and ``CREATED_AT``, epoch seconds: the creation timestamp, else the oldest
        interaction, else the newest interaction of all. Ordered by id.
    """
    if version.action_ids is not None:
        listed = read_records(sources, "ACTIONS")
        seen = read_action_interactions(sources, columns=(Columns.ACTION_ID, Columns.TIMESTAMP))
        return _unknown(listed, seen, Columns.ACTION_ID, version.action_ids, now)
    listed = read_records(sources, "ITEMS")
    seen = read_interactions(sources, columns=(Columns.ITEM_ID, Columns.TIMESTAMP))
    return _unknown(listed, seen, Columns.ITEM_ID, version.item_ids, now)


def _unknown(
    listed: pa.Table | None, seen: pa.Table | None, key: str, known: pa.Array, now: int
) -> pa.Table:
    declared = _earliest(listed, key, Columns.CREATION_TIMESTAMP, known)
    met = _earliest(seen, key, Columns.TIMESTAMP, known)
    newest = now if seen is None else pc.max(seen[Columns.TIMESTAMP]).as_py()
    ids = declared["id"].unique()
    if key == Columns.ITEM_ID:  # an interaction alone makes an item, but no action
        ids = pa.concat_arrays([ids, met["id"].combine_chunks()]).unique()
    created = pc.coalesce(_at(ids, declared), _at(ids, met), pa.scalar(newest, pa.int64()))
    return pa.table({Columns.ITEM_ID: ids, _CREATED_AT: created}).sort_by(Columns.ITEM_ID)


def _earliest(table: pa.Table | None, key: str, column: str, known: pa.Array) -> pa.Table:
    """``id`` and ``at``: ids that are not known, once each, with the earliest moment or null."""
    if table is None:
        return pa.schema({"id": pa.string(), "at": pa.int64()}).empty_table()
    ids = table[key].cast(pa.string())
    nothing = pa.chunked_array([pa.nulls(len(table), pa.int64())])
    at = table[column].cast(pa.int64()) if column in table.column_names else nothing
    unknown = pc.invert(pc.is_in(ids, value_set=known.cast(pa.string())))
    rows = pa.table({"id": ids, "at": at}).filter(unknown)
    return rows.group_by("id").aggregate([("at", "min")]).rename_columns({"at_min": "at"})


def _at(ids: pa.Array, moments: pa.Table) -> pa.Array:
    """The moment of each id, null where there is none."""
    at = moments["at"].combine_chunks()
    return at.take(pc.index_in(ids, value_set=moments["id"].combine_chunks()))
