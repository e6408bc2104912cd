"""Training a solution version: split, train once, and measure what will be served.

Knows recipes, the split and the metrics. Knows nothing of jobs, of the store or of files.
"""

import logging
import time
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel

from personalize_assets.core.metrics import LONGEST_LIST, Truth, evaluate, evaluate_textbook
from personalize_assets.core.splitting import choose_test_users, mark_truth
from personalize_assets.recipes.base import (
    Histories,
    Learner,
    Model,
    Progress,
    TrainingData,
    ignore_progress,
)
from personalize_assets.recipes.minima import check_minima
from personalize_assets.recipes.ranking import recommend
from personalize_assets.recipes.spec import RecipeSpec

log = logging.getLogger(__name__)


class RecipeNotBuilt(ValueError):
    """The recipe is declared, but nothing trains it here yet."""


@dataclass(frozen=True)
class Split:
    """Users to train on, and what the tested users did before and after the cut.

    Attributes:
        train: Histories of the other users.
        given: Oldest 90 percent of each tested user's events.
        truth: Newest 10 percent of each tested user's events, same rows as ``given``.
    """

    train: Histories
    given: Histories
    truth: Histories


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
    event_type: str | None = None,
    rng: np.random.Generator,
    progress: Progress = ignore_progress,
) -> TrainedVersion:
    """Split the users, train on 90 percent of them and measure on the others.

    Args:
        spec: A recipe with a learner.
        data: All interactions that the solution takes, already filtered by event type and value.
        config: An instance of ``spec.config``; None takes the defaults.
        featurization: An instance of ``spec.featurization``; None takes the defaults.
        event_type: The event type that ``data`` was filtered by, for the text of an error.
        rng: The only source of chance.
        progress: Told of ``split``, ``train`` and ``evaluate``, and of the learner's own stages.

    Raises:
        RecipeNotBuilt: The recipe is declared but has no learner yet.
        TooLittleData: The data are below Amazon's minima for training.
    """
    learner = require_learner(spec)
    check_minima(data, event_type)
    watch = _Stopwatch(progress)
    watch.start("split", 0.0)
    split = split_histories(data.histories(rng), rng)
    watch.start("train", 0.1)
    model = learner.fit(
        data,
        split.train,
        spec.config() if config is None else config,
        spec.featurization() if featurization is None else featurization,
        rng,
        progress,
    )
    watch.start("evaluate", 0.8)
    metrics, textbook = measure(spec, model, split)
    watch.stop()
    return TrainedVersion(
        model=model,
        metrics=metrics,
        textbook=textbook,
        n_train_users=int((split.train.lengths > 0).sum()),
        n_test_users=len(split.given),
        n_events=len(split.train.items) + len(split.given.items) + len(split.truth.items),
        seconds=watch.seconds,
    )


def require_learner(spec: RecipeSpec) -> Learner:
    """The recipe's learner.

    Raises:
        RecipeNotBuilt: It has none.
    """
    if spec.learner is None:
        raise RecipeNotBuilt(f"recipe {spec.name!r} is declared but does not train here yet")
    return spec.learner


def split_histories(histories: Histories, rng: np.random.Generator) -> Split:
    """Hold out a tenth of the users with at least two events.

    Args:
        histories: All users; those without events go nowhere, those with one event to training.
        rng: Draws the tested users.
    """
    tested = choose_test_users(histories.lengths >= 2, rng)
    test = histories.take(tested)
    held = mark_truth(test.indptr)
    trained = ~tested & (histories.lengths > 0)
    return Split(histories.take(trained), test.where(~held), test.where(held))


def measure(
    spec: RecipeSpec, model: Model, split: Split
) -> tuple[dict[str, float], dict[str, float]]:
    """Amazon's metrics and textbook NDCG of what the model serves to the tested users.

    A related-items recipe is asked about the last item of what is given, and about nothing else.
    """
    asked = split.given.last(1) if spec.recipe_type == "RELATED_ITEMS" else split.given
    ranked, _ = recommend(model, asked, LONGEST_LIST)
    truth = Truth(split.truth.indptr, split.truth.items)
    return (
        evaluate(ranked, truth, model.n_items),
        evaluate_textbook(ranked, truth, model.n_items),
    )


class _Stopwatch:
    """Reports the stages and remembers how long each took."""

    def __init__(self, progress: Progress) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress
        self._stage: tuple[str, float] | None = None

    def start(self, stage: str, share: float) -> None:
        """End the stage before and begin this one; ``share`` of all work is done."""
        self.stop()
        self._stage = (stage, time.perf_counter())
        self._progress(stage, share)

    def stop(self) -> None:
        """End the stage."""
        if self._stage is not None:
            stage, began = self._stage
            self.seconds[stage] = round(time.perf_counter() - began, 3)
            log.info("%s took %.2f s", stage, self.seconds[stage])
            self._stage = None
