"""One recipe's learner under another recipe's options: how recipes share a model.

Knows no recipe.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from personalize_assets.recipes.base import Learner, Model, Progress, TrainingData, ignore_progress
from personalize_assets.recipes.histories import Histories


@dataclass(frozen=True)
class Preset:
    """A learner that gets its options from other options.

    Attributes:
        learner: Learns the model.
        config: Turns this recipe's ``config`` into the learner's.
        featurization: Turns this recipe's ``featurization`` into the learner's.
    """

    learner: Learner[Model]
    config: Callable[[Any], Any]
    featurization: Callable[[Any], Any]

    @property
    def model_type(self) -> type[Model]:
        """That of the learner."""
        return self.learner.model_type

    def fit(
        self,
        data: TrainingData,
        histories: Histories,
        config: Any,
        featurization: Any,
        rng: np.random.Generator,
        progress: Progress = ignore_progress,
    ) -> Model:
        """Learn as the learner does; see ``Learner``."""
        return self.learner.fit(
            data, histories, self.config(config), self.featurization(featurization), rng, progress
        )


def with_defaults(learner: Learner[Model], config: Any, featurization: Any) -> Preset:
    """A learner under fixed options, for recipes that have none of their own.

    Args:
        learner: Learns the model.
        config: An instance of the learner's options.
        featurization: An instance of the learner's feature transformation parameters.
    """
    return Preset(learner, config=lambda _: config, featurization=lambda _: featurization)
