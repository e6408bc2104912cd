import numpy as np
import pyarrow as pa
import pytest

from personalize_assets.recipes.solvers import words
from personalize_assets.recipes.solvers.words import word_rows


def near(expected: float) -> object:
    """Numbers of 16-bit precision."""
    return pytest.approx(expected, rel=2e-3)


def cosines(*given: str | None) -> np.ndarray:
    matrix = word_rows(pa.array(given, pa.string()))
    return (matrix @ matrix.T).toarray()


def test_word_rows__cosine_of_rare_words() -> None:
    # "red" in two texts of four, "car" in two, "blue", "old", "house" in one each.
    similar = cosines("red car", "red house", "blue car", "old")
    common, own = np.log(2), np.log(4)
    assert similar[0, 1] == near(common / (2**0.5 * (common**2 + own**2) ** 0.5))
    assert similar[0, 2] == near(similar[0, 1])
    assert similar[1, 2] == similar[0, 3] == 0
    assert np.diagonal(similar) == near(1)


def test_word_rows__often_is_little_more() -> None:
    # The word's own weight cancels within a text of one word; beside another it counts 1 + log 3.
    similar = cosines("sea sea sea sand", "sea", "sand", "x")
    weight = 1 + np.log(3)
    assert similar[0, 1] / similar[0, 2] == near(weight)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Été à Nice!", "été À nice"),
        ("the-matrix (1999)", "The Matrix, 1999"),
        ("\uff21\uff22\uff23", "abc"),
        ("naïve café", "nai\u0308ve cafe\u0301"),
    ],
)
def test_word_rows__case_marks_and_forms(one: str, other: str) -> None:
    assert cosines(one, other, "something else")[0, 1] == near(1)


def test_word_rows__scripts_without_spaces() -> None:
    similar = cosines("東京の本", "京都の寺", "blue")
    assert 0 < similar[0, 1] < 1


def test_word_rows__empty_ones() -> None:
    similar = cosines(None, "", " - ", "word", "other")
    assert not similar[:3].any()
    assert similar[3, 3] == near(1)


def test_word_rows__a_word_of_all_texts_says_nothing() -> None:
    assert not cosines("same", "same").any()


@pytest.mark.parametrize("given", [[], [None], [""]])
def test_word_rows__nothing(given: list[str | None]) -> None:
    matrix = word_rows(pa.array(given, pa.string()))
    assert matrix.shape == (len(given), 0)


def test_word_rows__many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    given = pa.array(["a b", "b c", None, "c a a", "d"])
    whole = word_rows(given)
    monkeypatch.setattr(words, "_ROWS_AT_ONCE", 2)
    parts = word_rows(pa.chunked_array([given.slice(0, 3), given.slice(3)]))
    np.testing.assert_allclose((parts @ parts.T).toarray(), (whole @ whole.T).toarray())


def test_word_rows__the_rarest_words_of_a_long_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "_MOST_WORDS", 2)
    similar = cosines("common rare odd", "common rare", "common", "odd", "other")
    assert similar[0, 3] == near(0.5**0.5)
    assert similar[0, 2] == 0
