import numpy as np
import pytest

from personalize_assets.recipes.bought_together import BoughtTogether, baskets
from personalize_assets.recipes.histories import Histories
from personalize_assets.recipes.hyperparameters import NoOptions
from personalize_assets.recipes.ranking import recommend
from personalize_assets.recipes.related_items import RelatedItemsModel
from personalize_assets_tests.recipe_contract import RecipeContract, history
from personalize_assets_tests.recipes.examples import catalogue, histories_of

DAY = 86_400


class TestFrequentlyBoughtTogether(RecipeContract):
    recipe = "aws-ecomm-frequently-bought-together"
    least_gain = 1.5


def days(*rows: list[tuple[int, int]]) -> Histories:
    """Histories of items and days, some seconds after midnight."""
    purchases = [purchase for row in rows for purchase in row]
    plain = histories_of(*[[item for item, _ in row] for row in rows])
    seconds = [DAY * day + 10 * at for at, (_, day) in enumerate(purchases)]
    return Histories(plain.indptr, plain.items, np.array(seconds, np.int64))


def fit(histories: Histories, n_items: int) -> RelatedItemsModel:
    return BoughtTogether().fit(
        catalogue(n_items), histories, NoOptions(), NoOptions(), np.random.default_rng(0)
    )


def order(model: RelatedItemsModel, item: int) -> list[int]:
    return recommend(model, history(item), model.n_items)[0][0].tolist()


def test_baskets__one_user_and_day() -> None:
    found = baskets(days([(0, 1), (1, 1), (2, 2)], [], [(3, 2)]))
    assert found.indptr.tolist() == [0, 2, 3, 4]
    assert found.items.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("rows", [0, 3])
def test_baskets__nothing_bought(rows: int) -> None:
    assert len(baskets(Histories.empty(rows))) == 0


def test_fit__same_day_of_the_same_user_only() -> None:
    # Item 1 with item 0 on one day, item 2 by the same users a day later, item 3 by others.
    rows = [[(0, 1), (1, 1), (2, 2)]] * 3 + [[(3, 1)]] * 5
    model = fit(days(*rows), 4)
    assert model.neighbours[[0]].indices.tolist() == [1]
    assert order(model, 0)[:2] == [1, 3]


def test_fit__both_directions_and_anywhere_in_the_basket() -> None:
    model = fit(days([(item, 1) for item in range(60)]), 60)
    assert order(model, 0)[-1] == order(model, 59)[-1] == -1
    assert model.neighbours[[59], [0]][0] == pytest.approx(model.neighbours[[0], [59]][0])


def test_fit__common_baskets_over_the_root_of_the_answers_own() -> None:
    # With item 0: item 1 in four baskets of 25, item 2 in three of nine. 25 is the most popular's.
    rows = [[(0, 1), (1, 1)]] * 4 + [[(0, 1), (2, 1)]] * 3 + [[(1, 1)]] * 21 + [[(2, 1)]] * 6
    model = fit(days(*rows), 3)
    assert order(model, 0)[:2] == [1, 2]
    weights = model.neighbours[[0]].toarray()[0, 1:]
    assert weights.tolist() == pytest.approx([4 / 50**0.5, 3 / 34**0.5], rel=1e-3)


def test_fit__an_item_bought_twice_a_day_counts_once() -> None:
    model = fit(days([(0, 1), (1, 1), (1, 1)]), 2)
    assert model.neighbours[[0], [1]][0] == pytest.approx(1 / 2**0.5, rel=1e-3)
