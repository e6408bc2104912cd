import pytest

from personalize_assets.core.filters import FilterError, check_filter, parse_filter
from personalize_assets.core.filters.checking import Schemas
from personalize_assets_tests.core.filters.examples import SCHEMAS
from personalize_assets_tests.core.filters.test_parsing import GUIDE

W = "INCLUDE ItemID WHERE "
A = "INCLUDE ActionID WHERE "


def check(text: str, schemas: Schemas = SCHEMAS) -> None:
    check_filter(parse_filter(text), schemas)


@pytest.mark.parametrize(
    "text",
    [
        *GUIDE,
        W + 'Interactions.EVENT_TYPE IN (*) AND Interactions.EVENT_TYPE NOT IN ("click")',
        W + 'Items.ITEM_ID IN ("a") OR Items.TITLE NOT IN ("b")',
        W + 'Items.PRICE >= "20"',
        W + "Items.GENRE NOT IN CurrentItem.TITLE AND Items.PRICE = CurrentItem.PRICE",
        W + 'Items.PRICE > 0 IF CurrentUser.MEMBERSHIP = "gold" AND CurrentUser.AGE != "7"',
        W + 'Items.PRICE > 0 IF CurrentUser.MEMBERSHIP NOT IN ("gold")',
        'EXCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("click")',
        A + "Actions.VALUE > $V | EXCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ($E)",
    ],
)
def test_check_filter__allowed(text: str) -> None:
    check(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            W + "Items.NAME = 1",
            "character 22: the Items dataset has no field NAME; its fields are ITEM_ID, GENRE, ",
        ),
        (W + 'Items.DESCRIPTION IN ("boot")', "Items.DESCRIPTION is textual"),
        (W + 'Items.ADULT IN ("true")', "Items.ADULT is boolean, which filters cannot test"),
        (W + "Items.ADULT = 1", "Items.ADULT is boolean, which filters cannot test"),
        (W + 'Items.PRICE IN ("1")', "Items.PRICE is a number: use = != < <= > >= instead of IN"),
        (W + 'Items.PRICE NOT IN ("1")', "Items.PRICE is a number"),
        (W + "Items.PRICE IN ($P)", "Items.PRICE is a number"),
        (W + 'Items.PRICE > "cheap"', 'a number, so that it cannot be compared with "cheap"'),
        (W + 'Items.GENRE = "Drama"', "Items.GENRE is a string: use IN or NOT IN instead of ="),
        (W + "Items.GENRE < 3", "Items.GENRE is a string: use IN or NOT IN instead of <"),
        (W + "Items.GENRE = CurrentItem.GENRE", "Items.GENRE is a string: use IN"),
        (
            W + "Items.GENRE IN CurrentItem.PRICE",
            "Items.GENRE is of type string and CurrentItem.PRICE of type float",
        ),
        (W + "Items.PRICE > CurrentItem.GENRE", "so that they cannot be compared"),
        (W + "Items.PRICE > CurrentItem.NONE", "the Items dataset has no field NONE"),
        (W + "Items.GENRE IN CurrentItem.DESCRIPTION", "Items.DESCRIPTION is textual"),
        (W + "Items.GENRE IN (*)", "* stands for all event types"),
        (W + 'Items.GENRE NOT IN ("a", "*")', "* stands for all event types"),
        (W + "Interactions.TIMESTAMP > 3", "of Interactions only EVENT_TYPE can be tested"),
        (W + 'Interactions.ITEM_ID IN ("a")', "only EVENT_TYPE can be tested, not ITEM_ID"),
        (W + 'Interactions.EVENT_TYPE = "click"', "can be tested with IN or NOT IN and values"),
        (W + "Interactions.EVENT_TYPE IN CurrentItem.GENRE", "with IN or NOT IN and values"),
        (
            W + 'Items.PRICE > 1 AND Interactions.EVENT_TYPE IN ("click")',
            "must use the dataset of the first, Items, got Interactions; chain two expressions",
        ),
        (
            W + 'Interactions.EVENT_TYPE IN ("click") OR (Items.PRICE > 1 AND Items.PRICE < 2)',
            "must use the dataset of the first, Interactions, got Items",
        ),
        (
            W + "Users.AGE > 1",
            "ItemID is filtered by Interactions and Items, not by Users; columns",
        ),
        (W + "Actions.VALUE > 1", "ItemID is filtered by Interactions and Items, not by Actions"),
        (A + "Items.PRICE > 1", "ActionID is filtered by Action_Interactions and Actions"),
        (A + "Interactions.EVENT_TYPE IN (*)", "not by Interactions"),
        ("INCLUDE UserID WHERE Items.PRICE > 1", "UserID is filtered by Interactions and Users"),
        (
            "INCLUDE UserID WHERE Users.AGE > 1 IF CurrentUser.AGE > 1",
            "filters of users know no CurrentUser",
        ),
        (A + "Actions.VALUE > CurrentItem.PRICE", "CurrentItem is for filters of ItemID, not of"),
        (A + "Actions.EXPIRATION_TIMESTAMP > 1", "left out by EXPIRATION_TIMESTAMP anyway"),
        (A + "Actions.REPEAT_FREQUENCY = 1", "left out by REPEAT_FREQUENCY anyway"),
        (A + "Action_Interactions.TIMESTAMP > 1", "of Action_Interactions only EVENT_TYPE"),
        (W + "Items.PRICE > 1 IF CurrentUser.NONE = 1", "the Users dataset has no field NONE"),
        (W + 'Items.PRICE > 1 IF CurrentUser.AGE IN ("7")', "Users.AGE is a number: use ="),
        (W + 'Items.PRICE > 1 IF CurrentUser.MEMBERSHIP > "a"', "use IN or NOT IN instead of >"),
        (W + "Items.PRICE > 1 IF CurrentUser.MEMBERSHIP = 5", 'compared with a quoted one: "5"'),
    ],
)
def test_check_filter__refused(text: str, message: str) -> None:
    with pytest.raises(FilterError) as caught:
        check(text)
    assert message in str(caught.value)
    assert str(caught.value).startswith("Invalid Expression at character ")


def test_check_filter__placeholder_with_not_in() -> None:
    for text in (
        W + "Items.GENRE NOT IN ($G)",
        W + "Items.PRICE > 1 IF CurrentUser.MEMBERSHIP NOT IN ($G)",
    ):
        with pytest.raises(FilterError) as caught:
            check(text)
        assert str(caught.value) == (
            "Invalid input symbol: $G. Placeholders are not allowed with NOT_IN operator."
        )


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (W + "Items.PRICE > 1", "Items"),
        (W + 'Interactions.EVENT_TYPE IN ("*")', "Interactions"),
        ("INCLUDE UserID WHERE Users.AGE > 1", "Users"),
        (A + "Actions.VALUE > 1", "Actions"),
        (A + "Action_Interactions.EVENT_TYPE IN (*)", "Action_Interactions"),
    ],
)
def test_check_filter__dataset_that_the_group_does_not_have(text: str, name: str) -> None:
    with pytest.raises(FilterError, match=f"the dataset group has no {name} dataset"):
        check(text, {})


def test_check_filter__current_user_needs_users() -> None:
    with pytest.raises(FilterError, match="the dataset group has no Users dataset"):
        check(W + "Items.PRICE > 1 IF CurrentUser.AGE > 1", {"ITEMS": SCHEMAS["ITEMS"]})
