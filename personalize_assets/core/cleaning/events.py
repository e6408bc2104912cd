"""Events as columns of small integers, and the steps that all sources share: order, duplicates.

Users and items are codes into sorted lists of ids, so that numbers and strings are handled alike
and order by code is order by id. Columns are replaced in place, because a copy of each costs 100 MB
at MovieLens-25M's size.
"""

# pyarrow ships no types, and pyarrow.compute makes its functions when it is imported.
# pyright: standard, reportAttributeAccessIssue=false

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from personalize_assets.core.cleaning.ordering import (
    equal_runs,
    gather,
    one_of_each_run,
    sorted_rows,
)
from personalize_assets.core.cleaning.rules import CleaningRules

NULL_MICROS: Final = int(np.iinfo(np.int64).min)
"""Stands for a missing EVENT_VALUE; lower than every value, so that any value wins over it."""

_LOOKUP_LIMIT: Final = 20_000_000

IntColumn = NDArray[np.integer]


@dataclass
class Events:
    """Events in columns of equal length; rows in the order of their lines until ``arrange``.

    Attributes:
        users: Ids of users as strings, in their order.
        items: Ids of items as strings, in their order.
        user: Codes into ``users``, int32.
        item: Codes into ``items``, int32.
        timestamp: Epoch seconds, uint32.
        event_types: Names in UTF-8 byte order; empty where the events have no type.
        event: Codes into ``event_types``; None without types.
        value: EVENT_VALUE in millionths, int32 or int64; None where there is none.
        extras: Further columns, row by row; None where there are none.
    """

    users: pa.Array
    items: pa.Array
    user: NDArray[np.int32]
    item: NDArray[np.int32]
    timestamp: NDArray[np.uint32]
    event_types: tuple[str, ...]
    event: IntColumn | None
    value: IntColumn | None
    extras: pa.Table | None = None

    def __len__(self) -> int:
        return len(self.timestamp)

    def key(self) -> list[IntColumn]:
        """Columns of the total order: TIMESTAMP, USER_ID, ITEM_ID, EVENT_TYPE."""
        types = [] if self.event is None else [self.event]
        return [self.timestamp, self.user, self.item, *types]


def arrange(events: Events) -> int:
    """Bring events into the total order and keep one of those with equal key.

    The one with the highest EVENT_VALUE stays; of equal ones the first in the file.

    Returns:
        How many were dropped as duplicates.
    """
    if len(events) == 0:
        return 0
    order = sorted_rows(events.key())
    if order is not None:
        _replace(events, lambda column: gather(column, order))
        if events.extras is not None:
            events.extras = events.extras.take(pa.array(order))
    same = equal_runs(events.key())
    duplicates = int(np.count_nonzero(same))
    if duplicates:
        keep = one_of_each_run(same, events.value)
        _replace(events, lambda column: column[keep])
        if events.extras is not None:
            events.extras = events.extras.filter(pa.array(keep))
    return duplicates


def _replace(events: Events, change: Callable[[NDArray[Any]], NDArray[Any]]) -> None:
    """Change the columns one by one, so that only one is there twice at a time."""
    events.user = change(events.user)
    events.item = change(events.item)
    events.timestamp = change(events.timestamp)
    if events.event is not None:
        events.event = change(events.event)
    if events.value is not None:
        events.value = change(events.value)


def compact(numbers: NDArray[np.int64]) -> IntColumn:
    """The same numbers as int32 if they all fit, else unchanged."""
    limits = np.iinfo(np.int32)
    if len(numbers) == 0 or (numbers.min() >= limits.min and numbers.max() <= limits.max):
        return numbers.astype(np.int32)
    return numbers


def encode_numbers(ids: IntColumn) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Turn non-negative ids into the sorted distinct ids and a code for each row."""
    if len(ids) == 0:
        return np.empty(0, np.int64), np.empty(0, np.int32)
    top = int(ids.max())
    if top > _LOOKUP_LIMIT:
        distinct, codes = np.unique(ids, return_inverse=True)
        return distinct.astype(np.int64), codes.astype(np.int32)
    seen = np.zeros(top + 1, dtype=np.bool_)
    seen[ids] = True
    code_of = np.cumsum(seen, dtype=np.int32)
    code_of -= 1
    return np.flatnonzero(seen).astype(np.int64), gather(code_of, ids)


def encode_strings(ids: pa.ChunkedArray) -> tuple[pa.Array, NDArray[np.int32]]:
    """Turn string ids into the distinct ids in UTF-8 byte order and a code for each row."""
    encoded = ids.dictionary_encode().combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = pa.concat_arrays(encoded.chunks) if encoded.num_chunks else None
    if encoded is None or len(encoded) == 0:
        return pa.array([], pa.string()), np.empty(0, np.int32)
    by_bytes = pc.sort_indices(encoded.dictionary.cast(pa.binary())).to_numpy()
    rank = np.empty(len(by_bytes), dtype=np.int32)
    rank[by_bytes] = np.arange(len(by_bytes), dtype=np.int32)
    return encoded.dictionary.take(pa.array(by_bytes)), rank[encoded.indices.to_numpy()]


@dataclass(frozen=True)
class RuleOutcome:
    """What rules make of rows.

    Attributes:
        rows: Row of each event, shape ``(n_events,)``.
        event: Code of its type, uint8, in the order of ``event_types(rules)``.
        below: Rows that meet no rule.
        extra: Events beyond the first of their row (mode ``all``).
    """

    rows: NDArray[np.int64]
    event: NDArray[np.uint8]
    below: int
    extra: int


def event_types(rules: CleaningRules) -> tuple[str, ...]:
    """Names of all events of ``rules`` in UTF-8 byte order."""
    return tuple(sorted((rule.event_type for rule in rules.events), key=str.encode))


def apply_rules(value: IntColumn, rules: CleaningRules) -> RuleOutcome:
    """Find the events that each value (in millionths) makes."""
    names = event_types(rules)
    weakest = value > rules.events[-1].above_micros
    met = int(np.count_nonzero(weakest))
    if rules.mode == "strongest":
        codes = np.zeros(len(value), dtype=np.uint8)
        for rule in reversed(rules.events):
            codes[value > rule.above_micros] = names.index(rule.event_type)
        rows = np.flatnonzero(weakest)
        return RuleOutcome(rows, codes[rows], below=len(value) - met, extra=0)
    rows_of = [np.flatnonzero(value > rule.above_micros) for rule in rules.events]
    codes = np.repeat(
        np.array([names.index(rule.event_type) for rule in rules.events], dtype=np.uint8),
        [len(rows) for rows in rows_of],
    )
    rows = np.concatenate(rows_of)
    return RuleOutcome(rows, codes, below=len(value) - met, extra=len(rows) - met)
