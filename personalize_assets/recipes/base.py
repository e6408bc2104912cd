"""The values that recipes work on and the seams they implement.

Holds histories, training data and the protocols of learners and models. Knows nothing of files of
the engine, of requests, of SQL or of any one recipe.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar, runtime_checkable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse

from personalize_assets.core.schemas import Schema
from personalize_assets.recipes.actions import ActionData, ActionHistories

IntArray = NDArray[np.int32]
LongArray = NDArray[np.int64]
FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]

Progress = Callable[[str, float], None]
"""Called with the name of a stage and the share of it that is done, from 0 to 1."""


def ignore_progress(stage: str, share: float) -> None:
    """Take a report of progress and do nothing with it."""


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


@dataclass(frozen=True)
class TrainingData:
    """The interactions that a recipe trains on, in any order, with ids turned into indices.

    Attributes:
        user_ids: Ids by user index; length ``n_users``.
        item_ids: The catalogue: ids of interactions and of the Items dataset; length ``n_items``.
        user: User index of each row; int32, shape ``(n,)``.
        item: Item index of each row; int32, shape ``(n,)``.
        timestamp: Epoch seconds of each row; int64, shape ``(n,)``.
        event_type: Index into ``event_type_names`` of each row, -1 where there is none; int16.
        event_type_names: The event types that occur.
        event_value: Value of each row, NaN where there is none; float32.
        weight: What each row is worth, from 0; float32. None where all are worth the same.
        item_features: The Items dataset, one row per catalogue item and in its order.
        user_features: The Users dataset, one row per user and in the order of ``user_ids``.
        item_schema: Of the Items dataset: which columns are categorical, textual or the name.
        actions: What users did with actions; None where the recipe takes none.
        context: The columns that tell the circumstances of each row, such as a device; None where
            the Interactions dataset has none.
    """

    user_ids: pa.StringArray
    item_ids: pa.StringArray
    user: IntArray
    item: IntArray
    timestamp: LongArray
    event_type: NDArray[np.int16] | None = None
    event_type_names: tuple[str, ...] = ()
    event_value: FloatArray | None = None
    weight: FloatArray | None = None
    item_features: pa.Table | None = None
    user_features: pa.Table | None = None
    item_schema: Schema | None = None
    actions: ActionData | None = None
    context: pa.Table | None = None

    def __len__(self) -> int:
        return len(self.user)

    @property
    def n_users(self) -> int:
        """Number of users."""
        return len(self.user_ids)

    @property
    def n_items(self) -> int:
        """Number of items in the catalogue."""
        return len(self.item_ids)

    def where(self, keep: BoolArray) -> "TrainingData":
        """The same users and items with only the rows that ``keep`` marks; shape ``(n,)``."""
        return replace(
            self,
            user=self.user[keep],
            item=self.item[keep],
            timestamp=self.timestamp[keep],
            event_type=None if self.event_type is None else self.event_type[keep],
            event_value=None if self.event_value is None else self.event_value[keep],
            weight=None if self.weight is None else self.weight[keep],
            context=None if self.context is None else self.context.filter(pa.array(keep)),
        )

    def histories(self, rng: np.random.Generator) -> Histories:
        """What each user did, oldest first.

        Rows with equal user, item and timestamp are one event, so that a click and a watch of the
        same second are never taken for a repeat; it is worth what the best of them is. Events of
        the same second are shuffled.

        Args:
            rng: Orders ties of time.

        Returns:
            One row per user index, also for users without a row.
        """
        histories = build_histories(
            self.user, self.item, self.timestamp, self.n_users, rng, self.weight
        )
        return replace(histories, users=np.arange(self.n_users, dtype=np.int32))


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


class Saveable(Protocol):
    """What can be written into a folder and read back."""

    def save(self, folder: Path) -> None:
        """Write the model into an existing folder, without pickling anything."""
        ...

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a model that ``save`` wrote.

        Raises:
            ModelFormatError: The files are of another format version or of another model.
        """
        ...


class Scorer(Protocol):
    """What can be asked for recommendations: a ``Model``, or something around one."""

    @property
    def n_items(self) -> int:
        """Size of the catalogue."""
        ...

    def score(self, histories: Histories) -> FloatArray:
        """Score; see ``Model``."""
        ...


@runtime_checkable
class Model(Saveable, Protocol):
    """What a recipe learned of items, able to score the whole catalogue for any history."""

    @property
    def n_items(self) -> int:
        """Size of the catalogue that the model was trained on."""
        ...

    def score(self, histories: Histories) -> FloatArray:
        """Score every item for every history.

        Args:
            histories: Any users, also such that the training did not see. An empty history is the
                question of a new user and gets the recipe's cold-start answer.

        Returns:
            Shape ``(n, n_items)``; higher is better, ``-inf`` is never served. A softmax over a
            row is the share that Amazon Personalize calls the score.
        """
        ...


@runtime_checkable
class SegmentModel(Saveable, Protocol):
    """What a recipe learned of users, able to tell who will take to given items."""

    @property
    def n_items(self) -> int:
        """Size of the catalogue that the model was trained on."""
        ...

    @property
    def n_users(self) -> int:
        """Number of users that the model was trained on."""
        ...

    def score_users(self, weights: sparse.csr_array) -> FloatArray:
        """Score every user for every query.

        Args:
            weights: Which items a query asks about and how much each counts: one 1 for a single
                item, ones for all items of an attribute; shape ``(n_queries, n_items)``. Only
                the ratio of a row's weights matters. A row without any is answered with the users
                that are most active.

        Returns:
            Shape ``(n_queries, n_users)``; higher is better.
        """
        ...


@runtime_checkable
class ActionModel(Saveable, Protocol):
    """What a recipe learned of actions, able to tell how likely any user takes each."""

    @property
    def n_actions(self) -> int:
        """Number of actions that the model was trained on."""
        ...

    def score_actions(self, histories: Histories, actions: ActionHistories) -> FloatArray:
        """Tell how likely each user takes each action.

        Args:
            histories: What the users did with items; an empty history is a new user's.
            actions: What the same users did with actions, in the same order.

        Returns:
            Probabilities, shape ``(n, n_actions)``; exactly 0 for actions of which there were not
            enough data, which are to be explored.
        """
        ...


ModelT_co = TypeVar("ModelT_co", bound=Saveable, covariant=True)


@runtime_checkable
class Liking(Protocol):
    """A model that can also tell how much users like items that it would not recommend to them."""

    def liking(self, histories: Histories) -> FloatArray:
        """Score every item for every history, known ones like all others: for rankings.

        Args:
            histories: As for ``Model.score``.

        Returns:
            Finite, shape ``(n, n_items)``.
        """
        ...


@runtime_checkable
class Influenced(Protocol):
    """A model whose answers can be pulled towards popular and towards new items."""

    def with_influence(self, popularity: float, freshness: float) -> Model:
        """The same model under a campaign's or batch job's ``rankingInfluence``.

        Args:
            popularity: From 0, no influence, to 1.
            freshness: From 0, no influence, to 1.
        """
        ...


class Learner(Protocol[ModelT_co]):
    """How one recipe learns its model."""

    @property
    def model_type(self) -> type[ModelT_co]:
        """The class of the models that ``fit`` returns."""
        ...

    def fit(
        self,
        data: TrainingData,
        histories: Histories,
        config: Any,
        featurization: Any,
        rng: np.random.Generator,
        progress: Progress = ignore_progress,
    ) -> ModelT_co:
        """Learn from the histories of the training users.

        Args:
            data: Catalogue and features; its interactions also hold those of held-out users, so a
                learner reads events from ``histories`` only. ``data.actions`` holds those of
                training users only.
            histories: What is trained on. Of item models the training users, other users' rows are
                not in it; of segment and action models a row per user of ``data``, from which what
                is tested was taken out.
            config: An instance of the recipe's ``config`` class.
            featurization: An instance of the recipe's ``featurization`` class.
            rng: The only source of chance.
            progress: Told of the stages.
        """
        ...
