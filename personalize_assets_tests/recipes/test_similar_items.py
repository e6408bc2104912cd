from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.evaluation import TrainedVersion
from personalize_assets.recipes.histories import Histories
from personalize_assets.recipes.hyperparameters import NoOptions
from personalize_assets.recipes.options import SimilarItemsOptions
from personalize_assets.recipes.ranking import recommend
from personalize_assets.recipes.related_items import RelatedItemsModel
from personalize_assets.recipes.similar_items import SimilarItems
from personalize_assets.recipes.tables import histories_for_items
from personalize_assets_tests.planted import planted
from personalize_assets_tests.recipe_contract import RecipeContract, history
from personalize_assets_tests.recipes.examples import catalogue, histories_of


class TestSimilarItems(RecipeContract):
    recipe = "aws-similar-items"
    least_gain = 1.5

    def test_recommend__items_of_the_same_group(
        self, version: TrainedVersion, data: TrainingData
    ) -> None:
        asked = histories_for_items(["i05", "i45"], data.item_ids)
        items, _ = recommend(version.model, asked, 5)
        assert {item // 20 for item in items[0].tolist()} == {0}
        assert {item // 20 for item in items[1].tolist()} == {2}


def fit(
    histories: Histories, n_items: int, genres: list[str] | None = None, **options: float
) -> RelatedItemsModel:
    data = catalogue(n_items)
    if genres is not None:
        data = replace(data, item_features=pa.table({"ITEM_ID": data.item_ids, "GENRES": genres}))
    return SimilarItems().fit(
        data,
        histories,
        SimilarItemsOptions.model_validate(options),
        NoOptions(),
        np.random.default_rng(0),
    )


def order(model: RelatedItemsModel, item: int) -> list[int]:
    return recommend(model, history(item), model.n_items)[0][0].tolist()


def weight(model: RelatedItemsModel, asked: int, answer: int) -> float:
    return float(model.neighbours[[asked], [answer]][0])


def test_fit__counts_over_the_discount() -> None:
    # Both items have four users, and so has the most popular one; before counts half of after.
    model = fit(histories_of(*[[0, 1]] * 4), 2)
    assert weight(model, 0, 1) == pytest.approx(4 / (4 + 4) ** 0.3, rel=1e-3)
    assert weight(model, 1, 0) == pytest.approx(2 / (4 + 4) ** 0.3, rel=1e-3)


def test_fit__nearer_counts_more() -> None:
    assert order(fit(histories_of(*[[0, 1, 2]] * 4), 3), 0) == [1, 2, -1]


def test_fit__item_that_nobody_met_takes_over_neighbours() -> None:
    # Item 3 is of item 0's genre, beside which item 1 is met; item 4 is the most popular of all.
    rows = [*[[0, 1]] * 4, *[[4, 2]] * 9]
    model = fit(histories_of(*rows), 5, ["x", "y", "z", "x", "z"])
    assert order(model, 3)[:2] == [1, 0]


def test_fit__item_that_nobody_met_is_an_answer() -> None:
    # Items 3 and 4 are met by nobody; item 3 is of item 0's genre. Genres tell who is met together.
    rows = [*[[0, 1]] * 4, *[[2]] * 9, *[[5, 6]] * 4]
    model = fit(histories_of(*rows), 7, ["x", "y", "z", "x", "z", "w", "w"])
    assert order(model, 0)[:2] == [1, 3]
    assert weight(model, 0, 4) == 0


def test_fit__without_metadata_only_what_was_met_together() -> None:
    rows = [*[[0, 1]] * 4, *[[4, 2]] * 9]
    model = fit(histories_of(*rows), 5)
    assert model.neighbours[[0]].indices.tolist() == [1]
    assert model.neighbours[[3]].nnz == 0


def test_fit__users_are_believed_sooner() -> None:
    # Once item 1 came after item 0, which is otherwise of a genre that item 2 follows.
    rows = [[0, 1], *[[3, 2]] * 20, *[[4, 5]] * 20]
    genres = ["x", "y", "y", "x", "w", "w"]
    ratios = []
    for dimension in (50, 200):
        model = fit(histories_of(*rows), 6, genres, item_id_hidden_dim=dimension)
        ratios.append(weight(model, 0, 2) / weight(model, 0, 1))
    assert ratios[0] == pytest.approx(4 * ratios[1], rel=1e-2)


def test_fit__more_items_lend() -> None:
    # Items of one genre beside which others are met; as many lend as a fifth of the dimension.
    rows = [*[[at, 50 + at] for at in range(1, 50)], *[[100, 101]] * 50]
    genres = ["x"] * 50 + ["y"] * 25 + ["z"] * 25 + ["w", "w"]
    for dimension in (30, 200):
        model = fit(histories_of(*rows), 102, genres, item_metadata_hidden_dim=dimension)
        lent = [item for item in model.neighbours[[0]].indices.tolist() if item >= 50]
        assert len(lent) == dimension / 5


@pytest.mark.parametrize(("factor", "first"), [(0.0, 1), (1.0, 2)])
def test_fit__popularity_discount(factor: float, first: int) -> None:
    # After item 0: item 1 for 12 users of its 112, item 2 for 7 of its 7.
    rows = [*[[0, 1]] * 12, *[[0, 2]] * 7, *[[1]] * 100, *[[item] for item in range(3, 20)]]
    model = fit(histories_of(*rows), 20, popularity_discount_factor=factor)
    assert order(model, 0)[0] == first


def test_fit__rows_at_a_time_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [*[[0, 1]] * 4, *[[0, 2]] * 3, *[[3, 1]] * 2]
    genres = ["x", "y", "y", "x", "x"]
    whole = fit(histories_of(*rows), 5, genres)
    monkeypatch.setattr("personalize_assets.recipes.similar_items._ROWS", 2)
    again = fit(histories_of(*rows), 5, genres)
    np.testing.assert_array_equal(again.neighbours.toarray(), whole.neighbours.toarray())


def test_score__unknown_item_gets_popular_ones() -> None:
    model = fit(histories_of(*[[0, 1]] * 3, *[[2]] * 9), 3)
    assert recommend(model, Histories.empty(1), 3)[0][0].tolist() == [2, 0, 1]


def test_fit__planted_cold_items_find_what_users_would_meet_next() -> None:
    made = planted(400, 300, 16_000)
    data = made.data()
    histories = data.histories(np.random.default_rng(0))
    counts = np.bincount(histories.items, minlength=300)
    cold = np.flatnonzero(counts >= 60)[::4]
    known = histories.where(~np.isin(histories.items, cold))
    lists = {}
    for metadata in (True, False):
        seen = data if metadata else replace(data, item_features=None, item_schema=None)
        model = SimilarItems().fit(
            seen, known, SimilarItemsOptions(), NoOptions(), np.random.default_rng(0)
        )
        asked = histories_for_items([f"i{item:03d}" for item in cold], data.item_ids)
        lists[metadata] = recommend(model, asked, 25)[0]
    genre = {
        key: (made.genre[rows] == made.genre[cold, None]).mean() for key, rows in lists.items()
    }
    assert genre[True] > 2 * genre[False]
