"""The items, or actions, of which a model knows nothing or little: what exploration chooses from.

Those that came after a training are not scored, since the model does not know them. Written by
trainings and refreshes, so that no answer has to count interactions. Knows no models.
"""
# pyarrow has no types, and makes its compute functions at run time.
# pyright: standard, reportAttributeAccessIssue=false

from pathlib import Path
from typing import Final

import numpy as np
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
from personalize_assets.engine.data.showings import read_showings
from personalize_assets.engine.serving.exploration import NEW_ITEMS
from personalize_assets.recipes.artifact import SavedVersion
from personalize_assets.recipes.bandit import EARLY_DAYS, Record, weigh
from personalize_assets.recipes.histories import BoolArray, LongArray

__all__ = ["NEW_ITEMS", "new_items", "write_new_items"]

FEW_INTERACTIONS: Final = 5
"""With fewer, an item that was trained on is still new."""
_DAY_S: Final = 86_400


def write_new_items(path: Path, sources: GroupSources, version: SavedVersion, now: int) -> int:
    """Write what a trained version does not know well, and tell how many things those are.

    Args:
        path: A parquet file with the columns of `new_items`.
        sources: Of the group.
        version: What was trained.
        now: Epoch seconds; the age of things of which nothing tells when they came.
    """
    if version.action_ids is not None:
        table = _new_actions(sources, version.action_ids, now)
    else:
        table = new_items(sources, version.item_ids, now)
    pq.write_table(table, path)
    return table.num_rows


def new_items(sources: GroupSources, known: pa.StringArray, now: int = 0) -> pa.Table:
    """The items of a group that a model does not know, or only from few interactions.

    Args:
        sources: Of the group.
        known: Ids of the items of the model.
        now: As in `write_new_items`.

    Returns:
        ``ITEM_ID``; ``CREATED_AT``, epoch seconds: the creation timestamp, else the oldest
        interaction, else the newest interaction of all; ``EVENTS`` and ``EXPECTED`` as `Evidence`
        has them. Ordered by id. The table's metadata say ``shape`` and ``newest``.
    """
    listed = read_records(sources, "ITEMS")
    seen = read_interactions(sources, columns=(Columns.ITEM_ID, Columns.TIMESTAMP))
    parts = [known.cast(pa.string())]
    parts += [_distinct(table) for table in (listed, seen) if table is not None]
    ids = pa.concat_arrays(parts).unique()
    record = _record(sources, ids, seen, now)
    evidence = weigh(record)
    is_new = record.events < FEW_INTERACTIONS
    is_new[len(known) :] = True
    found = {
        Columns.ITEM_ID: ids,
        "CREATED_AT": pa.array(_created(ids, listed, record.first_met)),
        "EVENTS": pa.array(evidence.events),
        "EXPECTED": pa.array(evidence.expected),
    }
    said = {"shape": str(evidence.shape), "newest": str(record.newest)}
    table = pa.table(found, metadata=said).filter(pa.array(is_new))
    return table.sort_by(Columns.ITEM_ID).replace_schema_metadata(said)


def _record(sources: GroupSources, ids: pa.StringArray, seen: pa.Table | None, now: int) -> Record:
    n_items = len(ids)
    at, times = _events(seen, ids)
    newest = int(times.max()) if len(times) else now
    first = np.full(n_items, newest)
    np.minimum.at(first, at, times)
    shown, taken = read_showings(sources)
    led, led_times = _events(taken, ids)
    early = np.bincount(at[_early(first[at], times)], minlength=n_items)
    early -= np.bincount(led[_early(first[led], led_times)], minlength=n_items)
    stood = _places(shown[Columns.ITEM_ID], ids)
    return Record(
        first_met=first,
        events=np.bincount(at, minlength=n_items),
        early_events=np.maximum(early, 0),
        shown=np.bincount(stood[stood >= 0], minlength=n_items),
        taken=np.bincount(led, minlength=n_items),
        newest=newest,
    )


def _created(ids: pa.StringArray, listed: pa.Table | None, first_met: LongArray) -> LongArray:
    created = first_met.copy()
    if listed is not None and Columns.CREATION_TIMESTAMP in listed.column_names:
        stated = listed[Columns.CREATION_TIMESTAMP]
        given = np.asarray(stated.is_valid())
        created[_places(listed[Columns.ITEM_ID], ids)[given]] = np.asarray(stated.drop_null())
    return created


def _early(first_met: LongArray, times: LongArray) -> BoolArray:
    return times - first_met < EARLY_DAYS * _DAY_S


def _events(table: pa.Table | None, ids: pa.StringArray) -> tuple[LongArray, LongArray]:
    """Place of the item, and time, of each event; of those whose items are among the ids."""
    if table is None:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    at = _places(table[Columns.ITEM_ID], ids)
    times = np.asarray(table[Columns.TIMESTAMP])
    return at[at >= 0], times[at >= 0]


def _places(column: pa.ChunkedArray, ids: pa.StringArray) -> LongArray:
    """Where each value stands among the ids; -1 where it does not."""
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    encoded = encoded.unify_dictionaries().combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):  # older arrow keeps the chunks of an empty column
        return np.zeros(0, dtype=np.int64)
    found = pc.index_in(encoded.dictionary.cast(pa.string()), value_set=ids).fill_null(-1)
    return np.asarray(found, dtype=np.int64)[np.asarray(encoded.indices)]


def _distinct(table: pa.Table) -> pa.StringArray:
    return table[Columns.ITEM_ID].unique().cast(pa.string())


def _new_actions(sources: GroupSources, known: pa.StringArray, now: int) -> pa.Table:
    """The actions that a model does not know, with ``ITEM_ID`` and ``CREATED_AT``."""
    key = Columns.ACTION_ID
    listed = read_records(sources, "ACTIONS")
    seen = read_action_interactions(sources, columns=(key, Columns.TIMESTAMP))
    declared = _earliest(listed, key, Columns.CREATION_TIMESTAMP, known)
    met = _earliest(seen, key, Columns.TIMESTAMP, known)
    newest = now if seen is None else pc.max(seen[Columns.TIMESTAMP]).as_py()
    ids = declared["id"].unique()  # an interaction alone makes no action
    created = pc.coalesce(_at(ids, declared), _at(ids, met), pa.scalar(newest, pa.int64()))
    return pa.table({Columns.ITEM_ID: ids, "CREATED_AT": created}).sort_by(Columns.ITEM_ID)


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
