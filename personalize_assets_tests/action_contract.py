"""What every recipe of actions that trains must do: inherit ``ActionContract`` and name the recipe.

Held against the campaign world, in which tastes for items decide on actions.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from personalize_assets.recipes.action_trial import ActionTrial
from personalize_assets.recipes.actions import ActionData, ActionHistories
from personalize_assets.recipes.artifact import load_version, save_version
from personalize_assets.recipes.base import ActionModel, TrainingData
from personalize_assets.recipes.comparison.baselines import Unsaved
from personalize_assets.recipes.evaluation import (
    TrainedVersion,
    require_learner,
    train_and_evaluate,
)
from personalize_assets.recipes.histories import FloatArray, Histories
from personalize_assets.recipes.models import action_model
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.spec import RecipeSpec
from personalize_assets_tests.recipe_contract import with_cold_items
from personalize_assets_tests.recipes.action_examples import N_ACTIONS, campaign_world
from personalize_assets_tests.recipes.examples import histories_of

NDCG = "normalized_discounted_cumulative_gain_at_5"


def met(*rows: list[tuple[int, bool]]) -> ActionHistories:
    """Histories of these actions, taken or not, one a second."""
    events = [event for row in rows for event in row]
    return ActionHistories(
        indptr=np.concatenate(([0], np.cumsum([len(row) for row in rows]))).astype(np.int64),
        actions=np.array([action for action, _ in events], np.int32),
        timestamps=np.arange(len(events), dtype=np.int64),
        taken=np.array([taken for _, taken in events], np.bool_),
    )


@dataclass(frozen=True)
class Rates(Unsaved):
    """Tells everybody how often an action is taken, or anything by chance."""

    rates: FloatArray
    rng: np.random.Generator | None = None

    @classmethod
    def of(cls, actions: ActionData) -> "Rates":
        """Count."""
        taken = np.bincount(actions.action[actions.taken], minlength=actions.n_actions)
        shown = np.bincount(actions.action, minlength=actions.n_actions)
        return cls((taken / np.maximum(shown, 1)).astype(np.float32))

    @property
    def n_actions(self) -> int:
        """Number of actions."""
        return len(self.rates)

    def score_actions(self, histories: Histories, actions: ActionHistories) -> FloatArray:
        """Score; see ``ActionModel``."""
        shape = (len(histories), self.n_actions)
        if self.rng is not None:
            return self.rng.random(shape, np.float32) * (self.rates > 0)
        return np.broadcast_to(self.rates, shape)


def alone(data: TrainingData) -> TrainingData:
    """Everything was done by the first user."""
    assert data.actions is not None
    actions = replace(data.actions, user=np.zeros_like(data.actions.user))
    return replace(data, user=np.zeros_like(data.user), actions=actions)


def at_once(data: TrainingData) -> TrainingData:
    """Everything happened within one second."""
    assert data.actions is not None
    actions = replace(data.actions, timestamp=np.zeros_like(data.actions.timestamp))
    return replace(data, timestamp=np.zeros_like(data.timestamp), actions=actions)


def of_one_action(data: TrainingData) -> TrainingData:
    """There is one action only."""
    assert data.actions is not None
    actions = replace(
        data.actions,
        action_ids=data.actions.action_ids[:1],
        action=np.zeros_like(data.actions.action),
        features=None if data.actions.features is None else data.actions.features.slice(0, 1),
    )
    return replace(data, actions=actions)


def without_items(data: TrainingData) -> TrainingData:
    """Nobody met an item."""
    return data.where(np.zeros(len(data), dtype=np.bool_))


ODD = {
    "one user": alone,
    "one second": at_once,
    "one action": of_one_action,
    "no item events": without_items,
    "cold items": with_cold_items,
}


class ActionContract:
    """Tests that hold for every recipe of actions."""

    recipe: ClassVar[str]
    least_gain: ClassVar[float] = 1.1
    """How many times the gain of the actions' rates, and of chance, must be reached."""

    @pytest.fixture(scope="class")
    @classmethod
    def spec(cls) -> RecipeSpec:
        return RECIPES[cls.recipe]

    @pytest.fixture(scope="class")
    @classmethod
    def data(cls) -> TrainingData:
        return campaign_world(np.random.default_rng(3))

    @pytest.fixture(scope="class")
    @classmethod
    def version(cls, spec: RecipeSpec, data: TrainingData) -> TrainedVersion:
        return train_and_evaluate(spec, data, rng=np.random.default_rng(0))

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls, version: TrainedVersion) -> ActionModel:
        return action_model(version.trained)

    def fit(self, spec: RecipeSpec, data: TrainingData) -> ActionModel:
        """Train on all of the data, which may be less than a version needs."""
        rng = np.random.default_rng(0)
        histories = data.histories(rng)
        fitted = require_learner(spec).fit(
            data, histories, spec.config(), spec.featurization(), rng
        )
        return action_model(fitted)

    def test_score_actions__chances(self, model: ActionModel) -> None:
        scores = model.score_actions(histories_of([1, 2], [], [99]), met([(0, True)], [], []))
        assert scores.shape == (3, N_ACTIONS)
        assert scores.dtype == np.float32
        assert scores.min() >= 0
        assert scores.max() < 1

    def test_score_actions__nobody(self, model: ActionModel) -> None:
        scores = model.score_actions(Histories.empty(0), ActionHistories.empty(0))
        assert scores.shape == (0, N_ACTIONS)

    def test_score_actions__new_users_are_alike(self, model: ActionModel) -> None:
        scores = model.score_actions(Histories.empty(2), ActionHistories.empty(2))
        assert scores[0].tolist() == scores[1].tolist()

    def test_train__same_seed_same_scores(
        self, spec: RecipeSpec, data: TrainingData, model: ActionModel, version: TrainedVersion
    ) -> None:
        again = train_and_evaluate(spec, data, rng=np.random.default_rng(0))
        asked = histories_of([1, 30], [77]), met([(0, True)], [(2, False)])
        np.testing.assert_allclose(
            action_model(again.trained).score_actions(*asked),
            model.score_actions(*asked),
            rtol=0,
            atol=1e-6,
        )
        assert again.metrics == version.metrics

    def test_save__same_scores(
        self, data: TrainingData, model: ActionModel, version: TrainedVersion, tmp_path: Path
    ) -> None:
        save_version(tmp_path, data, version)
        asked = histories_of([1, 30], []), met([(0, True)], [])
        np.testing.assert_array_equal(
            action_model(load_version(tmp_path).trained).score_actions(*asked),
            model.score_actions(*asked),
        )
        assert {path.suffix for path in tmp_path.iterdir()} <= {".npz", ".parquet", ".json"}

    @pytest.mark.parametrize("odd", ODD)
    def test_fit__odd_data(self, spec: RecipeSpec, data: TrainingData, odd: str) -> None:
        changed = ODD[odd](data)
        assert changed.actions is not None
        asked = histories_of([1, 30], []), met([(0, True)], [])
        model = self.fit(spec, changed)
        scores = model.score_actions(*asked)
        assert scores.shape == (2, changed.actions.n_actions)
        assert np.isfinite(scores).all()
        again = self.fit(spec, changed).score_actions(*asked)
        np.testing.assert_allclose(again, scores, rtol=0, atol=1e-6)

    def test_quality__better_than_rates_and_chance(
        self, data: TrainingData, version: TrainedVersion
    ) -> None:
        trial = ActionTrial.draw(data, np.random.default_rng(0))
        assert trial.data.actions is not None
        rates = Rates.of(trial.data.actions)
        for simple in (rates, replace(rates, rng=np.random.default_rng(1))):
            metrics, _ = trial.measure(simple)
            assert version.metrics[NDCG] > self.least_gain * metrics[NDCG]
