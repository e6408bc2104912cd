"""What users did, as flat arrays with row pointers, and how they are made of events.

Knows nothing of learners, of models or of where events come from.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

IntArray = NDArray[np.int32]
LongArray = NDArray[np.int64]
FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Histories:
    """What each of ``n`` users did, oldest first, as one flat array with row pointers.

    Attributes:
        indptr: Row ``u`` is ``items[indptr[u]:indptr[u + 1]]``; int64, shape ``(n + 1,)``.
        items: Item indices into the catalogue; int32, shape ``(n_events,)``.
        timestamps: Epoch seconds; int64, shape ``(n_events,)``.
        weights: What each event is worth beside others, from 0; float32, shape ``(n_events,)``.
            None where all are worth the same.
        users: Index into ``TrainingData.user_ids`` of each row; int32, shape ``(n,)``. None where
            the users are those that requests name.
        about: What else is known at the moment of asking, a row per user: columns of the Users
            dataset and of the request's context, null where unknown. None where nothing is.
    """

    indptr: LongArray
    items: IntArray
    timestamps: LongArray
    weights: FloatArray | None = None
    users: IntArray | None = None
    about: pa.Table | None = None

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @classmethod
    def empty(cls, n_users: int) -> Self:
        """Histories of ``n_users`` users who did nothing yet."""
        return cls(
            indptr=np.zeros(n_users + 1, dtype=np.int64),
            items=np.zeros(0, dtype=np.int32),
            timestamps=np.zeros(0, dtype=np.int64),
        )

    @property
    def lengths(self) -> LongArray:
        """Number of events of each user; int64, shape ``(n,)``."""
        return np.diff(self.indptr)

    @property
    def rows(self) -> IntArray:
        """Row of each event; int32, shape ``(n_events,)``."""
        return np.repeat(np.arange(len(self), dtype=np.int32), self.lengths)

    def slice(self, start: int, stop: int) -> "Histories":
        """The rows from ``start`` up to ``stop``, as views of these arrays."""
        low, high = int(self.indptr[start]), int(self.indptr[stop])
        chosen = self._of(self.indptr[start : stop + 1] - low, slice(low, high))
        return replace(
            chosen,
            users=None if self.users is None else self.users[start:stop],
            about=None if self.about is None else self.about.slice(start, stop - start),
        )

    def where(self, keep: BoolArray) -> "Histories":
        """The same users with only the events that ``keep`` marks.

        Args:
            keep: Shape ``(n_events,)``.
        """
        kept = np.concatenate(([0], np.cumsum(keep, dtype=np.int64)))
        return replace(self._of(kept[self.indptr], keep), users=self.users, about=self.about)

    def take(self, users: BoolArray) -> "Histories":
        """Only the users that ``users`` marks; shape ``(n,)``."""
        kept = self.where(np.repeat(users, self.lengths))
        return replace(
            kept,
            indptr=row_pointers(self.lengths[users]),
            users=None if self.users is None else self.users[users],
            about=None if self.about is None else self.about.filter(pa.array(users)),
        )

    def rows_at(self, index: LongArray) -> "Histories":
        """The rows at ``index``, in its order; a row may be taken more than once."""
        lengths = self.lengths[index]
        indptr = row_pointers(lengths)
        events = np.arange(indptr[-1]) + np.repeat(self.indptr[index] - indptr[:-1], lengths)
        return replace(
            self._of(indptr, events),
            users=None if self.users is None else self.users[index],
            about=None if self.about is None else self.about.take(index),
        )

    def last(self, count: int) -> "Histories":
        """The same users with only the newest ``count`` events of each."""
        ends = np.repeat(self.indptr[1:], self.lengths)
        return self.where(np.arange(len(self.items)) >= ends - count)

    def _of(self, indptr: LongArray, events: Any) -> "Histories":
        weights = None if self.weights is None else self.weights[events]
        return Histories(indptr, self.items[events], self.timestamps[events], weights)


def row_pointers(lengths: LongArray) -> LongArray:
    """Where rows of these lengths begin and end; int64, shape ``(n + 1,)``."""
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)


def concatenate(parts: Sequence[Histories]) -> Histories:
    """The rows of several histories one after another.

    Args:
        parts: At least one; the result has weights, and what is known about the users, if all of
            them have.
    """
    weights = [part.weights for part in parts if part.weights is not None]
    about = [part.about for part in parts if part.about is not None]
    return Histories(
        indptr=row_pointers(np.concatenate([part.lengths for part in parts])),
        items=np.concatenate([part.items for part in parts]),
        timestamps=np.concatenate([part.timestamps for part in parts]),
        weights=np.concatenate(weights) if len(weights) == len(parts) else None,
        about=pa.concat_tables(about) if len(about) == len(parts) else None,
    )


def build_histories(
    user: IntArray,
    item: IntArray,
    timestamp: LongArray,
    n_users: int,
    rng: np.random.Generator,
    weight: FloatArray | None = None,
) -> Histories:
    """Order events by user and time, merging equal events and shuffling ties of time.

    Args:
        user: User index of each row; shape ``(n,)``.
        item: Item index of each row; shape ``(n,)``.
        timestamp: Epoch seconds of each row; shape ``(n,)``.
        n_users: Number of rows of the result.
        rng: Orders events of one user that have the same timestamp.
        weight: What each row is worth; of equal events the highest counts.
    """
    earliest, latest = (int(timestamp.min()), int(timestamp.max())) if len(timestamp) else (0, 0)
    moment = user * np.int64(latest - earliest + 1) + (timestamp - earliest)
    order = np.argsort(moment)
    order = _order_ties(order, moment, item)
    moment, item = moment[order], item[order]
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = (moment[1:] != moment[:-1]) | (item[1:] != item[:-1])
    if weight is not None and len(order):
        weight = np.maximum.reduceat(weight[order], np.flatnonzero(first))
    order, moment = order[first], moment[first]
    shuffled = _order_ties(np.arange(len(order)), moment, rng.random(len(order), np.float32))
    order = order[shuffled]
    counts = np.bincount(user[order], minlength=n_users)
    return Histories(
        indptr=row_pointers(counts),
        items=item[first][shuffled].astype(np.int32, copy=False),
        timestamps=timestamp[order].astype(np.int64, copy=False),
        weights=None if weight is None else weight[shuffled],
    )


def _order_ties(order: LongArray, moment: LongArray, key: NDArray[Any]) -> LongArray:
    """Within equal moments of an order by moment, order by a key as well."""
    moments = moment[order]
    same = moments[1:] == moments[:-1]
    tied = np.zeros(len(order), dtype=np.bool_)
    tied[1:] |= same
    tied[:-1] |= same
    # Sorting the tied places alone is several times faster than sorting all by two keys.
    places = order[tied]
    order[tied] = places[np.lexsort((key[places], moments[tied]))]
    return order
