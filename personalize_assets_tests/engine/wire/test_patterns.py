import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_assets.engine.wire.model import load_operations
from personalize_assets.engine.wire.patterns import matches
from personalize_assets.engine.wire.shapes import Shape

TAG = r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$"


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        (r"\p{ASCII}{0,1500}", "~\x00\x7f", True),
        (r"\p{ASCII}{0,1500}", "\x80", False),
        (TAG, "Größe 名 Ⅷ ½ ٣", True),
        (TAG, "a\u3000b\u2028c", True),
        (TAG, "a\tb", False),
        (TAG, "a;b", False),
        (TAG, "é;", False),
        (TAG, "e\u0301", False),  # a combining mark is category M
        (TAG, "😀", False),
        (TAG, "", True),
        (r"[A-Za-z\d_]+", "A1_", True),
        (r"[A-Za-z\d_]+", "٣", False),  # a digit for Python, not for Java
        (r"[a-z]", "ab", False),  # the whole value must match
        (r"^[a-z]*$", "ab\n", False),
        (r"a.b", "a\u2028b", False),
        (r"a.b", "a\rb", False),
        (r"a.b", "a\tb", True),
        (r"a[.]b", "axb", False),
        (r"a\.b", "axb", False),
        (r"\p{L}+", "aÉ", True),
        (r"[^\p{L}]+", "1É", False),
        (r"[^\p{L}]+", "1§", True),
        (r"\p{Lu}", "é", False),
        (r"\p{Lu}", "É", True),
    ],
)
def test_matches__as_java(pattern: str, value: str, expected: bool) -> None:
    assert matches(pattern, value) is expected


def test_matches__unknown_property() -> None:
    with pytest.raises(ValueError, match=r"unknown property \\p\{IsGreek\}"):
        matches(r"\p{IsGreek}", "a")


@given(st.text(max_size=20))
def test_matches__categories(value: str) -> None:
    expected = all(
        unicodedata.category(character)[0] in "LZN" or character in "_.:/=+-@"
        for character in value
    )
    assert matches(TAG, value) is expected


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=20))
def test_matches__plain_patterns_are_pythons(value: str) -> None:
    pattern = r"^[a-zA-Z0-9][a-zA-Z0-9\-_]*"
    assert matches(pattern, value) is (re.fullmatch(pattern, value) is not None)


def test_matches__knows_all_patterns_of_the_models() -> None:
    patterns: set[str] = set()

    def collect(shape: Shape) -> None:
        if shape.pattern is not None:
            patterns.add(shape.pattern)
        for part in (*shape.members.values(), shape.key, shape.element):
            if part is not None:
                collect(part)

    for operation in load_operations().by_name.values():
        collect(operation.request)
    assert len(patterns) > 10
    for pattern in patterns:
        matches(pattern, "a")
        matches(pattern, "é")
