"""Training a solution version: split, train once, and measure what will be served.

Knows recipes, the split and the metrics. Knows nothing of jobs, of the store or of files.
"""

from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel

from personalize_assets.recipes.base import Model, Progress, TrainingData, ignore_progress
from personalize_assets.recipes.spec import RecipeSpec


@dataclass(frozen=True)
class TrainedVersion:
    """What came of one training.

    Attributes:
        model: Trained on 90 percent of the users.
        metrics: Amazon's offline metrics under Amazon's names, rounded to 4 decimals.
        textbook: Textbook NDCG under names of its own.
        n_train_users: Users the model was trained on.
        n_test_users: Users it was measured on.
        n_events: Events after merging those with equal user, item and timestamp.
        seconds: Wall seconds of the stages ``split``, ``train`` and ``evaluate``.
    """

    model: Model
    metrics: dict[str, float]
    textbook: dict[str, float]
    n_train_users: int
    n_test_users: int
    n_events: int
    seconds: dict[str, float]


def train_and_evaluate(
    spec: RecipeSpec,
    data: TrainingData,
    *,
    config: BaseModel | None = None,
    featurization: BaseModel | None = None,
    rng: np.random.Generator,
    progress: Progress = ignore_progress,
) -> TrainedVersion:
    """Split the users, train on 90 percent of them and measure on the others.

    Args:
        spec: A recipe with a learner.
        data: All interactions that the solution takes, already filtered by event type and value.
        config: An instance of ``spec.config``; None takes the defaults.
        featurization: An instance of ``spec.featurization``; None takes the defaults.
        rng: The only source of chance.
        progress: Told of the stages ``split``, ``train`` and ``evaluate``.

    Raises:
        RecipeNotBuilt: The recipe is declared but has no learner yet.
        TooLittleData: The data are below Amazon's minima for training.
    """
    raise NotImplementedError
