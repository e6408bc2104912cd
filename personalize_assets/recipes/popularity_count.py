"""aws-popularity-count: the items with the most interactions, the same list for everyone.

The list leaves nothing out, also not what the user already knows; the service does the same.
"""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from personalize_assets.recipes.base import Progress, TrainingData, ignore_progress
from personalize_assets.recipes.histories import FloatArray, Histories
from personalize_assets.recipes.hyperparameters import NoOptions
from personalize_assets.recipes.solvers.cold_start import log_popularity
from personalize_assets.recipes.spec import RecipeSpec
from personalize_assets.recipes.storage import ModelFormat

_FORMAT = ModelFormat("popularity-count", 1)


@dataclass(frozen=True)
class PopularityModel:
    """Log shares of the items, float32, shape ``(n_items,)``."""

    popularity: FloatArray

    @property
    def n_items(self) -> int:
        """Size of the catalogue."""
        return len(self.popularity)

    def score(self, histories: Histories) -> FloatArray:
        """The same row for everyone; see ``Model``."""
        return np.tile(self.popularity, (len(histories), 1))

    def save(self, folder: Path) -> None:
        """Write the model; see ``Model``."""
        _FORMAT.write(folder, {}, {"popularity": self.popularity})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the model; see ``Model``."""
        return cls(_FORMAT.read(folder)[1]["popularity"])


class PopularityCount:
    """Counts events."""

    model_type = PopularityModel

    def fit(
        self,
        data: TrainingData,
        histories: Histories,
        config: NoOptions,
        featurization: NoOptions,
        rng: np.random.Generator,
        progress: Progress = ignore_progress,
    ) -> PopularityModel:
        """Count; see ``Learner``."""
        return PopularityModel(log_popularity(histories, data.n_items))


POPULARITY_COUNT = RecipeSpec(
    name="aws-popularity-count",
    # The guide's recipe page says this type; the behaviour is that of POPULAR_ITEMS: no userId
    # is needed and everyone gets the same list.
    recipe_type="USER_PERSONALIZATION",
    description="The items with the most interactions, the same for every user.",
    created=dt.date(2019, 6, 10),
    algorithm="aws-popularity-count",
    feature_transformation="sims",
    query_fields=(),
    promotes=True,
    learner=PopularityCount(),
)
