"""Event types that are worth more than others to a solution: `eventsConfig`.

An item's probability is multiplied by the mean weight of its events, which turns the probability of
an event into its expected weight; and answers lean on the weighty events of a user's history. Knows
items by their events only.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from personalize_assets.core.metrics import (
    LONGEST_LIST,
    Truth,
    gains_at_ranks,
    weighted_ndcg_at_k,
)
from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.minima import UnfitData
from personalize_assets.recipes.models import AnyModel, item_model
from personalize_assets.recipes.shifted import shifted
from personalize_assets.recipes.trials import ItemTrial, Metrics, Trial

_PRIOR_EVENTS: Final = 5.0
"""Events of average weight that every item is taken to have had."""


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
        """Only the rows that an entry takes, weighted; users and items keep their numbers.

        Raises:
            UnfitData: As ``of_rows``.
        """
        weights = self.of_rows(data)
        return replace(data, weight=weights.astype(np.float32)).where(weights >= 0)

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
        return shifted(model, np.log(total / counts / mean))

    def measure(self, model: AnyModel, trial: Trial) -> Metrics:
        """NDCG whose gain is the event's weight divided by the mean weight."""
        if not isinstance(trial, ItemTrial):
            return {}
        mean = sum(entry.weight for entry in self.weights) / len(self.weights)
        ranked = trial.answers(item_model(model), LONGEST_LIST)
        truth = Truth(trial.split.truth.indptr, trial.split.truth.items)
        worth = trial.split.truth.weights
        if worth is None:
            raise ValueError("event weights are measured on data that `select` chose")
        gains = worth.astype(np.float64) / (mean or 1.0)
        values = weighted_ndcg_at_k(gains_at_ranks(ranked, truth, gains), LONGEST_LIST)
        key = "normalized_discounted_cumulative_gain_with_event_weights_at_k"
        return {key: round(float(values.mean()) if len(values) else 0.0, 4)}
