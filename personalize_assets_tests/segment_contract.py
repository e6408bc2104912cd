"""What every recipe of users that trains must do: inherit ``SegmentContract`` and name the recipe.

Held against the walks of the contract of items, whose five groups are the items' genres here.
"""

from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pytest
from scipy import sparse

from personalize_assets.recipes.artifact import load_version, save_version
from personalize_assets.recipes.base import SegmentModel, TrainingData
from personalize_assets.recipes.comparison.baselines import active_users, random_users
from personalize_assets.recipes.evaluation import (
    TrainedVersion,
    require_learner,
    train_and_evaluate,
)
from personalize_assets.recipes.models import segment_model
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.segment_trial import SegmentTrial
from personalize_assets.recipes.segments import best_users
from personalize_assets.recipes.spec import RecipeSpec
from personalize_assets.recipes.tables import training_data
from personalize_assets_tests.recipe_contract import (
    GROUP,
    N_COLD,
    N_ITEMS,
    N_USERS,
    ODD,
    walks,
    with_cold_items,
)

RECALL = "recall_at_1_percent"


def genres() -> pa.Table:
    """The Items dataset of the walks."""
    return pa.table(
        {
            "ITEM_ID": [f"i{item:02d}" for item in range(N_ITEMS)],
            "GENRES": [f"g{item // GROUP}|all" for item in range(N_ITEMS)],
        }
    )


def one_hot(n_items: int, *asked: int) -> sparse.csr_array:
    """Queries about one item each."""
    return sparse.eye_array(n_items, dtype=np.float32, format="csr")[list(asked)]


class SegmentContract:
    """Tests that hold for every recipe of users."""

    recipe: ClassVar[str]
    least_gain: ClassVar[float] = 1.5
    """How many times the recall of the busiest users, and of chance, must be reached."""

    @pytest.fixture(scope="class")
    @classmethod
    def spec(cls) -> RecipeSpec:
        return RECIPES[cls.recipe]

    @pytest.fixture(scope="class")
    @classmethod
    def data(cls) -> TrainingData:
        return training_data(walks(np.random.default_rng(7)), genres())

    @pytest.fixture(scope="class")
    @classmethod
    def version(cls, spec: RecipeSpec, data: TrainingData) -> TrainedVersion:
        return train_and_evaluate(spec, data, rng=np.random.default_rng(0))

    def fit(self, spec: RecipeSpec, data: TrainingData) -> SegmentModel:
        """Train on all of the data, which may be less than a version needs."""
        rng = np.random.default_rng(0)
        histories = data.histories(rng)
        fitted = require_learner(spec).fit(
            data, histories, spec.config(), spec.featurization(), rng
        )
        return segment_model(fitted)

    def test_train__same_seed_same_scores(
        self, spec: RecipeSpec, data: TrainingData, version: TrainedVersion
    ) -> None:
        again = train_and_evaluate(spec, data, rng=np.random.default_rng(0))
        queries = one_hot(N_ITEMS, 5, 50)
        np.testing.assert_allclose(
            segment_model(again.trained).score_users(queries),
            segment_model(version.trained).score_users(queries),
            rtol=0,
            atol=1e-6,
        )
        assert again.metrics == version.metrics

    def test_save__same_scores(
        self, data: TrainingData, version: TrainedVersion, tmp_path: Path
    ) -> None:
        save_version(tmp_path, data, version)
        read = load_version(tmp_path)
        queries = one_hot(N_ITEMS, 0, 50, 99)
        np.testing.assert_array_equal(
            segment_model(read.trained).score_users(queries),
            segment_model(version.trained).score_users(queries),
        )
        assert read.metrics == version.metrics
        assert {path.suffix for path in tmp_path.iterdir()} <= {".npz", ".parquet", ".json"}

    @pytest.mark.parametrize("odd", ODD)
    def test_fit__odd_data(self, spec: RecipeSpec, data: TrainingData, odd: str) -> None:
        changed = ODD[odd](data)
        model = self.fit(spec, changed)
        assert (model.n_items, model.n_users) == (changed.n_items, changed.n_users)
        queries = one_hot(changed.n_items, 0, changed.n_items - 1)
        scores = model.score_users(queries)
        assert scores.shape == (2, changed.n_users)
        assert np.isfinite(scores).all()
        again = self.fit(spec, changed).score_users(queries)
        np.testing.assert_allclose(again, scores, rtol=0, atol=1e-6)

    def test_best_users__cold_items_go_by_their_categories(
        self, spec: RecipeSpec, data: TrainingData
    ) -> None:
        model = self.fit(spec, with_cold_items(data))  # like the first items, which are of group 0
        users, _ = best_users(model, one_hot(N_ITEMS + N_COLD, N_ITEMS), 20)
        groups = [int(data.user_ids[int(user)].as_py()[1:]) % 5 for user in users[0]]
        assert groups.count(0) >= 15

    def test_best_users__cold_users_come_last(self, spec: RecipeSpec, data: TrainingData) -> None:
        cold = data.where(data.user >= 10)
        users, _ = best_users(self.fit(spec, cold), one_hot(N_ITEMS, 30), N_USERS)
        assert users[0, :20].min() >= 10

    def test_quality__better_than_the_busiest_users_and_chance(
        self, spec: RecipeSpec, data: TrainingData, version: TrainedVersion
    ) -> None:
        trial = SegmentTrial.draw(spec, data, np.random.default_rng(0))
        rng = np.random.default_rng(1)
        for simple in (active_users(data, trial.train, rng), random_users(data, trial.train, rng)):
            metrics, _ = trial.measure(simple)
            assert version.metrics[RECALL] > self.least_gain * metrics[RECALL]
            assert version.metrics["hits_at_1_percent"] > metrics["hits_at_1_percent"]
