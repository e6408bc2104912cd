import numpy as np
import pytest

from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.popularity_count import PopularityModel
from personalize_assets.recipes.solvers.cold_start import log_popularity
from personalize_assets.recipes.tables import training_data
from personalize_assets_tests.recipe_contract import RecipeContract, history
from personalize_assets_tests.recipes.popular_examples import crowds


class TestPopularityCount(RecipeContract):
    recipe = "aws-popularity-count"
    least_gain = 1.0
    least_gain_over_chance = 3.0

    @pytest.fixture(scope="class")
    @classmethod
    def data(cls) -> TrainingData:
        return training_data(crowds(np.random.default_rng(7)))


def test_score__share_of_events() -> None:
    model = PopularityModel(log_popularity(history(1, 1, 2), 3))
    # Half an event more for each: 0.5, 2.5 and 1.5 of 4.5.
    assert np.exp(model.score(history(0)))[0].tolist() == pytest.approx([1 / 9, 5 / 9, 3 / 9])


def test_score__known_items_stay() -> None:
    model = PopularityModel(log_popularity(history(1, 1, 2), 3))
    assert np.argmax(model.score(history(1))) == 1
