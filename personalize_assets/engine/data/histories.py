"""The histories of users: imported interactions in memory, and both kinds of events put together.

Arrays sorted by user and time, so that a history is a slice. Knows no database.
"""
# pyarrow has no types, and makes its compute functions at run time.
# pyright: standard, reportAttributeAccessIssue=false

import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from personalize_assets.engine.data.columns import TEXT, read_stored
from personalize_assets.engine.data.sources import DatasetSource
from personalize_assets.engine.data.streams import EventRow

log = logging.getLogger(__name__)

LongArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class UserEvents:
    """What one user did, oldest first; all members have one entry per event.

    Attributes:
        item_ids: The item, or the action.
        timestamps: Epoch seconds, ascending.
        event_types: As imported or sent; None where the data have none.
        values: NaN where there is none.
    """

    item_ids: list[str]
    timestamps: LongArray
    event_types: list[str | None]
    values: FloatArray

    @classmethod
    def none(cls) -> Self:
        """No events."""
        return cls([], np.zeros(0, np.int64), [], np.zeros(0, np.float32))

    def __len__(self) -> int:
        return len(self.item_ids)

    def items_with(
        self,
        event_types: Collection[str] | None,
        *,
        normalize: Callable[[str], str] = str,
        most: int | None = None,
    ) -> set[str]:
        """The items of some event types.

        Args:
            event_types: Which types, normalized; None for any.
            normalize: Brings the event types of the data to the form of ``event_types``.
            most: Only the newest events of each type, so many; None for all.
        """
        if event_types is None and most is None:
            return set(self.item_ids)
        forms = {name: "" if name is None else normalize(name) for name in set(self.event_types)}
        left = {
            form: len(self) if most is None else most
            for form in forms.values()
            if event_types is None or form in event_types
        }
        found: set[str] = set()
        for item, name in zip(reversed(self.item_ids), reversed(self.event_types), strict=True):
            form = forms[name]
            if left.get(form, 0) > 0:
                left[form] -= 1
                found.add(item)
        return found


class BulkHistories:
    """The imported interactions of a dataset by user.

    Args:
        table: ``USER_ID``, ``ITEM_ID`` or ``ACTION_ID``, ``TIMESTAMP`` and, where there are any,
            ``EVENT_TYPE`` and ``EVENT_VALUE``; text dictionary-encoded.
    """

    def __init__(self, table: pa.Table) -> None:
        users, user = _codes(table["USER_ID"])
        key = "ITEM_ID" if "ITEM_ID" in table.column_names else "ACTION_ID"
        self._items, item = _codes(table[key])
        times = table["TIMESTAMP"].to_numpy()
        # Times fit 32 bits; one key sorts twice as fast as two.
        order = np.argsort(user.astype(np.int64) << 32 | times)
        self._item = item[order]
        self._time: LongArray = times[order]
        self._types: list[str | None] = [None]
        self._type = None
        if "EVENT_TYPE" in table.column_names:
            names, codes = _codes(table["EVENT_TYPE"])
            self._types = [*names, None]  # index -1, which stands for none, finds the last
            self._type = codes[order].astype(np.int16)
        self._value = None
        if "EVENT_VALUE" in table.column_names:
            self._value = table["EVENT_VALUE"].cast(pa.float32()).to_numpy()[order]
        ends = np.cumsum(np.bincount(user, minlength=len(users)))
        bounds = [0, *ends.tolist()]
        self._bounds = dict(zip(users, pairwise(bounds), strict=True))

    @classmethod
    def read(cls, source: DatasetSource) -> Self:
        """Load what was imported into a dataset."""
        began = time.perf_counter()
        key = "ITEM_ID" if source.dataset_type == "INTERACTIONS" else "ACTION_ID"
        fields = {"USER_ID": TEXT, key: TEXT, "TIMESTAMP": pa.int64()}
        for column, kind in (("EVENT_TYPE", TEXT), ("EVENT_VALUE", pa.float32())):
            if source.schema.field(column) is not None:
                fields[column] = kind
        schema = pa.schema(list(fields.items()))
        if source.bulk is None:
            return cls(schema.empty_table())
        table = read_stored(source.bulk, schema)
        histories = cls(table)
        log.info("%s: %d rows in %.2f s", source.arn, len(table), time.perf_counter() - began)
        return histories

    def of(self, user_id: str, limit: int | None = None) -> UserEvents:
        """The events of a user, at most the newest ``limit``; an unknown user has none."""
        start, end = self._bounds.get(user_id, (0, 0))
        if limit is not None:
            start = max(start, end - limit)
        if start == end:
            return UserEvents.none()
        items, types = self._items, self._types
        n = end - start
        return UserEvents(
            [items[code] for code in self._item[start:end].tolist()],
            self._time[start:end],
            [None] * n
            if self._type is None
            else [types[code] for code in self._type[start:end].tolist()],
            np.full(n, np.nan, np.float32) if self._value is None else self._value[start:end],
        )

    def users_with(self, counts: Callable[[str | None], bool]) -> set[str]:
        """The users with events of the types that count."""
        wanted = np.array([counts(name) for name in self._types])
        chosen = np.full(len(self._item), wanted[-1]) if self._type is None else wanted[self._type]
        before = np.concatenate(([0], np.cumsum(chosen)))
        return {user for user, (start, end) in self._bounds.items() if before[end] > before[start]}


def join_events(bulk: UserEvents, streamed: Sequence[EventRow], limit: int | None) -> UserEvents:
    """Put imported and streamed events of one user together, oldest first.

    Args:
        bulk: Oldest first.
        streamed: Oldest first; those that equal an imported one in item, time
            and type are left out.
        limit: Only the newest ones, so many; None for all.
    """
    if not streamed:
        return bulk
    start = int(np.searchsorted(bulk.timestamps, streamed[0][1]))
    if start < len(bulk):  # only those may equal a streamed one
        known = {
            (bulk.item_ids[at], int(bulk.timestamps[at]), bulk.event_types[at])
            for at in range(start, len(bulk))
        }
        streamed = [row for row in streamed if row[:3] not in known]
    item_ids = bulk.item_ids + [row[0] for row in streamed]
    times = np.concatenate((bulk.timestamps, np.array([row[1] for row in streamed], np.int64)))
    event_types = bulk.event_types + [row[2] for row in streamed]
    # np.float32 makes NaN of None.
    values = np.concatenate((bulk.values, np.array([row[3] for row in streamed], np.float32)))
    if len(bulk) and streamed and streamed[0][1] < bulk.timestamps[-1]:
        order = np.argsort(times, kind="stable")
        times, values = times[order], values[order]
        item_ids = [item_ids[at] for at in order.tolist()]
        event_types = [event_types[at] for at in order.tolist()]
    start = 0 if limit is None else max(0, len(item_ids) - limit)
    return UserEvents(item_ids[start:], times[start:], event_types[start:], values[start:])


def _codes(column: pa.ChunkedArray) -> tuple[list[str], npt.NDArray[np.int32]]:
    """Distinct values, and the place of each row's value among them; -1 for null."""
    if not len(column):
        return [], np.zeros(0, np.int32)
    encoded = column.unify_dictionaries().combine_chunks()
    return encoded.dictionary.to_pylist(), np.asarray(encoded.indices.fill_null(-1), np.int32)
