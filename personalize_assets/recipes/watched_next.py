"""Because you watched X: what people watched after a given item, sooner counting more."""

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

_OPTIONS: Final = TransitionOptions(
    source_discount=0.0, prior_percentile=0.9, max_neighbours=MAX_NEIGHBOURS
)


class WatchedNext:
    """Counts what follows what."""

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
        """Count; see ``Learner``. ``histories`` holds what was watched only."""
        progress("transitions", 0.0)
        followers = fit_transitions(histories, data.n_items, _OPTIONS)
        return related_items(followers, log_popularity(histories, data.n_items))
