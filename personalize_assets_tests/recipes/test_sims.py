import numpy as np
import pytest

from personalize_assets.recipes.base import TrainingData, ignore_progress
from personalize_assets.recipes.evaluation import TrainedVersion
from personalize_assets.recipes.histories import Histories
from personalize_assets.recipes.ranking import recommend
from personalize_assets.recipes.related_items import RelatedItemsModel
from personalize_assets.recipes.sims import Sims, SimsFeaturization, SimsOptions
from personalize_assets.recipes.tables import histories_for_items
from personalize_assets_tests.recipe_contract import RecipeContract, history
from personalize_assets_tests.recipes.examples import catalogue, histories_of

EVERYTHING = SimsFeaturization(
    min_user_history_length_percentile=0,
    max_user_history_length_percentile=1,
    min_item_interaction_count_percentile=0,
    max_item_interaction_count_percentile=0,
)


class TestSims(RecipeContract):
    recipe = "aws-sims"
    least_gain = 1.5

    def test_recommend__items_of_the_same_group(
        self, version: TrainedVersion, data: TrainingData
    ) -> None:
        asked = histories_for_items(["i05", "i45"], data.item_ids)
        items, _ = recommend(version.model, asked, 5)
        assert {item // 20 for item in items[0].tolist()} == {0}
        assert {item // 20 for item in items[1].tolist()} == {2}


def fit(histories: Histories, n_items: int, **options: float) -> RelatedItemsModel:
    return Sims().fit(
        catalogue(n_items),
        histories,
        SimsOptions.model_validate(options),
        EVERYTHING,
        np.random.default_rng(0),
        ignore_progress,
    )


def order(model: RelatedItemsModel, item: int) -> list[int]:
    return recommend(model, history(item), model.n_items)[0][0].tolist()


def test_score__never_the_item_asked_about() -> None:
    model = fit(histories_of([0, 1], [0, 1], [0, 1]), 3)
    assert order(model, 0) == [1, 2, -1]


def test_score__both_directions() -> None:
    model = fit(histories_of(*[[2, 0]] * 3, *[[1, 3]] * 5), 4)
    assert order(model, 0)[0] == 2
    assert order(model, 2)[0] == 0


def test_score__only_the_last_item_asks() -> None:
    model = fit(histories_of(*[[0, 1]] * 3, *[[2, 3]] * 3), 4)
    assert np.argmax(model.score(history(0, 2))) == 3


@pytest.mark.parametrize(("least", "expected"), [(4, [1, 2, 3]), (5, [2, 1, 3])])
def test_fit__pairs_of_too_few_users_come_after_all_others(least: int, expected: list[int]) -> None:
    # Right after item 0 item 1 for four users; item 2 is far away, but for five.
    rows = [*[[0, 1]] * 4, *[[0, *range(10, 28), 2]] * 5, *[[3]] * 9]
    model = fit(histories_of(*rows), 30, min_cointeraction_count=least)
    assert [item for item in order(model, 0) if item in (1, 2, 3)] == expected


def test_fit__what_came_before_counts_half() -> None:
    model = fit(histories_of(*[[0, 1]] * 4), 2, popularity_discount_factor=0)
    weights = model.neighbours.toarray()
    assert weights[0, 1] == pytest.approx(4)
    assert weights[1, 0] == pytest.approx(2)


def test_fit__rare_answers_do_not_win_by_chance() -> None:
    # After item 0: item 1 for two users of its 9, item 2 for one, its only one.
    rows = [*[[0, 1]] * 2, [0, 2], *[[1]] * 7]
    bounds = EVERYTHING.model_copy(update={"max_item_interaction_count_percentile": 1.0})
    options = SimsOptions(popularity_discount_factor=1, min_cointeraction_count=0)
    rng = np.random.default_rng(0)
    assert order(Sims().fit(catalogue(3), histories_of(*rows), options, EVERYTHING, rng), 0)[0] == 2
    assert order(Sims().fit(catalogue(3), histories_of(*rows), options, bounds, rng), 0)[0] == 1


@pytest.mark.parametrize(("factor", "first"), [(0.0, 1), (1.0, 2)])
def test_fit__popularity_discount(factor: float, first: int) -> None:
    # Beside item 0: item 1 for six users of its 20, item 2 for four of its four.
    histories = histories_of(*[[0, 1]] * 6, *[[0, 2]] * 4, *[[1]] * 14)
    model = fit(histories, 3, popularity_discount_factor=factor)
    assert order(model, 0)[0] == first


def test_fit__long_histories_left_out() -> None:
    bounds = EVERYTHING.model_copy(update={"max_user_history_length_percentile": 0.5})
    histories = histories_of(*[[0, 1]] * 5, *[[0, 2, 3]] * 3)
    model = Sims().fit(
        catalogue(4), histories, SimsOptions(), bounds, np.random.default_rng(0), ignore_progress
    )
    assert model.neighbours[[0]].indices.tolist() == [1]


def test_score__unknown_item_gets_popular_ones() -> None:
    model = fit(histories_of(*[[0, 1]] * 3, *[[2]] * 9), 3)
    assert recommend(model, Histories.empty(1), 3)[0][0].tolist() == [2, 0, 1]
