import pytest

from personalize_assets.core.filters import Field, FilterError, parse_filter
from personalize_assets.core.filters.language import And, Or

GUIDE = [
    'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click", "stream")',
    "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($EVENT_TYPE)",
    'INCLUDE ItemID WHERE Items.CATEGORY_L1 IN ("watch") AND Items.CATEGORY_L2 IN ("luxury")'
    " IF CurrentUser.AGE > 18",
    'EXCLUDE ItemID WHERE Items.CATEGORY_L1 IN ("shoe") AND Items.CATEGORY_L2 NOT IN ("boot")',
    "INCLUDE ItemID WHERE Items.PRICE <= $PRICE",
    "INCLUDE ItemID WHERE Items.CREATION_TIMESTAMP < $DATE",
    "INCLUDE ItemID WHERE Items.GENRE IN ($GENRE)"
    ' | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click", "stream")',
    "INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE AND Items.GENRE IN CurrentItem.GENRE",
    "EXCLUDE ItemID WHERE Items.GENRE IN ($GENRE) IF CurrentUser.AGE = $AGE",
    'EXCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ("NOT_TAKEN")',
    'INCLUDE ActionID WHERE Actions.MEMBERSHIP_LEVEL IN ("Premium")'
    " IF CurrentUser.MEMBERSHIP = $PREMIUM",
    "INCLUDE UserID WHERE Users.MEMBERSHIP IN ($MEMBERSHIP)",
    "EXCLUDE UserID WHERE Users.AGE < $AGE",
]


@pytest.mark.parametrize("text", GUIDE)
def test_parse_filter__examples_of_the_guide(text: str) -> None:
    assert str(parse_filter(text)) == text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (
            "exclude UserId where users.country in ('FR',\n 'DE')",
            'EXCLUDE UserID WHERE Users.COUNTRY IN ("FR", "DE")',
        ),
        (
            "EXCLUDE itemid WHERE INTERACTIONS.event_type NOT   IN(*)",
            'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE NOT IN ("*")',
        ),
        (
            "INCLUDE ActionID WHERE Action.VALUE > ( $value )",
            "INCLUDE ActionID WHERE Actions.VALUE > $value",
        ),
        (
            r"""INCLUDE ItemID WHERE Items.A IN ("12\" vinyl", 'it\'s', "a\\b", "c\d")""",
            r"""INCLUDE ItemID WHERE Items.A IN ("12\" vinyl", "it's", "a\\b", "c\\d")""",
        ),
        (
            'INCLUDE ItemID WHERE Items.A IN ("x | y, (z) AND & $P")',
            'INCLUDE ItemID WHERE Items.A IN ("x | y, (z) AND & $P")',
        ),
        (
            "INCLUDE ItemID WHERE Items.A=-1.50 AND Items.B!=.5 OR Items.C>=2E3",
            "INCLUDE ItemID WHERE Items.A = -1.5 AND Items.B != 0.5 OR Items.C >= 2000",
        ),
        (
            "INCLUDE ItemID WHERE (((Items.A = 1)) AND (Items.B = 2 AND Items.C = 3))",
            "INCLUDE ItemID WHERE Items.A = 1 AND Items.B = 2 AND Items.C = 3",
        ),
        (
            "INCLUDE ItemID WHERE Items.A = 1 AND (Items.B = 2 OR (Items.C = 3 OR Items.D = 4))",
            "INCLUDE ItemID WHERE Items.A = 1 AND (Items.B = 2 OR Items.C = 3 OR Items.D = 4)",
        ),
    ],
)
def test_parse_filter__canonical_spelling(text: str, canonical: str) -> None:
    found = parse_filter(text)
    assert str(found) == canonical
    assert parse_filter(canonical) == found


def test_parse_filter__and_binds_closer_than_or() -> None:
    found = parse_filter("INCLUDE ItemID WHERE Items.A = 1 OR Items.B = 2 AND Items.C = 3")
    where = found.expressions[0].where
    assert isinstance(where, Or)
    assert [type(part).__name__ for part in where.parts] == ["Condition", "And"]
    grouped = parse_filter("INCLUDE ItemID WHERE (Items.A = 1 OR Items.B = 2) AND Items.C = 3")
    assert isinstance(grouped.expressions[0].where, And)


def test_parse_filter__many_groups_side_by_side() -> None:
    text = "INCLUDE ItemID WHERE " + " AND ".join(["(Items.A = 1 OR Items.B = 2)"] * 51)
    assert str(parse_filter(text)) == text


def test_filter__what_it_needs_and_names() -> None:
    found = parse_filter(
        "INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE AND Items.GENRE IN CurrentItem.KIND "
        "| EXCLUDE ItemID WHERE Items.GENRE IN ($G) IF CurrentUser.AGE >= $age AND "
        'CurrentUser.AGE < ($G) AND CurrentUser.SEX IN ("F")'
    )
    assert found.target == "ItemID"
    assert found.parameters == {"G", "age"}
    assert found.fields == {
        Field("ITEMS", "PRICE"),
        Field("ITEMS", "GENRE"),
        Field("ITEMS", "KIND"),
        Field("USERS", "AGE"),
        Field("USERS", "SEX"),
    }


@pytest.mark.parametrize(
    ("text", "user", "item"),
    [
        ("INCLUDE ItemID WHERE Items.A = 1", False, False),
        ("INCLUDE ItemID WHERE Items.A = CurrentItem.A", False, True),
        ("INCLUDE ItemID WHERE Items.A = 1 IF CurrentUser.B = 1", True, False),
        ("INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (*)", True, False),
        ("INCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN (*)", True, False),
        ("INCLUDE UserID WHERE Interactions.EVENT_TYPE IN (*)", False, False),
    ],
)
def test_filter__needs(text: str, user: bool, item: bool) -> None:
    found = parse_filter(text)
    assert (found.needs_user, found.needs_item) == (user, item)


W = "INCLUDE ItemID WHERE "


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("", 1, "expected INCLUDE or EXCLUDE, got the end"),
        ("REMOVE ItemID", 1, "expected INCLUDE or EXCLUDE, got REMOVE"),
        ("INCLUDE Items WHERE", 9, "expected ItemID, ActionID or UserID, got Items"),
        ("INCLUDE ItemID Items.A = 1", 16, "expected WHERE, got Items"),
        (W, 22, "expected one of the datasets Interactions, Items, Users, Actions"),
        (W + "Films.A = 1", 22, "expected one of the datasets"),
        (W + "Items = 1", 28, "expected ., got ="),
        (W + "Items.'A' = 1", 28, "expected the name of a column, got 'A'"),
        (W + 'Items.A LIKE "x"', 30, "expected IN, NOT IN or one of = != < <= > >=, got LIKE"),
        (W + "Items.A == 1", 31, "got ="),
        (W + "Items.A IN", 32, "expected values in parentheses or CurrentItem, got the end"),
        (W + "Items.A IN $X", 33, "expected values in parentheses or CurrentItem, got $X"),
        (W + "Items.A IN ()", 34, "expected a quoted string, got )"),
        (W + "Items.A IN (1)", 34, "expected a quoted string, got 1"),
        (W + "Items.A IN (comedy)", 34, "expected a quoted string, got comedy"),
        (W + 'Items.A IN ("a",)', 38, "expected a quoted string, got )"),
        (W + 'Items.A IN ("a" "b")', 38, 'expected ), got "b"'),
        (W + 'Items.A IN ("a"', 37, "expected ), got the end"),
        (W + "Items.A IN ($X, $Y)", 36, "one parameter stands for all values of a set"),
        (W + 'Items.A IN ("a, b)', 34, "no second quotation mark closes"),
        (W + "Items.A IN (“a”)", 34, "straight quotation marks are needed"),
        (W + "Items.A IN ($)", 34, "the name of a parameter must follow the dollar sign"),
        (W + "Items.A = [1]", 32, "'[' has no meaning here"),
        (W + "Items.A NOT 1", 34, "expected IN, got 1"),
        (W + "Items.A > ", 32, "expected a number, a quoted string, a $parameter or CurrentItem"),
        (W + "Items.A > (5)", 33, "expected a $parameter, got 5"),
        (W + "Items.A > 1e999", 32, "the number 1e999 is too large"),
        (W + "Items.A > 20px", 34, "expected AND, OR, IF, | or the end, got px"),
        (W + f"Items.A > ${'x' * 51}", 32, "has at most 50 characters, this one has 51"),
        (W + "(Items.A = 1", 34, "expected ), got the end"),
        (W + "(" * 51 + "Items.A = 1", 72, "parentheses may be nested 50 deep"),
        (W + "Items.A = 1 AND", 37, "expected one of the datasets"),
        (W + "Items.A = 1 |", 35, "expected INCLUDE or EXCLUDE, got the end"),
        (W + "Items.A = 1 | INCLUDE UserID", 44, "must filter ItemID, got UserID"),
        (W + "CurrentUser.AGE = 1", 22, "CurrentUser can be tested only in an IF at the end"),
        (W + "CurrentItem.A = 1", 22, "CurrentItem can stand only on the right side"),
        (W + "Items.A = CurrentUser.A", 32, "expected a number, a quoted string, a $parameter"),
        (W + "Items.A = 1 IF Users.AGE = 1", 37, "IF can test columns of CurrentUser only"),
        (W + "Items.A = 1 IF", 36, "IF can test columns of CurrentUser only, got the end"),
        (
            W + "Items.A = 1 IF CurrentUser.A = 1 OR CurrentUser.B = 1",
            55,
            "the conditions of IF can be joined by AND only",
        ),
        (
            W + "Items.A = 1 IF CurrentUser.A = 1 IF CurrentUser.B = 1",
            55,
            "expected AND, OR, IF, | or the end, got IF",
        ),
    ],
)
def test_parse_filter__bad_input(text: str, at: int, message: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(text)
    assert str(caught.value).startswith(f"Invalid Expression at character {at}: ")
    assert message in str(caught.value)
