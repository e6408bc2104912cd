import pytest

from personalize_assets.core.filters import FilterError, check_attributes, parse_attributes
from personalize_assets_tests.core.filters.examples import ITEMS, SCHEMAS


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('ITEMS.genre = "Crime"', [0, 1]),
        ('ITEMS.genre = "Crime" AND ITEMS.genre = "Action"', [0]),
        ('Items.GENRE = "Crime" and items.price = 20', [1]),
        ("ITEMS.price = '20'", [1]),
        ("ITEMS.price = 21", []),
        ('ITEMS.genre = "none"', []),
        ('ITEMS.title = "not imported yet"', []),
        (r'ITEMS.genre = "\"Crime\""', []),
    ],
)
def test_attributes__mask(text: str, rows: list[int]) -> None:
    found = parse_attributes(text)
    check_attributes(found, SCHEMAS["ITEMS"])
    assert found.mask(ITEMS).nonzero()[0].tolist() == rows
    assert parse_attributes(str(found)) == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "character 1: expected one of the datasets"),
        ('genre = "Crime"', "character 1: expected one of the datasets"),
        ('ITEMS.genre = "Crime" OR ITEMS.genre = "x"', "expected AND or the end"),
        ('ITEMS.genre IN ("Crime")', 'compared by = with a value, got Items.GENRE IN ("Crime")'),
        ('ITEMS.genre != "Crime"', "compared by = with a value"),
        ("ITEMS.price > 3", "compared by = with a value"),
        ("ITEMS.genre = $G", "compared by = with a value"),
        ("ITEMS.genre = CurrentItem.genre", "compared by = with a value"),
        ("USERS.age = 3", "item attributes are fields of Items, got Users.AGE"),
        ('(ITEMS.genre = "Crime")', "character 1: expected one of the datasets"),
    ],
)
def test_parse_attributes__bad_input(text: str, message: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse_attributes(text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('ITEMS.name = "x"', "the Items dataset has no field NAME"),
        ('ITEMS.description = "x"', "is textual"),
        ("ITEMS.adult = 1", "is boolean"),
        ("ITEMS.genre = 5", 'compared with a quoted one: "5"'),
        ('ITEMS.price = "cheap"', 'cannot be compared with "cheap"'),
    ],
)
def test_check_attributes__refused(text: str, message: str) -> None:
    with pytest.raises(FilterError) as caught:
        check_attributes(parse_attributes(text), SCHEMAS["ITEMS"])
    assert message in str(caught.value)
