from typing import Any

import numpy as np
import pytest

from personalize_assets.core.filters import Facts, bind, normalize_event_type, parse_filter
from personalize_assets_tests.core.filters.examples import EVENTS, interacted, served

W = "INCLUDE ItemID WHERE "
X = "EXCLUDE ItemID WHERE "
ALL = "boot shoe watch film blank"


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (W + 'Items.GENRE IN ("Crime")', "boot shoe"),
        (W + 'Items.GENRE IN ("crime")', ""),
        (W + 'items.genre in ("Action", "drama")', "boot film"),
        (W + 'Items.GENRE IN ("Action|Crime")', "boot"),
        (W + 'Items.GENRE NOT IN ("Crime")', "watch film"),
        (X + 'Items.GENRE NOT IN ("Crime")', "boot shoe blank"),
        (X + 'Items.GENRE IN ("Crime")', "watch film blank"),
        (W + 'Items.ITEM_ID IN ("film", "boot")', "boot film"),
        (W + "Items.PRICE = 20", "shoe"),
        (W + "Items.PRICE != 20", "boot watch film"),
        (W + "Items.PRICE < 20", "boot"),
        (W + "Items.PRICE <= 20", "boot shoe"),
        (W + 'Items.PRICE > "20"', "watch film"),
        (W + "Items.PRICE >= 20", "shoe watch film"),
        (X + "Items.PRICE > 0", "blank"),
        (W + "Items.CREATION_TIMESTAMP > 100 AND Items.CREATION_TIMESTAMP < 400", "shoe watch"),
        (W + 'Items.PRICE < 15 OR Items.PRICE > 15 AND Items.GENRE IN ("drama")', "boot film"),
        (W + '(Items.PRICE < 15 OR Items.PRICE > 15) AND Items.GENRE IN ("drama")', "film"),
        (X + 'Items.CATEGORY_L1 IN ("shoe") AND Items.CATEGORY_L2 NOT IN ("boot")',
         "boot watch film blank"),
        (W + 'Items.NEW_COLUMN IN ("x")', ""),
        (W + 'Items.NEW_COLUMN NOT IN ("x")', ""),
        (X + "Items.NEW_COLUMN < 3", ALL),
    ],
)  # fmt: skip
def test_mask__items(text: str, ids: str) -> None:
    assert served(text) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (X + 'Interactions.EVENT_TYPE IN ("click", "stream")', "shoe watch blank"),
        (W + 'Interactions.EVENT_TYPE IN ("click")', "boot"),
        (W + 'Interactions.EVENT_TYPE IN ("CLICK")', "boot"),
        (W + 'Interactions.EVENT_TYPE IN ("Add_To Cart")', "boot shoe"),
        (W + "Interactions.EVENT_TYPE IN (*)", "boot shoe film"),
        (X + 'Interactions.EVENT_TYPE IN ("*")', "watch blank"),
        (W + "Interactions.EVENT_TYPE NOT IN (*)", "watch blank"),
        (X + 'Interactions.EVENT_TYPE NOT IN ("click")', "boot"),
        (W + 'Interactions.EVENT_TYPE IN ("click") AND Interactions.EVENT_TYPE IN ("stream")', ""),
        (W + 'Interactions.EVENT_TYPE IN ("purchase")', ""),
    ],
)
def test_mask__interactions(text: str, ids: str) -> None:
    assert served(text) == ids


def test_mask__event_types_from_the_request() -> None:
    text = X + "Interactions.EVENT_TYPE IN ($TYPE)"
    assert served(text, {"TYPE": '"Stream","click"'}) == "shoe watch blank"
    assert served(text, {"TYPE": '"*"'}) == "watch blank"
    assert served(text) == ALL


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        # the union of what is included
        (W + 'Items.GENRE IN ("Drama") | ' + W + "Items.PRICE > 35", "watch film"),
        # the union of what is excluded
        (X + 'Items.GENRE IN ("Drama") | ' + X + "Items.PRICE > 35", "boot shoe blank"),
        # minus, in any order
        (W + 'Items.GENRE IN ("Crime") | ' + X + 'Interactions.EVENT_TYPE IN ("click")', "shoe"),
        (X + 'Interactions.EVENT_TYPE IN ("click") | ' + W + 'Items.GENRE IN ("Crime")', "shoe"),
    ],
)
def test_mask__chains(text: str, ids: str) -> None:
    assert served(text) == ids


@pytest.mark.parametrize(
    ("test", "holds"),
    [
        ("CurrentUser.AGE > 18", True),
        ("CurrentUser.AGE >= 31", False),
        ("CurrentUser.AGE = 30", True),
        ('CurrentUser.AGE != "30"', False),
        ('CurrentUser.MEMBERSHIP = "gold"', True),
        ('CurrentUser.MEMBERSHIP != "gold"', False),
        ('CurrentUser.MEMBERSHIP = "Gold"', False),
        ('CurrentUser.MEMBERSHIP IN ("silver", "gold")', True),
        ('CurrentUser.MEMBERSHIP NOT IN ("silver", "gold")', False),
        ('CurrentUser.INTERESTS IN ("art")', True),
        ('CurrentUser.INTERESTS NOT IN ("chess")', True),
        ('CurrentUser.EMPTY = "x"', False),
        ('CurrentUser.EMPTY != "x"', False),
        ('CurrentUser.EMPTY NOT IN ("x")', False),
        ("CurrentUser.EMPTY < 3", False),
        ("CurrentUser.ABSENT != 3", False),
        ("CurrentUser.BROKEN != 3", False),
        ('CurrentUser.AGE > 18 AND CurrentUser.MEMBERSHIP IN ("gold")', True),
        ('CurrentUser.AGE > 18 AND CurrentUser.MEMBERSHIP IN ("none")', False),
    ],
)
def test_mask__if(test: str, holds: bool) -> None:
    user: dict[str, Any] = {
        "AGE": 30,
        "MEMBERSHIP": "gold",
        "INTERESTS": "sport|art",
        "EMPTY": None,
        "BROKEN": float("nan"),
    }
    assert served(f"{X}Items.PRICE > 15 IF {test}", user=user) == ("boot blank" if holds else ALL)
    assert served(f"{W}Items.PRICE > 35 IF {test}", user=user) == ("film" if holds else ALL)


def test_mask__if_with_a_parameter() -> None:
    text = X + "Items.PRICE > 15 IF CurrentUser.V = $V"
    assert served(text, {"V": "30"}, user={"V": 30}) == "boot blank"
    assert served(text, {"V": '"30"'}, user={"V": 30.0}) == "boot blank"
    assert served(text, {"V": '"30"'}, user={"V": "30"}) == "boot blank"
    assert served(text, {"V": '"x"'}, user={"V": 30}) == ALL
    assert served(text, user={"V": 30}) == ALL


def test_mask__if_without_a_row_of_the_user() -> None:
    assert served(X + "Items.PRICE > 15 IF CurrentUser.AGE != 1") == ALL
    assert served(W + "Items.PRICE > 15 IF CurrentUser.AGE != 1") == ALL


def test_mask__include_whose_if_is_false_leaves_the_others() -> None:
    text = (
        W + 'Items.GENRE IN ("Crime") IF CurrentUser.AGE < 18 | '
        "INCLUDE ItemID WHERE Items.GENRE IN ('Drama') IF CurrentUser.AGE >= 18"
    )
    assert served(text, user={"AGE": 10}) == "boot shoe"
    assert served(text, user={"AGE": 20}) == "watch"
    assert served(text) == ALL


def test_mask__current_item() -> None:
    text = W + "Items.PRICE < CurrentItem.PRICE AND Items.GENRE IN CurrentItem.GENRE"
    item = {"PRICE": 30.0, "GENRE": "Western|Crime"}
    assert served(text, item=item) == "boot shoe"
    assert served(text, item=item | {"PRICE": None}) == ""
    assert served(text, item=item | {"GENRE": None}) == ""
    assert served(text) == ""
    assert served(W + "Items.GENRE NOT IN CurrentItem.GENRE", item=item) == "watch film"
    assert served(W + "Items.GENRE NOT IN CurrentItem.GENRE", item={"GENRE": None}) == ""
    text = X + "Items.PRICE > 15 IF CurrentUser.LIKES NOT IN CurrentItem.GENRE"
    assert served(text, user={"LIKES": "Drama"}, item=item) == "boot blank"
    assert served(text, user={"LIKES": "Crime|Drama"}, item=item) == ALL
    assert served(text, user={"LIKES": "Drama"}, item={"GENRE": None}) == ALL


def test_mask__placeholders() -> None:
    text = W + "Items.PRICE >= $LOW AND Items.PRICE < $HIGH"
    assert served(text, {"LOW": "20", "HIGH": '"40"'}) == "shoe watch"
    assert served(W + "Items.GENRE IN ($G)", {"G": '"Drama","Action"'}) == "boot watch"


def test_mask__without_a_table() -> None:
    facts = Facts(2, None, lambda types: np.array([True, False]))
    for text, expected in (
        (W + "Items.PRICE != 1", [False, False]),
        (W + 'Items.GENRE NOT IN ("x")', [False, False]),
        (X + 'Items.GENRE NOT IN ("x")', [True, True]),
        (X + "Interactions.EVENT_TYPE IN (*)", [False, True]),
    ):
        assert bind(parse_filter(text), {}).mask(facts).tolist() == expected


def test_mask__leaves_the_array_of_events_alone() -> None:
    events = np.array([True, False])
    found = bind(parse_filter(W + "Interactions.EVENT_TYPE IN (*)"), {})
    mask = found.mask(Facts(2, None, lambda types: events))
    mask[:] = False
    assert events.tolist() == [True, False]


@pytest.mark.parametrize("text", ["Not taken", "NOT_TAKEN", "nottaken", "NotTaken"])
def test_normalize_event_type__case_space_underscore(text: str) -> None:
    assert normalize_event_type(text) == "nottaken"
    assert all(normalize_event_type(name) == name for name in EVENTS)
    assert interacted(frozenset({"click"})).tolist() == [True, False, False, False, False]
