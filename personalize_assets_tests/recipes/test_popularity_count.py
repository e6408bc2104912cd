import numpy as np
import pytest

from personalize_assets.recipes.popularity_count import PopularityModel
from personalize_assets.recipes.solvers.cold_start import log_popularity
from personalize_assets_tests.recipe_contract import RecipeContract, history


class TestPopularityCount(RecipeContract):
    recipe = "aws-popularity-count"


def test_score__share_of_events() -> None:
    model = PopularityModel(log_popularity(history(1, 1, 2), 3))
    # Half an event more for each: 0.5, 2.5 and 1.5 of 4.5.
    assert np.exp(model.score(history(0)))[0].tolist() == pytest.approx([1 / 9, 5 / 9, 3 / 9])


def test_score__known_items_stay() -> None:
    model = PopularityModel(log_popularity(history(1, 1, 2), 3))
    assert np.argmax(model.score(history(1))) == 1
