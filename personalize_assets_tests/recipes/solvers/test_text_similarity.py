import numpy as np
import pyarrow as pa
import pytest
from scipy import sparse

from personalize_assets.recipes.solvers.text_similarity import Texts
from personalize_assets.recipes.solvers.texts import TextVectors
from personalize_assets_tests.recipes.paraphrases import OTHERS, PAIRS


@pytest.fixture
def texts() -> Texts:
    """Three texts and one that says nothing; the first two share a word."""
    meanings = np.array([[100, 0], [60, 80], [0, 50], [0, 0]], np.int8)
    words = np.array([[1, 0], [1, 0], [0, 1], [0, 0]], np.float32)
    return Texts(TextVectors(meanings), sparse.csr_array(words))


def test_alike__mostly_by_meaning(texts: Texts) -> None:
    expected = [
        [0.7 + 0.3, 0.7 * 0.6 + 0.3, 0, 0],
        [0, 0.7 * 0.8, 0.7 + 0.3, 0],
        [0, 0, 0, 0],
    ]
    np.testing.assert_allclose(texts.alike(np.array([0, 2, 3])), expected, atol=1e-6)


def test_between__is_the_same_pair_by_pair(texts: Texts) -> None:
    left, right = np.array([0, 1, 2, 3]), np.array([1, 2, 2, 0])
    expected = texts.alike(left)[np.arange(4), right]
    np.testing.assert_allclose(texts.between(left, right), expected, atol=1e-6)


def test_told__by_meaning_or_by_words() -> None:
    meanings = np.array([[1, 0], [0, 0], [0, 0]], np.int8)
    words = sparse.csr_array(np.array([[0], [1], [0]], np.float32))
    assert Texts(TextVectors(meanings), words).told.tolist() == [True, True, False]


def test_read__other_words_of_the_same_meaning() -> None:
    """By common words alone the mean reciprocal rank is 0.08."""
    given = [text for pair in PAIRS for text in pair]
    asked = np.arange(len(given))
    alike = Texts.read(pa.array([*given, *OTHERS])).alike(asked)
    alike[asked, asked] = -np.inf
    rank = 1 + (alike > alike[asked, asked ^ 1][:, None]).sum(axis=1)
    assert (1 / rank).mean() > 0.7
    assert (rank <= 5).mean() > 0.85


@pytest.mark.parametrize("given", [[], [None], ["only one"]])
def test_read__few(given: list[str | None]) -> None:
    texts = Texts.read(pa.array(given, pa.string()))
    assert len(texts) == len(given)
    assert not texts.told.any()
