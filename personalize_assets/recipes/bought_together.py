"""Frequently bought together: items that one user bought on the same day as a given one.

A basket is all that a user bought on one day (UTC), since the data know no orders. A pair counts
as often as it stood in a basket, divided by the square root of how often the answer did and an
item near the top of the catalogue does, so that rare answers do not win by chance.
"""

from typing import Final

import numpy as np

from personalize_assets.recipes.base import Progress, TrainingData, ignore_progress
from personalize_assets.recipes.histories import Histories
from personalize_assets.recipes.hyperparameters import NoOptions
from personalize_assets.recipes.related_items import (
    MAX_NEIGHBOURS,
    RelatedItemsModel,
    related_items,
)
from personalize_assets.recipes.solvers.cold_start import log_popularity
from personalize_assets.recipes.solvers.transitions import TransitionOptions, fit_transitions

_DAY_S: Final = 86_400
_LARGEST_BASKET: Final = 200
"""Items of a basket that are still taken for one purchase: further apart they do not count."""

_SAME_BASKET: Final = TransitionOptions(
    window=_LARGEST_BASKET,
    decay=float("inf"),
    source_discount=0.0,
    target_discount=0.5,
    prior_percentile=0.9,
    both_directions=True,
    max_neighbours=MAX_NEIGHBOURS,
)


def baskets(histories: Histories) -> Histories:
    """The same events with a row for each day of each user.

    Args:
        histories: What users bought, oldest first.

    Returns:
        Rows in the order of users and days; users without events have none.
    """
    days = histories.timestamps // _DAY_S
    rows = histories.rows
    begins = np.ones(len(days), dtype=np.bool_)
    begins[1:] = (rows[1:] != rows[:-1]) | (days[1:] != days[:-1])
    indptr = np.append(np.flatnonzero(begins), len(days)).astype(np.int64)
    return Histories(indptr, histories.items, histories.timestamps)


class BoughtTogether:
    """Counts pairs within baskets."""

    model_type = RelatedItemsModel

    def fit(
        self,
        data: TrainingData,
        histories: Histories,
        config: NoOptions,
        featurization: NoOptions,
        rng: np.random.Generator,
        progress: Progress = ignore_progress,
    ) -> RelatedItemsModel:
        """Count; see ``Learner``. ``histories`` holds purchases only."""
        progress("baskets", 0.0)
        pairs = fit_transitions(baskets(histories), data.n_items, _SAME_BASKET)
        return related_items(pairs, log_popularity(histories, data.n_items))
