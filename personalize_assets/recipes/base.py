"""The values that recipes work on and the seams they implement.

Holds training data and the protocols of learners and models. Knows nothing of files of
the engine, of requests, of SQL or of any one recipe.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar, runtime_checkable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse

from personalize_assets.core.schemas import Schema
from personalize_assets.recipes.actions import ActionData, ActionHistories
from personalize_assets.recipes.histories import (
    BoolArray,
    FloatArray,
    Histories,
    IntArray,
    LongArray,
    build_histories,
)

Progress = Callable[[str, float], None]
"""Called with the name of a stage and the share of it that is done, from 0 to 1."""


def ignore_progress(stage: str, share: float) -> None:
    """Take a report of progress and do nothing with it."""


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
