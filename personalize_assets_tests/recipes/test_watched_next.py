import numpy as np

from personalize_assets.recipes.histories import Histories
from personalize_assets.recipes.hyperparameters import NoOptions
from personalize_assets.recipes.ranking import recommend
from personalize_assets.recipes.watched_next import WatchedNext
from personalize_assets_tests.recipe_contract import RecipeContract, history
from personalize_assets_tests.recipes.examples import catalogue, histories_of


class TestBecauseYouWatched(RecipeContract):
    recipe = "aws-vod-because-you-watched-x"
    least_gain = 2.0


def order(histories: Histories, item: int, n_items: int) -> list[int]:
    model = WatchedNext().fit(
        catalogue(n_items), histories, NoOptions(), NoOptions(), np.random.default_rng(0)
    )
    return recommend(model, history(item), n_items)[0][0].tolist()


def test_fit__what_came_after_not_before() -> None:
    histories = histories_of(*[[1, 0, 2]] * 3)
    assert order(histories, 0, 3) == [2, 1, -1]
    # Nothing came after item 2, so that popular items answer.
    assert order(histories, 2, 3) == [0, 1, -1]


def test_fit__sooner_counts_more() -> None:
    assert order(histories_of(*[[0, 1, 3, 2]] * 2), 0, 4) == [1, 3, 2, -1]
