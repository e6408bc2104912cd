"""aws-trending-now: items whose events rose most from one interval to the next, for everyone.

The two intervals end with the newest interaction that was trained on. Items that do not rise come
after those that do, popular ones first. New data count as soon as everything is counted anew.
"""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np

from personalize_assets.recipes.base import Progress, TrainingData, ignore_progress
from personalize_assets.recipes.histories import FloatArray, Histories, IntArray
from personalize_assets.recipes.hyperparameters import NoOptions
from personalize_assets.recipes.options import TrendingOptions
from personalize_assets.recipes.solvers.cold_start import log_popularity
from personalize_assets.recipes.solvers.trends import rises, trend_strength
from personalize_assets.recipes.spec import RecipeSpec
from personalize_assets.recipes.storage import ModelFormat

_FORMAT = ModelFormat("trending-now", 1)
_INTERVALS_S: Final = {
    "30 minutes": 1_800,
    "1 hour": 3_600,
    "2 hours": 7_200,
    "3 hours": 10_800,
    "1 day": 86_400,
}
_TRUE_TRENDS: Final = 25


@dataclass(frozen=True)
class TrendingModel:
    """One list for everyone.

    Attributes:
        trend: Strength of the rise where there is one, else the log share of all events; shape
            ``(n_items,)``.
        interval_s: Length of the compared intervals, in seconds.
    """

    trend: FloatArray
    interval_s: int

    @property
    def n_items(self) -> int:
        """Size of the catalogue."""
        return len(self.trend)

    def score(self, histories: Histories) -> FloatArray:
        """The same row for everyone; see ``Model``."""
        return np.tile(self.trend, (len(histories), 1))

    def extra_metrics(
        self, ranked: IntArray, given: Histories, truth: Histories
    ) -> dict[str, float]:
        """The share of the tested users' strongest trends that the list caught.

        The rise of the listed items over the rise of the 25 items that rose most, both counted in
        the last two intervals of all that the tested users did; see ``SelfMeasured``.
        """
        items = np.concatenate((given.items, truth.items))
        timestamps = np.concatenate((given.timestamps, truth.timestamps))
        last, before = rises(items, timestamps, self.n_items, self.interval_s)
        rise = np.maximum(last - before, 0)
        best = int(np.sort(rise)[-_TRUE_TRENDS:].sum())
        listed = ranked[0, :_TRUE_TRENDS] if len(ranked) else np.zeros(0, np.int32)
        caught = int(rise[listed[listed >= 0]].sum())
        return {"trend_prediction_accuracy": caught / best if best else 0.0}

    def save(self, folder: Path) -> None:
        """Write the model; see ``Model``."""
        _FORMAT.write(folder, {"interval_s": self.interval_s}, {"trend": self.trend})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the model; see ``Model``."""
        settings, arrays = _FORMAT.read(folder)
        return cls(arrays["trend"], settings["interval_s"])


class TrendingNow:
    """Compares the counts of two intervals."""

    model_type = TrendingModel

    def fit(
        self,
        data: TrainingData,
        histories: Histories,
        config: NoOptions,
        featurization: TrendingOptions,
        rng: np.random.Generator,
        progress: Progress = ignore_progress,
    ) -> TrendingModel:
        """Count and compare; see ``Learner``."""
        interval_s = _INTERVALS_S[featurization.trend_discovery_frequency]
        popularity = log_popularity(histories, data.n_items)
        last, before = rises(histories.items, histories.timestamps, data.n_items, interval_s)
        strength = trend_strength(last, before)
        # Of equally strong trends the more popular item comes first.
        rising = strength + np.exp(popularity)
        return TrendingModel(np.where(strength > 0, rising, popularity), interval_s)


TRENDING_NOW = RecipeSpec(
    name="aws-trending-now",
    recipe_type="POPULAR_ITEMS",
    description="Items whose number of interactions rises fastest.",
    created=dt.date(2022, 10, 1),
    algorithm="aws-trending-now-custom",
    feature_transformation="aws-trending-now",
    query_fields=(),
    batch_field=None,
    featurization=TrendingOptions,
    refresh="recount",
    promotes=True,
    learner=TrendingNow(),
)
