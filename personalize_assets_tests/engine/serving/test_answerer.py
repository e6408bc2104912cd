from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pytest

from personalize_assets.core.filters import BoundFilter, bind, parse_filter
from personalize_assets.engine.serving.asking import Promotion, Query, Served
from personalize_assets.engine.serving.exploration import Exploration, NewItems
from personalize_assets.engine.serving.histories import Selection
from personalize_assets.recipes.histories import FloatArray, Histories
from personalize_assets_tests.engine.serving.fakes import (
    FakeLive,
    FakeModel,
    answerer,
    entities,
)

PERSONAL = "aws-user-personalization"
HOUR = 3_600


def keep(expression: str, **values: str) -> BoundFilter:
    return bind(parse_filter(expression), values)


def ids(served: list[Served]) -> list[str]:
    return [item.item_id for item in served]


def test_recommend__from_the_events_of_the_user() -> None:
    live = FakeLive({"u": [("e", 1), ("x", 2)]})
    served = answerer(PERSONAL).recommend(live.as_group(), Query(2, "u"))
    assert ids(served) == ["e", "a"]
    assert (served[0].score or 0) > 0.99


def test_recommend__an_event_changes_the_next_answer() -> None:
    live, made = FakeLive({"u": [("e", 1)]}), answerer(PERSONAL)
    assert ids(made.recommend(live.as_group(), Query(1, "u"))) == ["e"]
    live.events["u"] += [("d", 2), ("d", 3)]
    assert ids(made.recommend(live.as_group(), Query(1, "u"))) == ["d"]


def test_recommend__scores_are_kept_while_events_are_the_same() -> None:
    live, model = FakeLive({"u": [("e", 1)], "v": [("b", 1)]}), FakeModel()
    made = answerer(PERSONAL, model)
    for user in ("u", "v", "u", "v"):
        made.recommend(live.as_group(), Query(3, user))
    assert model.asked == [[4], [1]]
    assert live.read == 4


def test_recommend__events_are_not_read_while_nothing_is_written() -> None:
    live, made = FakeLive({"u": [("e", 1)]}), answerer(PERSONAL)
    for _ in range(3):
        assert ids(made.recommend(live.as_group(), Query(1, "u", state=7))) == ["e"]
    assert live.read == 1
    live.events["u"] = [("b", 2)]
    assert ids(made.recommend(live.as_group(), Query(1, "u", state=8))) == ["b"]
    other = FakeLive({"u": [("c", 2)]})
    assert ids(made.recommend(other.as_group(), Query(1, "u", state=8))) == ["c"]


def test_recommend__unknown_users_get_the_answer_for_new_ones() -> None:
    model = FakeModel()
    made = answerer(PERSONAL, model)
    for user in ("x", "y"):
        assert ids(made.recommend(FakeLive().as_group(), Query(3, user))) == ["a", "b", "c"]
    assert model.asked == [[]]


def test_recommend__only_events_that_the_solution_takes() -> None:
    live = FakeLive({"u": [("e", 1, "watch"), ("d", 2, "click")]})
    made = answerer(PERSONAL, selection=Selection((("watch", None),)))
    assert ids(made.recommend(live.as_group(), Query(2, "u"))) == ["e", "a"]


def test_recommend__the_same_for_everyone() -> None:
    live, model = FakeLive({"u": [("e", 1)]}), FakeModel()
    made = answerer("aws-popularity-count", model)
    served = made.recommend(live.as_group(), Query(2, "u"))
    assert served == [Served("a", None), Served("b", None)]
    assert made.recommend(live.as_group(), Query(2)) == served
    assert (model.asked, live.read) == ([[]], 0)


@pytest.mark.parametrize(("item", "asked"), [("d", [3]), ("nowhere", [])])
def test_recommend__related_items(item: str, asked: list[int]) -> None:
    model = FakeModel()
    made = answerer("aws-similar-items", model)
    for _ in range(2):
        served = made.recommend(FakeLive().as_group(), Query(3, item_id=item))
    assert model.asked == [asked]
    assert served[0] == Served("d" if asked else "a", None)


def test_recommend__related_to_an_item_that_came_after_the_training() -> None:
    made = answerer("aws-similar-items", new=NewItems(("new",), (5,)))
    assert ids(made.recommend(FakeLive().as_group(), Query(2, item_id="new"))) == ["a", "b"]


@dataclass
class InfluencedModel(FakeModel):
    def with_influence(self, popularity: float, freshness: float) -> FakeModel:
        return FakeModel((0.0, 0.0, popularity, freshness, 0.0))


@pytest.mark.parametrize(
    ("influence", "best"),
    [({}, "a"), ({"popularity": 0.9, "freshness": 0.1}, "c"), ({"freshness": 0.5}, "d")],
)
def test_recommend__ranking_influence(influence: dict[str, float], best: str) -> None:
    made = answerer("aws-semantic-similarity", InfluencedModel(), **influence)
    assert ids(made.recommend(FakeLive().as_group(), Query(1, item_id="nowhere"))) == [best]


def test_recommend__filter_on_metadata_events_user_and_item() -> None:
    live = FakeLive(
        {"u": [("a", 1, "click"), ("b", 2, "watch"), ("nowhere", 3, "click")]},
        items=entities("ITEM_ID", ITEM_ID=["c", "b", "x", "a"], PRICE=[3, 2, 9, 1]),
        users=entities("USER_ID", USER_ID=["u", "v"], AGE=[20, 40]),
    )
    made = answerer("aws-popularity-count")

    def served(expression: str, user: str = "u", item: str | None = None) -> list[str]:
        query = Query(9, user, item, keep=keep(expression))
        return ids(made.recommend(live.as_group(), query))

    assert served("INCLUDE ItemID WHERE Items.PRICE > 1") == ["b", "c"]
    clicks = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("CLICK")'
    assert served(clicks) == ["b", "c", "d", "e"]
    assert served('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")') == ["a", "b"]
    adults = "EXCLUDE ItemID WHERE Items.PRICE < 9 IF CurrentUser.AGE > 30"
    assert served(adults) == ["a", "b", "c", "d", "e"]
    assert served(adults, "v") == ["d", "e"]
    assert served(adults, "nobody") == ["a", "b", "c", "d", "e"]
    cheaper = "INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE"
    assert served(cheaper, item="c") == ["a", "b"]


def test_recommend__filter_sees_a_hundred_newest_events_of_a_type() -> None:
    events = [("a", 1, "click"), ("b", 2, "watch")]
    events += [("c", 3 + at, "click") for at in range(100)]
    made, live = answerer("aws-popularity-count"), FakeLive({"u": events})
    query = Query(9, "u", keep=keep('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")'))
    assert ids(made.recommend(live.as_group(), query)) == ["a", "d", "e"]


def test_recommend__use_case_leaves_out_what_was_bought() -> None:
    live = FakeLive({"u": [("a", 1, "purchase"), ("b", 2, "View")]})
    made = answerer("aws-ecomm-recommended-for-you", exploration=Exploration(0.0))
    assert "a" not in ids(made.recommend(live.as_group(), Query(5, "u")))
    promotion = Promotion(keep('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")'), 100)
    found = made.recommend(live.as_group(), Query(2, "u", promotion=promotion))
    assert sorted(ids(found)) == ["b", "c"]


def test_recommend__promotion_has_a_filter_of_its_own() -> None:
    live = FakeLive(items=entities("ITEM_ID", ITEM_ID=list("abcde"), PRICE=[1, 2, 3, 4, 5]))
    promotion = Promotion(keep("INCLUDE ItemID WHERE Items.PRICE > 3"), 50, "sale")
    query = Query(4, "u", keep=keep("INCLUDE ItemID WHERE Items.PRICE < 3"), promotion=promotion)
    served = answerer(PERSONAL).recommend(live.as_group(), query)
    assert ids([item for item in served if item.promotion]) == ["d", "e"]
    assert ids([item for item in served if not item.promotion]) == ["a", "b"]


class OnceModel(FakeModel):
    """Never recommends what a user knows."""

    def score(self, histories: Histories) -> FloatArray:
        rows = super().score(histories)
        rows[histories.rows, histories.items] = -np.inf
        return rows


@pytest.mark.parametrize(
    ("recipe", "filled"), [(PERSONAL, []), ("aws-user-personalization-v2", ["c", "d"])]
)
def test_recommend__popular_items_where_a_filter_leaves_too_few(
    recipe: str, filled: list[str]
) -> None:
    live = FakeLive(
        {"u": [("d", 1), ("c", 2)]},
        items=entities("ITEM_ID", ITEM_ID=list("abcde"), PRICE=[1, 2, 3, 4, 5]),
    )
    made = answerer(recipe, OnceModel())
    kept = keep("INCLUDE ItemID WHERE Items.PRICE > 2")
    assert ids(made.recommend(live.as_group(), Query(3, "u", keep=kept))) == ["e", *filled]
    assert ids(made.recommend(live.as_group(), Query(9, "u"))) == ["a", "b", "e"]


class TestExploration:
    def explored(self, weight: float, n_results: int = 4, now: int = 0) -> list[str]:
        new = NewItems(("e", "new"), (5, 5), (0, 0), (0.0, 0.0), newest=5)
        made = answerer(PERSONAL, new=new, exploration=Exploration(weight, 30.0))
        moment = datetime.fromtimestamp(now, UTC)
        return ids(made.recommend(FakeLive().as_group(), Query(n_results, "u", now=moment)))

    def test_recommend__new_items_among_the_others(self) -> None:
        assert sorted(self.explored(1.0)) == ["a", "b", "e", "new"]
        assert self.explored(1.0)[0] == "a"

    def test_recommend__not_at_weight_0(self) -> None:
        assert self.explored(0.0) == ["a", "b", "c", "d"]

    def test_recommend__others_after_an_hour(self) -> None:
        assert self.explored(0.5) == self.explored(0.5, now=HOUR - 1)
        assert len({tuple(self.explored(0.5, now=at * HOUR)) for at in range(8)}) > 1

    def test_recommend__recipes_without_exploration(self) -> None:
        made = answerer("aws-popularity-count", exploration=None)
        assert ids(made.recommend(FakeLive().as_group(), Query(4))) == ["a", "b", "c", "d"]


def test_rank__shares_of_the_known_items() -> None:
    live = FakeLive({"u": [("e", 1)]})
    made = answerer("aws-personalized-ranking")
    served = made.rank(live.as_group(), "u", ["c", "x", "e", "a", "y", "c"], None)
    assert ids(served) == ["e", "a", "c", "x", "y"]
    scores = [item.score for item in served]
    assert scores[3:] == [None, None]
    assert sum(scores[:3]) == pytest.approx(1, abs=1e-6)  # type: ignore[arg-type]
    # e has 1 + 10, a 5 and c 3
    assert scores[1] / scores[2] == pytest.approx(7.389, rel=1e-2)  # type: ignore[operator]


def test_rank__filter_takes_items_out() -> None:
    live = FakeLive({"u": [("a", 1, "watch"), ("x", 1, "watch")]})
    made = answerer("aws-personalized-ranking-v2")
    kept = keep('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")')
    assert ids(made.rank(live.as_group(), "u", ["a", "b", "c"], kept)) == ["b", "c"]


def test_rank__nothing_known() -> None:
    made = answerer("aws-personalized-ranking")
    assert made.rank(FakeLive().as_group(), "u", ["x", "y"], None) == [
        Served("x", None),
        Served("y", None),
    ]
