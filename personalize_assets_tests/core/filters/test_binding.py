import pytest

from personalize_assets.core.filters import FilterError, bind, parse_filter

W = "INCLUDE ItemID WHERE "
X = "EXCLUDE ItemID WHERE "


def bound(text: str, **values: str) -> str:
    """The canonical spelling of what is left after binding."""
    found = bind(parse_filter(text), values)
    return " | ".join(
        f"{item.action} {item.where}" + "".join(f" IF {test}" for test in item.only_if)
        for item in found.expressions
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ('"comedy"', '"comedy"'),
        ('"comedy","drama"', '"comedy", "drama"'),
        (' "comedy" , "drama" ', '"comedy", "drama"'),
        ("'comedy','it\\'s'", '"comedy", "it\'s"'),
        ('"a, b & c","d|e"', '"a, b & c", "d|e"'),
        (r'"12\" vinyl","a\\b"', r'"12\" vinyl", "a\\b"'),
        ("1999, 2000", '"1999", "2000"'),
        ('""', '""'),
    ],
)
def test_bind__values_of_a_set(given: str, expected: str) -> None:
    assert bound(W + "Items.A IN ($P)", P=given) == f"INCLUDE Items.A IN ({expected})"


@pytest.mark.parametrize("given", ["20", '"20"', "'20'", " 20 ", "20.0", '"2e1"', "+20"])
def test_bind__number_bare_or_quoted(given: str) -> None:
    assert bound(W + "Items.A >= ($P)", P=given) == "INCLUDE Items.A >= 20"


@pytest.mark.parametrize(
    "given", ["", " ", "comedy", '"comedy', 'comedy"', '"a""b"', '"a","b', '"a",', ",", '"a";"b"']
)
def test_bind__badly_quoted(given: str) -> None:
    with pytest.raises(FilterError, match="The value of filter parameter P must be quoted"):
        bound(W + "Items.A IN ($P)", P=given)


@pytest.mark.parametrize("given", ['"cheap"', '"nan"', '"inf"', '"1e999"', '""', '"1 2"'])
def test_bind__not_a_number(given: str) -> None:
    with pytest.raises(FilterError, match=r"P is compared with Items\.A by <, so that its value "):
        bound(W + "Items.A < $P", P=given)


def test_bind__two_values_for_a_comparison() -> None:
    with pytest.raises(FilterError, match="takes one value, got 2: 1,2"):
        bound(W + "Items.A = $P", P="1,2")


def test_bind__users_are_compared_with_numbers_unless_equal() -> None:
    text = W + "Items.A = 1 IF CurrentUser.B = $P"
    assert bound(text, P='"gold"') == 'INCLUDE Items.A = 1 IF Users.B = "gold"'
    assert bound(text, P="18") == 'INCLUDE Items.A = 1 IF Users.B = "18"'
    with pytest.raises(FilterError, match="must be a number"):
        bound(W + "Items.A = 1 IF CurrentUser.B > $P", P='"gold"')
    with pytest.raises(FilterError, match="must be a number"):
        bound("INCLUDE UserID WHERE Users.AGE = $P", P='"old"')


def test_bind__include_needs_all_values() -> None:
    text = W + "Items.A IN ($P) AND Items.B > $Q IF CurrentUser.C = $R"
    with pytest.raises(FilterError, match=r"The filter needs a value for \$P, \$R: "):
        bound(text, Q="3")
    with pytest.raises(FilterError, match=r"The filter needs a value for \$P: "):
        bound(W + "Items.A IN ($P) | " + X + "Items.A IN ($P)")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (X + "Items.A IN ($P)", ""),
        (X + "Items.A IN ($P) AND Items.B < $Q", "EXCLUDE Items.B < 3"),
        (X + "Items.A IN ($P) OR Items.B < $Q", "EXCLUDE Items.B < 3"),
        (X + "Items.A IN ($P) AND (Items.B < $P OR Items.C < $P)", ""),
        (
            X + "Items.C = 1 AND (Items.A IN ($P) OR Items.B = 2 AND Items.A IN ($P))",
            "EXCLUDE Items.C = 1 AND Items.B = 2",
        ),
        (X + "Items.A = 1 IF CurrentUser.B = $P", ""),
        (X + "Items.A IN ($P) | " + W + "Items.B > $Q", "INCLUDE Items.B > 3"),
    ],
)
def test_bind__exclude_leaves_out_what_has_no_value(text: str, left: str) -> None:
    values = {"Q": "3"} if "$Q" in text else {}
    assert bound(text, **values) == left


def test_bind__unknown_values() -> None:
    with pytest.raises(
        FilterError, match="The filter has no parameter X, p; its parameters are: P"
    ):
        bound(W + "Items.A IN ($P)", P='"a"', p='"a"', X="1")
    with pytest.raises(FilterError, match="its parameters are: none"):
        bound(W + "Items.A = 1", P='"a"')
