"""From tables with ids to arrays with indices: what recipes train on and are asked about.

Takes arrow tables with Amazon's column names. Knows nothing of files or of the engine's store.
"""

# pyarrow.compute makes its functions when it is imported, where pyright cannot see them.
# pyright: reportAttributeAccessIssue=false

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from personalize_assets.core.columns import Columns
from personalize_assets.core.schemas import Schema
from personalize_assets.recipes.actions import ActionData, outcome_of
from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.histories import Histories, IntArray, LongArray, build_histories

_NO_CONTEXT = frozenset(
    {
        Columns.USER_ID,
        Columns.ITEM_ID,
        Columns.TIMESTAMP,
        Columns.EVENT_TYPE,
        Columns.EVENT_VALUE,
        "IMPRESSION",
        "RECOMMENDATION_ID",
        "EVENT_ATTRIBUTION_SOURCE",
    }
)
"""Columns of interactions with a meaning of their own; all others are circumstances."""

# Not pa.array, whose first list loads pandas: half a second of each start of the engine.
_NO_TEXT, _NO_NUMBERS = pa.nulls(0, pa.string()), pa.nulls(0, pa.int64())
_NO_INTERACTIONS = pa.Table.from_pydict(
    {Columns.USER_ID: _NO_TEXT, Columns.ITEM_ID: _NO_TEXT, Columns.TIMESTAMP: _NO_NUMBERS}
)
_NO_ACTION_INTERACTIONS = pa.Table.from_pydict(
    {
        Columns.USER_ID: _NO_TEXT,
        Columns.ACTION_ID: _NO_TEXT,
        Columns.EVENT_TYPE: _NO_TEXT,
        Columns.TIMESTAMP: _NO_NUMBERS,
    }
)


def select_events(
    interactions: pa.Table,
    event_type: str | None = None,
    min_value: float | None = None,
    *,
    ignore_case: bool = False,
) -> pa.Table:
    """Keep the interactions that a solution takes.

    Args:
        interactions: With ``EVENT_TYPE`` and ``EVENT_VALUE`` where these are asked for.
        event_type: Only this event type; None takes all.
        min_value: Only rows whose value is at least this; rows without a value are left out. None
            takes all.
        ignore_case: Whether ``event_type`` may be written in another case, as the types of domain
            use cases may.
    """
    if event_type is not None:
        types = interactions[Columns.EVENT_TYPE]
        if ignore_case:
            types, event_type = pc.utf8_lower(types.cast(pa.string())), event_type.lower()
        interactions = interactions.filter(pc.equal(types, pa.scalar(event_type)))
    if min_value is not None:
        interactions = interactions.filter(
            pc.greater_equal(interactions[Columns.EVENT_VALUE], pa.scalar(min_value))
        )
    return interactions


def training_data(
    interactions: pa.Table | None,
    items: pa.Table | None = None,
    users: pa.Table | None = None,
    *,
    item_schema: Schema | None = None,
    actions: pa.Table | None = None,
    action_interactions: pa.Table | None = None,
) -> TrainingData:
    """Turn ids into indices; users, items and actions are numbered in the byte order of their ids.

    Args:
        interactions: ``USER_ID`` and ``ITEM_ID`` (strings, also dictionary-encoded), ``TIMESTAMP``
            (epoch seconds) and, where there are any, ``EVENT_TYPE`` and ``EVENT_VALUE``; columns
            that Amazon does not reserve are the context. None where the recipe needs none and
            there are none.
        items: The Items dataset; its items are in the catalogue also without interactions.
        users: The Users dataset; users without interactions are left out.
        item_schema: Of the Items dataset.
        actions: The Actions dataset; None where the recipe takes no actions.
        action_interactions: With ``USER_ID``, ``ACTION_ID``, ``EVENT_TYPE`` and ``TIMESTAMP``;
            their users take part also without other interactions.
    """
    events = _NO_INTERACTIONS if interactions is None else interactions
    met = None
    if actions is not None and action_interactions is not None:
        met = action_interactions[Columns.USER_ID]
    user_ids, user = _encode(events[Columns.USER_ID], met)
    listed = None if items is None else items[Columns.ITEM_ID]
    item_ids, item = _encode(events[Columns.ITEM_ID], listed)
    types, names = _event_types(events)
    return TrainingData(
        user_ids=user_ids,
        item_ids=item_ids,
        user=user,
        item=item,
        timestamp=_timestamps(events),
        event_type=types,
        event_type_names=names,
        event_value=_event_values(events),
        item_features=_aligned(items, Columns.ITEM_ID, item_ids),
        user_features=_aligned(users, Columns.USER_ID, user_ids),
        item_schema=item_schema,
        actions=None if actions is None else _action_data(actions, action_interactions, user_ids),
        context=_context(events),
    )


def _context(events: pa.Table) -> pa.Table | None:
    names = [name for name in events.column_names if name.upper() not in _NO_CONTEXT]
    return events.select(names) if names else None


def _action_data(
    actions: pa.Table, interactions: pa.Table | None, user_ids: pa.StringArray
) -> ActionData:
    ids = _dictionary(actions[Columns.ACTION_ID]).dictionary.cast(pa.string())
    action_ids = ids.take(pc.sort_indices(ids))
    features = _aligned(actions, Columns.ACTION_ID, action_ids)
    events = _NO_ACTION_INTERACTIONS if interactions is None else interactions
    action = _lookup(events[Columns.ACTION_ID], action_ids)
    taken = action_outcomes(events[Columns.EVENT_TYPE])
    known = (action >= 0) & (taken >= 0)
    return ActionData(
        action_ids=action_ids,
        user=_lookup(events[Columns.USER_ID], user_ids)[known],
        action=action[known],
        timestamp=_timestamps(events)[known],
        taken=taken[known] == 1,
        features=features,
    )


def action_outcomes(event_types: pa.ChunkedArray) -> np.ndarray:
    """What action events say, whatever the case, spaces and underscores of their types.

    Args:
        event_types: Such as ``Taken``, ``NOT_TAKEN`` or ``viewed``.

    Returns:
        1 for taken, 0 for not taken and viewed, -1 for any other type; int8, shape ``(n,)``.
    """
    encoded = _dictionary(event_types)
    plain = [outcome_of(name) for name in encoded.dictionary.to_pylist()]
    codes = np.asarray(encoded.indices.fill_null(len(plain)))
    return np.array([*plain, -1], dtype=np.int8)[codes]


def histories_for_users(
    interactions: pa.Table,
    user_ids: Sequence[str] | pa.StringArray,
    item_ids: pa.StringArray,
    rng: np.random.Generator,
) -> Histories:
    """The histories of the users that a request asks about.

    Args:
        interactions: All interactions that the solution takes, as for ``training_data``.
        user_ids: One per row of the result; unknown ones get an empty history.
        item_ids: The model's catalogue; events of other items are left out.
        rng: Orders ties of time.
    """
    asked = pa.array(user_ids, pa.string())
    distinct = asked.unique()
    user = _lookup(interactions[Columns.USER_ID], distinct)
    item = _lookup(interactions[Columns.ITEM_ID], item_ids)
    known = (user >= 0) & (item >= 0)
    timestamp = _timestamps(interactions)[known]
    histories = build_histories(user[known], item[known], timestamp, len(distinct), rng)
    if len(distinct) == len(asked):
        return histories
    return histories.rows_at(np.asarray(pc.index_in(asked, distinct)))


def histories_for_items(asked: Sequence[str], item_ids: pa.StringArray) -> Histories:
    """What a related-items model is asked: histories of one event each.

    Args:
        asked: One item id per row; unknown ones get an empty history.
        item_ids: The model's catalogue.
    """
    item = _lookup(pa.chunked_array([pa.array(asked, pa.string())]), item_ids)
    known = item >= 0
    return Histories(
        indptr=np.concatenate(([0], np.cumsum(known))).astype(np.int64),
        items=item[known],
        timestamps=np.zeros(int(known.sum()), dtype=np.int64),
    )


def _dictionary(column: pa.ChunkedArray) -> pa.DictionaryArray:
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    combined = encoded.unify_dictionaries().combine_chunks()
    if isinstance(combined, pa.ChunkedArray):  # older arrow keeps the chunks of an empty column
        return pa.nulls(0, pa.string()).dictionary_encode()
    return combined


def _encode(
    column: pa.ChunkedArray, listed: pa.ChunkedArray | None
) -> tuple[pa.StringArray, IntArray]:
    encoded = _dictionary(column)
    ids = encoded.dictionary.cast(pa.string())
    if listed is not None:
        ids = pa.concat_arrays([ids, *listed.cast(pa.string()).chunks]).unique()
    catalogue = ids.take(pc.sort_indices(ids))
    return catalogue, _codes(encoded, catalogue)


def _lookup(column: pa.ChunkedArray, catalogue: pa.StringArray) -> IntArray:
    return _codes(_dictionary(column), catalogue)


def _codes(encoded: pa.DictionaryArray, catalogue: pa.StringArray) -> IntArray:
    """Catalogue index of each row, -1 for ids that are not in the catalogue."""
    found = pc.index_in(encoded.dictionary.cast(pa.string()), value_set=catalogue)
    table = np.asarray(found.fill_null(-1), dtype=np.int32)
    return table[np.asarray(encoded.indices)] if len(table) else np.zeros(len(encoded), np.int32)


def _timestamps(interactions: pa.Table) -> LongArray:
    return interactions[Columns.TIMESTAMP].cast(pa.int64()).to_numpy()


def _event_types(interactions: pa.Table) -> tuple[np.ndarray | None, tuple[str, ...]]:
    if Columns.EVENT_TYPE not in interactions.column_names:
        return None, ()
    encoded = _dictionary(interactions[Columns.EVENT_TYPE])
    codes = np.asarray(encoded.indices.fill_null(-1), dtype=np.int16)
    return codes, tuple(encoded.dictionary.to_pylist())


def _event_values(interactions: pa.Table) -> np.ndarray | None:
    if Columns.EVENT_VALUE not in interactions.column_names:
        return None
    return interactions[Columns.EVENT_VALUE].cast(pa.float32()).to_numpy()


def _aligned(table: pa.Table | None, key: str, ids: pa.StringArray) -> pa.Table | None:
    """Rows in the order of ``ids``, nulls where the table lacks one."""
    if table is None:
        return None
    at = pc.index_in(ids, value_set=table[key].cast(pa.string()).combine_chunks())
    return table.take(at)
