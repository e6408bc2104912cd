"""What users met: the cleaned interactions in memory, ordered by user.

About 18 bytes an interaction. Beside them stands what this process itself sent since.
"""

# pyarrow ships no types, and pyarrow.compute makes its functions when it is imported.
# pyright: standard, reportAttributeAccessIssue=false

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import compress
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from personalize_assets.api.id_index import IdIndex
from personalize_assets.core.columns import Columns

MAX_ROWS: Final = 50_000_000
"""More interactions are not held in memory: histories of users are then not known."""

SENT_USERS: Final = 10_000
SENT_PER_USER: Final = 200

_REQUIRED: Final = (Columns.USER_ID, Columns.ITEM_ID, Columns.TIMESTAMP)


class TooManyInteractions(ValueError):
    """The file holds more interactions than are held in memory."""


@dataclass(frozen=True)
class Met:
    """One thing that a user did with an item.

    Attributes:
        item_id: The item.
        event_type: Such as ``watch``; None where the data have no types.
        event_value: Such as a rating; None where there is none.
        at: When, aware.
        sent_here: Whether this process sent it, rather than the cleaned interactions hold it.
    """

    item_id: str
    event_type: str | None
    event_value: float | None
    at: datetime
    sent_here: bool = False


class Histories:
    """The cleaned interactions of a dataset group.

    Args:
        table: USER_ID, ITEM_ID, TIMESTAMP (seconds), and where the data have them EVENT_TYPE and
            EVENT_VALUE; a user's rows in any order.
    """

    def __init__(self, table: pa.Table) -> None:
        users, user_codes = _codes(table, Columns.USER_ID)
        self._items, item_codes = _codes(table, Columns.ITEM_ID)
        times = table[Columns.TIMESTAMP].to_numpy().astype(np.int64)
        # Short ids before long ones: 5, 50, 51, 500 and not 5, 50, 500, 51.
        order = pc.sort_indices(
            pa.table({"length": pc.utf8_length(users), "id": users}),
            sort_keys=[("length", "ascending"), ("id", "ascending")],
        )
        self._users = users.take(order)
        rank = np.empty(len(users), np.int32)
        rank[order.to_numpy()] = np.arange(len(users), dtype=np.int32)
        ranked = rank[user_codes]
        rows = np.lexsort((times, ranked))
        counts = np.bincount(ranked, minlength=len(users))
        self._ends = np.concatenate(([0], np.cumsum(counts)))
        self._met = item_codes[rows]
        self._times = times[rows]
        self._types, type_codes = _codes(table, Columns.EVENT_TYPE)
        self._type_codes = type_codes.astype(np.int16)[rows]
        self._values = _values(table)[rows]
        self._counts = np.bincount(item_codes, minlength=len(self._items))
        self._user_index, self._item_index = IdIndex(self._users), IdIndex(self._items)

    @classmethod
    def from_file(cls, path: Path, max_rows: int = MAX_ROWS) -> Self:
        """Read the parquet file of the cleaned interactions.

        Raises:
            TooManyInteractions: It holds more than ``max_rows``.
            ValueError: It is no such file.
        """
        try:
            file = pq.ParquetFile(path)
            rows, names = file.metadata.num_rows, file.schema_arrow.names
            if rows > max_rows:
                raise TooManyInteractions(
                    f"there are {rows:,} interactions, of which at most {max_rows:,} are held"
                )
            if missing := [name for name in _REQUIRED if name not in names]:
                raise ValueError(f"no column {', '.join(missing)}; found {', '.join(names)}")
            texts = [Columns.USER_ID, Columns.ITEM_ID, Columns.EVENT_TYPE]
            wanted = [*_REQUIRED, Columns.EVENT_TYPE, Columns.EVENT_VALUE]
            return cls(
                pq.read_table(
                    path,
                    columns=[name for name in wanted if name in names],
                    read_dictionary=[name for name in texts if name in names],
                )
            )
        except pa.ArrowInvalid as error:
            raise ValueError(f"no readable parquet file of interactions: {error}") from error

    @classmethod
    def empty(cls) -> Self:
        """Histories of nobody."""
        none = pa.array([], pa.string())
        times = pa.array([], pa.int64())
        return cls(pa.table({name: none for name in _REQUIRED} | {Columns.TIMESTAMP: times}))

    def __len__(self) -> int:
        return len(self._met)

    @property
    def users(self) -> int:
        """How many users there are."""
        return len(self._users)

    @property
    def nbytes(self) -> int:
        """Bytes in memory of the interactions, without ids and indexes."""
        return sum(
            array.nbytes for array in (self._met, self._times, self._type_codes, self._values)
        )

    @property
    def event_types(self) -> list[str]:
        """Types of events that occur, in alphabetical order."""
        return sorted(self._types.to_pylist())

    def knows(self, user_id: str) -> bool:
        """Whether the user has interactions."""
        return self._user_index.row(user_id) >= 0

    def of(self, user_id: str, limit: int, event_type: str | None = None) -> list[Met]:
        """What a user did, newest first; nothing for a user whom nobody knows.

        Args:
            user_id: The user.
            limit: How much at most.
            event_type: Only events of this type.
        """
        user = self._user_index.row(user_id)
        if user < 0:
            return []
        rows = np.arange(self._ends[user], self._ends[user + 1])[::-1]
        if event_type is not None:
            types = self._types.to_pylist()
            if event_type not in types:
                return []
            rows = rows[self._type_codes[rows] == types.index(event_type)]
        return [self._row(row) for row in rows[:limit].tolist()]

    def met_by(self, user_id: str, item_ids: Sequence[str]) -> frozenset[str]:
        """Which of the items a user met."""
        user = self._user_index.row(user_id)
        if user < 0:
            return frozenset()
        met = self._met[self._ends[user] : self._ends[user + 1]]
        found = np.isin(self._item_index.rows(item_ids), met)
        return frozenset(compress(item_ids, found.tolist()))

    def users_beginning(self, prefix: str, limit: int) -> list[tuple[str, int]]:
        """Users whose ids begin with ``prefix``, short ids first, and how much each did."""
        found = pc.starts_with(self._users, prefix).to_numpy(zero_copy_only=False)
        rows = np.flatnonzero(found)[:limit].tolist()
        return [
            (self._users[row].as_py(), int(self._ends[row + 1] - self._ends[row])) for row in rows
        ]

    def times_met(self, item_ids: Sequence[str]) -> list[int]:
        """How often each item was met."""
        rows = self._item_index.rows(item_ids)
        return [int(self._counts[row]) if row >= 0 else 0 for row in rows]

    def _row(self, row: int) -> Met:
        kind, value = int(self._type_codes[row]), float(self._values[row])
        return Met(
            item_id=self._items[int(self._met[row])].as_py(),
            event_type=None if kind < 0 else self._types[kind].as_py(),
            event_value=None if np.isnan(value) else round(value, 6),
            at=datetime.fromtimestamp(int(self._times[row]), UTC),
        )


class SentEvents:
    """Events that this process sent: the last ones of the users who sent any last."""

    def __init__(self, users: int = SENT_USERS, per_user: int = SENT_PER_USER) -> None:
        self._users, self._per_user = users, per_user
        self._events: OrderedDict[str, deque[Met]] = OrderedDict()

    def add(self, user_id: str, event: Met) -> None:
        """Remember an event; that of the user who was silent longest may be forgotten for it."""
        events = self._events.setdefault(user_id, deque(maxlen=self._per_user))
        if event not in events:  # sent again, it is still one event
            events.append(event)
        self._events.move_to_end(user_id)
        if len(self._events) > self._users:
            self._events.popitem(last=False)

    def of(self, user_id: str, event_type: str | None = None) -> list[Met]:
        """What was sent for a user, newest first."""
        events = [
            event
            for event in self._events.get(user_id, ())
            if event_type is None or event.event_type == event_type
        ]
        return sorted(events, key=lambda event: event.at, reverse=True)

    def users_beginning(self, prefix: str) -> list[tuple[str, int]]:
        """Users whose ids begin with ``prefix``, and how much was sent for each."""
        return [(user, len(one)) for user, one in self._events.items() if user.startswith(prefix)]


def _codes(table: pa.Table, name: str) -> tuple[pa.StringArray, Any]:
    """The distinct texts of a column, and for each row which it is; -1 where it is null."""
    if name not in table.column_names:
        return pa.array([], pa.string()), np.full(table.num_rows, -1, np.int32)
    column = table[name]
    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    if not column.num_chunks:
        return pa.array([], pa.string()), np.empty(0, np.int32)
    whole = column.unify_dictionaries().combine_chunks()
    codes = pc.fill_null(whole.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
    return whole.dictionary.cast(pa.string()), codes


def _values(table: pa.Table) -> Any:
    if Columns.EVENT_VALUE not in table.column_names:
        return np.full(table.num_rows, np.nan, np.float32)
    column = pc.fill_null(table[Columns.EVENT_VALUE].cast(pa.float32()), float("nan"))
    return column.to_numpy()
