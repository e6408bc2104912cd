"""Training a solution version: hold something out, train once, and measure what will be served.

Knows recipes, the trials of each recipe type and the metrics. Knows nothing of jobs, of the store
or of files.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from pydantic import BaseModel

from personalize_assets.recipes.base import Learner, Model, Progress, TrainingData, ignore_progress
from personalize_assets.recipes.minima import check_needs
from personalize_assets.recipes.models import AnyModel, item_model
from personalize_assets.recipes.spec import RecipeSpec
from personalize_assets.recipes.trials import Adjustment, Metrics, Trial, make_trial

log = logging.getLogger(__name__)


Tuner = Callable[[Trial, np.random.Generator, Progress], tuple[BaseModel, dict[str, str]]]
"""Chooses a config on a trial's training users; also gives what it chose as strings."""


class RecipeNotBuilt(ValueError):
    """The recipe is declared, but nothing trains it here yet."""


@dataclass(frozen=True)
class TrainedVersion:
    """What came of one training.

    Attributes:
        spec: The recipe that was trained.
        trained: The model; of items and actions trained on 90 percent of the users, of segments on
            80 percent of each user's events.
        metrics: Amazon's offline metrics under Amazon's names, rounded to 4 decimals.
        textbook: Textbook NDCG under names of its own; empty where items are not ranked.
        n_train_users: Users the model was trained on.
        n_test_users: Users it was measured on.
        n_events: Events after merging those with equal user, item and timestamp.
        seconds: Wall seconds of the stages, such as ``split``, ``train`` and ``evaluate``.
        tuned: What hyperparameter optimization chose, as strings of the wire; empty without it.
    """

    spec: RecipeSpec
    trained: AnyModel
    metrics: dict[str, float]
    textbook: dict[str, float]
    n_train_users: int
    n_test_users: int
    n_events: int
    seconds: dict[str, float]
    tuned: dict[str, str] = field(default_factory=dict)

    @property
    def model(self) -> Model:
        """The model of a recipe that recommends items.

        Raises:
            WrongModel: The recipe does something else.
        """
        return item_model(self.trained)


def train_and_evaluate(
    spec: RecipeSpec,
    data: TrainingData,
    *,
    config: BaseModel | None = None,
    featurization: BaseModel | None = None,
    event_type: str | None = None,
    adjustments: Sequence[Adjustment] = (),
    tune: Tuner | None = None,
    rng: np.random.Generator,
    progress: Progress = ignore_progress,
) -> TrainedVersion:
    """Hold out what the recipe type says, train on the rest and measure on what was held out.

    Args:
        spec: A recipe with a learner.
        data: All interactions that the solution takes, already filtered by event type and value.
        config: An instance of ``spec.config``; None takes the defaults.
        featurization: An instance of ``spec.featurization``; None takes the defaults.
        event_type: The event type that ``data`` was filtered by, for the text of an error.
        adjustments: Change the trained model one after the other, and add metrics.
        tune: Chooses the config in place of ``config``, on the users to train on.
        rng: The only source of chance.
        progress: Told of ``split``, ``train`` and ``evaluate``, and of the learner's own stages.

    Raises:
        RecipeNotBuilt: The recipe is declared but has no learner yet.
        TooLittleData: The data are below Amazon's minima for training.
    """
    learner = require_learner(spec)
    check_needs(spec, data, event_type)
    watch = _Stopwatch(progress)
    watch.start("split", 0.0)
    trial = make_trial(spec, data, rng)
    tuned: dict[str, str] = {}
    if tune is not None:
        watch.start("tune", 0.1)
        # Of its own, so that a search that changes nothing gives the plain training.
        config, tuned = tune(trial, rng.spawn(1)[0], progress)
    watch.start("train", 0.1)
    model = learner.fit(
        trial.data,
        trial.train,
        spec.config() if config is None else config,
        spec.featurization() if featurization is None else featurization,
        rng,
        progress,
    )
    watch.start("evaluate", 0.8)
    model, metrics, textbook = _adjust(model, trial, adjustments)
    watch.stop()
    return TrainedVersion(
        spec=spec,
        trained=model,
        metrics=metrics,
        textbook=textbook,
        n_train_users=trial.n_train_users,
        n_test_users=trial.n_test_users,
        n_events=trial.n_events,
        seconds=watch.seconds,
        tuned=tuned,
    )


def _adjust(
    model: AnyModel, trial: Trial, adjustments: Sequence[Adjustment]
) -> tuple[AnyModel, Metrics, Metrics]:
    """The adjusted model, its metrics and textbook NDCG."""
    for adjustment in adjustments:
        model = adjustment.apply(model, trial)
    metrics, textbook = trial.measure(model)
    for adjustment in adjustments:
        metrics |= adjustment.measure(model, trial)
    return model, metrics, textbook


def require_learner(spec: RecipeSpec) -> Learner[AnyModel]:
    """The recipe's learner.

    Raises:
        RecipeNotBuilt: It has none.
    """
    if spec.learner is None:
        raise RecipeNotBuilt(f"recipe {spec.name!r} is declared but does not train here yet")
    return spec.learner


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
