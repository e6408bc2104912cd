import numpy as np
import pyarrow as pa
import pytest

from personalize_assets.core.filters import BoundFilter
from personalize_assets.engine.serving.asking import Promotion, Served
from personalize_assets.engine.serving.catalogue import Catalogue
from personalize_assets.engine.serving.listing import Listing
from personalize_assets.engine.serving.scores import Scores
from personalize_assets.recipes.registry import RECIPES

ALL = BoundFilter(())
N = 40
CATALOGUE = Catalogue(pa.array([f"i{at:02}" for at in range(N)]), ["new1", "new2"])
SCORES = Scores(-np.arange(N, dtype=np.float32))  # i00 is the best
EVERYTHING = np.arange(N + 2)
EVERY_VALUE = np.arange(N + 2, dtype=np.float32)


def listing(
    n_results: int, recipe: str = "aws-user-personalization-v2", seed: str = "s"
) -> Listing:
    return Listing(RECIPES[recipe], CATALOGUE, SCORES, n_results, seed)


def mask(*ids: str) -> np.ndarray:
    return CATALOGUE.marked(ids)


def ids(served: list[Served]) -> list[str]:
    return [item.item_id for item in served]


def test_finish__the_best_with_scores() -> None:
    made = listing(3)
    made.fill(None)
    total = sum(np.exp(-at) for at in range(N))
    assert [(item.item_id, item.score) for item in made.finish()] == [
        ("i00", pytest.approx(1 / total, abs=1e-7)),
        ("i01", pytest.approx(np.exp(-1) / total, abs=1e-7)),
        ("i02", pytest.approx(np.exp(-2) / total, abs=1e-7)),
    ]
    assert all(item[2:] == (None, None, False) for item in made.finish())


def test_finish__no_scores_and_reasons_where_the_recipe_has_none() -> None:
    made = listing(6, "aws-popularity-count")
    made.promote(Promotion(ALL, 50, "sale"), mask("i30", "i31"))
    made.fill(None)
    served = made.finish()
    assert {item.score for item in served} == {None}
    assert {item.reason for item in served} == {None}
    assert {item.item_id for item in served if item.promotion == "sale"} == {"i30", "i31"}


@pytest.mark.parametrize(
    ("percent", "n_results", "places"),
    [(20, 25, 5), (10, 25, 3), (1, 25, 1), (50, 5, 3), (100, 4, 4), (100, 0, 0)],
)
def test_promote__share_of_the_list(percent: int, n_results: int, places: int) -> None:
    made = listing(n_results)
    made.promote(Promotion(ALL, percent, "sale"), None)
    made.fill(None)
    served = made.finish()
    assert len(served) == n_results
    assert sum(item.promotion == "sale" for item in served) == places


def test_promote__items_by_score_at_places_by_chance_and_none_twice() -> None:
    orders = set[tuple[str, ...]]()
    for seed in "abcdefgh":
        made = listing(6, seed=seed)
        made.promote(Promotion(ALL, 50, "sale"), mask("i01", "i20", "i10", "i39"))
        made.fill(None)
        served = made.finish()
        promoted = [item for item in served if item.promotion == "sale"]
        assert ids(promoted) == ["i01", "i10", "i20"]
        assert {item.reason for item in promoted} == {"Promoted item"}
        assert [item for item in ids(served) if item not in ids(promoted)] == ["i00", "i02", "i03"]
        orders.add(tuple(ids(served)))
    assert len(orders) > 1


def test_promote__as_many_as_there_are() -> None:
    made = listing(4)
    made.promote(Promotion(ALL, 100), mask("i30"))
    made.fill(mask("i05", "i06"))  # the request's filter holds for the others
    assert sorted(ids(made.finish())) == ["i05", "i06", "i30"]


def test_promote__new_items_come_after_scored_ones() -> None:
    made = listing(3)
    made.promote(Promotion(ALL, 100, "new"), mask("new2", "new1", "i30"))
    made.fill(None)
    served = made.finish()
    assert ids(served) == ["i30", "new1", "new2"]
    assert [item.score is None for item in served] == [False, True, True]


@pytest.mark.parametrize(
    ("recipe", "promoted"),
    [("aws-user-personalization", ["i02", "i00", "i01", "new1"]), ("aws-sims", ["i02", "new1"])],
)
def test_promote__what_the_user_knows_but_not_the_item_that_was_asked_about(
    recipe: str, promoted: list[str]
) -> None:
    values = -np.arange(N, dtype=np.float32)
    values[:2] = -np.inf
    made = Listing(RECIPES[recipe], CATALOGUE, Scores(values), 4, "s")
    made.promote(Promotion(ALL, 100), mask("i00", "i01", "i02", "new1"))
    made.fill(mask())
    assert ids(made.finish()) == promoted


def test_explore__never_first_and_scores_stay_in_order() -> None:
    for seed in "abcdefgh":
        made = listing(10, seed=seed)
        made.explore(np.arange(20, N + 2), EVERY_VALUE[20:], 4, None)
        made.fill(None)
        served = made.finish()
        explored = [at for at, item in enumerate(served) if item.reason == "Exploration"]
        assert len(explored) == 4
        assert 0 not in explored
        assert [ids(served)[at] for at in range(10) if at not in explored] == [
            f"i{at:02}" for at in range(6)
        ]
        shown = [item.score or 0 for item in served]
        assert shown == sorted(shown, reverse=True)
        assert None not in [item.score for item in served]


def test_explore__chance_repeats_for_the_same_seed_only() -> None:
    def explored(seed: str) -> list[str]:
        made = listing(10, seed=seed)
        made.explore(EVERYTHING, EVERY_VALUE, 5, None)
        made.fill(None)
        return ids(made.finish())

    assert explored("a") == explored("a")
    assert explored("a") != explored("b")


def test_explore__keeps_to_what_is_allowed() -> None:
    made = listing(3)
    made.explore(EVERYTHING, EVERY_VALUE, 3, mask("new1", "i33"))
    made.fill(mask("new1", "i33"))
    assert sorted(ids(made.finish())) == ["i33", "new1"]


def test_explore__not_what_is_never_served() -> None:
    values = -np.arange(N, dtype=np.float32)
    values[10:] = -np.inf
    made = Listing(RECIPES["aws-user-personalization"], CATALOGUE, Scores(values), 12, "s")
    made.explore(np.array([10, 11, 5, N]), EVERY_VALUE[:4], 4, None)
    made.fill(None)
    assert sorted(ids(made.finish())) == [f"i{at:02}" for at in range(10)] + ["new1"]


def test_fill_up__popular_items_without_scores() -> None:
    values = np.full(N, -np.inf, dtype=np.float32)
    values[[3, 4]] = (1, 2)
    popular = Scores(np.arange(N, dtype=np.float32))
    made = Listing(RECIPES["aws-user-personalization-v2"], CATALOGUE, Scores(values), 4, "s")
    allowed = mask("i03", "i20", "i30")
    made.fill(allowed)
    made.fill_up(popular, allowed)
    served = made.finish()
    assert [(item.item_id, item.score, item.reason) for item in served] == [
        ("i03", pytest.approx(1 / (1 + np.e), abs=1e-6), None),
        ("i30", None, "Popular item"),
        ("i20", None, "Popular item"),
    ]
