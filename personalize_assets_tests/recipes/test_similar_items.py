from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from personalize_assets.recipes import similar_items
from personalize_assets.recipes.base import Histories, TrainingData
from personalize_assets.recipes.evaluation import TrainedVersion
from personalize_assets.recipes.hyperparameters import NoOptions
from personalize_assets.recipes.options import SimilarItemsOptions
from personalize_assets.recipes.ranking import recommend
from personalize_assets.recipes.related_items import RelatedItemsModel
from personalize_assets.recipes.similar_items import SimilarItems
from personalize_assets.recipes.tables import histories_for_items
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
    histories: Histories, n_items: int, genres: list[str | None] | None = None, **options: float
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
    """The similarity itself, before logarithm and lift."""
    return float(np.exp(model.neighbours[[asked], [answer]][0] - 50))


def test_fit__cosine_of_users_held_back_by_doubt() -> None:
    # 10 users of item 0, 8 of item 1, 5 in common; 2000 / 100 users are needed to be half sure.
    model = fit(histories_of(*[[0, 1]] * 5, *[[0]] * 5, *[[1]] * 3), 2)
    assert weight(model, 0, 1) == pytest.approx(5 / 80**0.5 * 5 / 25, rel=1e-4)
    surer = fit(histories_of(*[[0, 1]] * 5, *[[0]] * 5, *[[1]] * 3), 2, item_id_hidden_dim=200)
    assert weight(surer, 0, 1) == pytest.approx(5 / 80**0.5 * 5 / 15, rel=1e-4)


def test_fit__both_directions_alike() -> None:
    model = fit(histories_of(*[[0, 1]] * 3, *[[1, 2]] * 2), 3)
    assert weight(model, 0, 1) == pytest.approx(weight(model, 1, 0), rel=1e-4)


@pytest.mark.parametrize(("dimension", "first"), [(30, 1), (200, 2)])
def test_fit__common_categories_weigh(dimension: int, first: int) -> None:
    # With item 0: item 1 for 6 of its 8 users, item 2 for 4 of its 8, but of the same genre.
    rows = [*[[0, 1]] * 6, *[[0, 2]] * 4, *[[1]] * 2, *[[2]] * 4]
    model = fit(histories_of(*rows), 4, ["x", "y", "x", "z"], item_metadata_hidden_dim=dimension)
    assert order(model, 0)[0] == first


def test_fit__categories_alone_come_after_common_users() -> None:
    # Nobody met item 3, which is of item 0's genre; item 4 is the most popular of all.
    rows = [*[[0, 1]] * 2, *[[4]] * 30]
    model = fit(histories_of(*rows), 5, ["x", "y", "y", "x", "y"])
    assert order(model, 0) == [1, 3, 4, 2, -1]
    assert order(model, 3)[0] == 0


def test_fit__popular_first_among_equal_categories() -> None:
    rows = [*[[2]] * 3, *[[1]] * 2]
    model = fit(histories_of(*rows), 4, ["x", "x", "x", "y"])
    assert order(model, 0) == [2, 1, 3, -1]


@pytest.mark.parametrize(("factor", "first"), [(0.0, 1), (1.0, 2)])
def test_fit__popularity_discount(factor: float, first: int) -> None:
    # With item 0: item 1 for 12 users of its 30, item 2 for 4 of its four.
    rows = [*[[0, 1]] * 12, *[[0, 2]] * 4, *[[1]] * 18]
    model = fit(histories_of(*rows), 3, popularity_discount_factor=factor)
    assert order(model, 0)[0] == first


def test_fit__large_catalogues(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [*[[0, 1]] * 4, *[[0, 2]] * 3, *[[0, 3]] * 2]
    whole = fit(histories_of(*rows), 4)
    monkeypatch.setattr(similar_items, "_BLOCK_CELLS", 1)
    assert (fit(histories_of(*rows), 4).neighbours != whole.neighbours).nnz == 0
    monkeypatch.setattr(similar_items, "_MAX_TARGETS", 3)
    assert sorted(fit(histories_of(*rows), 4).neighbours[[0]].indices) == [1, 2]
    assert fit(histories_of(*rows), 4).neighbours[[3]].indices.tolist() == [0]


def test_fit__nearest_of_many_equals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(similar_items, "_MAX_NEIGHBOURS", 2)
    model = fit(histories_of([0], [1], [1]), 5, ["x", "x", "x", "x", "y"])
    assert sorted(model.neighbours[[2]].indices) == [0, 1]


def test_score__unknown_item_gets_popular_ones() -> None:
    model = fit(histories_of(*[[0, 1]] * 3, *[[2]] * 9), 3)
    assert recommend(model, Histories.empty(1), 3)[0][0].tolist() == [2, 0, 1]
