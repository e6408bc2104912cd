"""What a solution is to be good for beside relevance: an item attribute, or weighty event types.

Both shift the log probabilities of items after training. Adding the log of a factor multiplies the
probability by it, so that the shift of event weights turns the probability of an event into its
expected weight. Knows items by their columns only.
"""

# pyarrow has no types.
# pyright: standard

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from personalize_assets.core.columns import Columns
from personalize_assets.core.metrics import (
    LONGEST_LIST,
    Truth,
    average_reward_at_k,
    gains_at_ranks,
    weighted_ndcg_at_k,
)
from personalize_assets.core.names import MAX_RESULTS
from personalize_assets.recipes.base import FloatArray, Histories, Model, TrainingData
from personalize_assets.recipes.minima import UnfitData
from personalize_assets.recipes.models import AnyModel, item_model, ranking_scores
from personalize_assets.recipes.ranking import recommend
from personalize_assets.recipes.trials import ItemTrial, Metrics, Trial, asked_of

Sensitivity = Literal["LOW", "MEDIUM", "HIGH", "OFF"]

STRENGTHS: Final[dict[Sensitivity, float]] = {"LOW": 0.25, "MEDIUM": 0.5, "HIGH": 1.0, "OFF": 0.0}
"""How much an item's log probability gains for each standard deviation of its attribute."""

_PRIOR_EVENTS = 5.0
"""Events of average weight that every item is taken to have had."""

_SHIFT = "shift.npz"


@dataclass(frozen=True)
class ShiftedModel:
    """A model whose log probabilities are shifted by item.

    Attributes:
        inner: The trained model.
        shift: Added to every row of scores; float32, shape ``(n_items,)``.
    """

    inner: Model
    shift: FloatArray

    @property
    def n_items(self) -> int:
        """Size of the catalogue."""
        return self.inner.n_items

    def score(self, histories: Histories) -> FloatArray:
        """The inner model's scores and the shift; see ``Model``."""
        return self.inner.score(histories) + self.shift

    def liking(self, histories: Histories) -> FloatArray:
        """The same of the scores for rankings; see ``Liking``."""
        return ranking_scores(self.inner, histories) + self.shift

    def save(self, folder: Path) -> None:
        """Write the inner model and, beside it, the shift."""
        self.inner.save(folder)
        np.savez(folder / _SHIFT, allow_pickle=False, shift=self.shift)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Not possible without knowing the inner model's class: see ``load_shift``."""
        raise NotImplementedError("load the inner model, then call load_shift")


def load_shift(folder: Path, model: AnyModel) -> AnyModel:
    """The model with the shift that was saved beside it; the model itself if there is none."""
    if not (folder / _SHIFT).is_file():
        return model
    with np.load(folder / _SHIFT, allow_pickle=False) as arrays:
        return ShiftedModel(item_model(model), arrays["shift"])


def _shifted(model: AnyModel, shift: NDArray[np.floating]) -> ShiftedModel:
    return ShiftedModel(item_model(model), shift.astype(np.float32))


@dataclass(frozen=True)
class Objective:
    """Favours items with a high value of a numeric attribute: ``optimizationObjective``.

    Attributes:
        item_attribute: A numeric column of the Items dataset, whatever its case.
        sensitivity: How much relevance is given up for it.
    """

    item_attribute: str
    sensitivity: Sensitivity = "OFF"

    def apply(self, model: AnyModel, trial: Trial) -> AnyModel:
        """Add the standardized attribute; items of which it is not known count as average.

        Raises:
            UnfitData: There is no such column, or it is not numeric or has nulls.
        """
        values = self.values(trial.data)
        known = np.isfinite(values)
        deviation = values[known].std() if known.any() else 0.0
        if deviation == 0:
            return model
        standard = np.where(known, (values - values[known].mean()) / deviation, 0.0)
        return _shifted(model, STRENGTHS[self.sensitivity] * standard)

    def measure(self, model: AnyModel, trial: Trial) -> Metrics:
        """How much of the reward within reach the first ranks bring."""
        if not isinstance(trial, ItemTrial):
            return {}
        values = self.values(trial.data)
        known = values[np.isfinite(values)]
        spread = np.ptp(known) if len(known) else 0.0
        rewards = (values - known.min()) / spread if spread else np.ones_like(values)
        ranked, _ = recommend(item_model(model), asked_of(trial.spec, trial.split), MAX_RESULTS)
        truth = Truth(trial.split.truth.indptr, trial.split.truth.items)
        value = average_reward_at_k(ranked, truth, np.nan_to_num(rewards), LONGEST_LIST)
        return {"average_rewards_at_k": round(value, 4)}

    def values(self, data: TrainingData) -> NDArray[np.float64]:
        """The attribute of each catalogue item, NaN for items that are not in the Items dataset.

        Raises:
            UnfitData: There is no such column, or it is not numeric or has nulls.
        """
        table = data.item_features
        names = {} if table is None else {name.upper(): name for name in table.column_names}
        name = names.get(self.item_attribute.upper())
        if table is None or name is None:
            raise UnfitData(
                f"Create failed. The optimization objective {self.item_attribute} is no column of "
                "the Items dataset."
            )
        column = table[name]
        if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
            raise UnfitData(f"Create failed. The optimization objective {name} is not numeric.")
        listed = np.asarray(table[Columns.ITEM_ID].is_valid())
        values = column.cast(pa.float64()).to_numpy()
        if np.isnan(values[listed]).any():
            raise UnfitData(f"Create failed. The optimization objective {name} has null values.")
        return np.where(listed, values, np.nan)


@dataclass(frozen=True)
class EventWeight:
    """One entry of ``eventsConfig``.

    Attributes:
        event_type: An event type that takes part.
        weight: From 0 to 1; only the ratio to other entries' matters.
        threshold: Least ``EVENT_VALUE``; None takes all.
    """

    event_type: str
    weight: float = 1.0
    threshold: float | None = None


@dataclass(frozen=True)
class WeightedEvents:
    """Favours items whose events are of weighty types: ``eventsConfig``."""

    weights: tuple[EventWeight, ...]

    def select(self, data: TrainingData) -> TrainingData:
        """Only the rows that an entry takes; users and items keep their numbers."""
        return data.where(self.of_rows(data) >= 0)

    def of_rows(self, data: TrainingData) -> NDArray[np.float64]:
        """Weight of each row; -1 for rows that no entry takes. Shape ``(n,)``.

        Raises:
            UnfitData: The data have no event types, or no values to hold a threshold against.
        """
        weights = np.full(len(data), -1.0)
        for entry in self.weights:
            if data.event_type is None:
                raise UnfitData("Create failed. eventsConfig needs a column EVENT_TYPE.")
            if entry.event_type not in data.event_type_names:
                continue
            taken = data.event_type == data.event_type_names.index(entry.event_type)
            if entry.threshold is not None:
                if data.event_value is None:
                    raise UnfitData(
                        "Create failed. eventsConfig with an eventValueThreshold needs a column "
                        "EVENT_VALUE."
                    )
                taken &= data.event_value >= entry.threshold
            weights[taken] = entry.weight
        return weights

    def apply(self, model: AnyModel, trial: Trial) -> AnyModel:
        """Multiply each item's probability by the mean weight of the item's events."""
        weights, items = self.of_rows(trial.data), trial.data.item
        if isinstance(trial, ItemTrial):
            trained = ~np.isin(trial.data.user, trial.split.users)
            weights, items = weights[trained], items[trained]
        mean = weights.mean() if len(weights) else 0.0
        if mean <= 0:
            return model
        n_items = trial.data.n_items
        total = np.bincount(items, weights, n_items) + _PRIOR_EVENTS * mean
        counts = np.bincount(items, minlength=n_items) + _PRIOR_EVENTS
        return _shifted(model, np.log(total / counts / mean))

    def measure(self, model: AnyModel, trial: Trial) -> Metrics:
        """NDCG whose gain is the event's weight divided by the mean weight."""
        if not isinstance(trial, ItemTrial):
            return {}
        mean = sum(entry.weight for entry in self.weights) / len(self.weights)
        ranked, _ = recommend(item_model(model), asked_of(trial.spec, trial.split), LONGEST_LIST)
        truth = Truth(trial.split.truth.indptr, trial.split.truth.items)
        gains = _weights_of_truth(trial, self.of_rows(trial.data)) / (mean or 1.0)
        values = weighted_ndcg_at_k(gains_at_ranks(ranked, truth, gains), LONGEST_LIST)
        key = "normalized_discounted_cumulative_gain_with_event_weights_at_k"
        return {key: round(float(values.mean()) if len(values) else 0.0, 4)}


def _weights_of_truth(trial: ItemTrial, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weight of each held-out event: the highest of the rows that were merged into it."""
    truth, data = trial.split.truth, trial.data
    rows = np.full(data.n_users, -1, dtype=np.int64)
    rows[trial.split.users] = np.arange(len(truth))
    tested = rows[data.user] >= 0
    pairs, held = np.unique(truth.rows * np.int64(data.n_items) + truth.items, return_inverse=True)
    asked = rows[data.user[tested]] * data.n_items + data.item[tested]
    at = np.minimum(np.searchsorted(pairs, asked), len(pairs) - 1)
    known = pairs[at] == asked
    earliest = data.timestamp.min()
    span = int(data.timestamp.max() - earliest) + 1
    keys = at[known] * span + (data.timestamp[tested][known] - earliest)
    order = np.lexsort((weights[tested][known], keys))
    wanted = held * span + (truth.timestamps - earliest)
    found = np.searchsorted(keys[order], wanted, side="right") - 1
    return weights[tested][known][order][found]
