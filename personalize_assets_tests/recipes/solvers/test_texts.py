from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest

from personalize_assets.recipes.solvers import texts
from personalize_assets.recipes.solvers.texts import TextVectors, text_vectors


def made_of(*given: str | None) -> TextVectors:
    return text_vectors(pa.array(given, pa.string()))


def cosines(*given: str | None) -> np.ndarray:
    return made_of(*given).cosines(np.arange(len(given)))


@dataclass
class Piece:
    ids: list[int]


class Pieces:
    """Three known words, the last of them of two pieces."""

    def encode_batch(self, words: list[str], *, add_special_tokens: bool) -> list[Piece]:
        assert not add_special_tokens
        return [Piece({"sea": [0], "land": [1], "island": [0, 1]}[word]) for word in words]


@pytest.fixture
def plain_model(monkeypatch: pytest.MonkeyPatch) -> None:
    model = texts._WordLlama(Pieces(), np.eye(2, dtype=np.float32))  # type: ignore[arg-type]
    monkeypatch.setattr(texts, "_model", lambda: model)


@pytest.mark.usefixtures("plain_model")
def test_text_vectors__sums_of_pieces_less_what_all_have_in_common() -> None:
    # Of length 1 the texts are (1, 0), (0, 1), (r, r) and (3, 1) / root 10, with r = 1 / root 2.
    r, s = 0.5**0.5, 0.1**0.5
    units = np.array([[1, 0], [0, 1], [r, r], [3 * s, s]])
    less = units - units.mean(axis=0)
    less /= np.linalg.norm(less, axis=1, keepdims=True)
    similar = cosines("sea sea", "Land", "island", "island sea sea")
    np.testing.assert_allclose(similar, less @ less.T, atol=0.02)  # a byte a number


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Été à Nice!", "été À nice"),
        ("the-matrix (1999)", "The Matrix, 1999"),
        ("\uff21\uff22\uff23", "abc"),
        ("naïve café", "nai\u0308ve cafe\u0301"),
        ("red car", "car  red"),
    ],
)
def test_text_vectors__what_makes_no_difference(one: str, other: str) -> None:
    assert cosines(one, other, "something else")[0, 1] == pytest.approx(1)


def test_text_vectors__scripts_without_spaces() -> None:
    similar = cosines("犬が家を探す", "小さな犬と猫", "ホテルの殺人", "銀河を巡る旅")
    assert similar[0, 1] == np.sort(similar[0])[-2]


def test_text_vectors__nothing_to_tell_by() -> None:
    made = made_of(None, "", " - ", "word", "other")
    assert made.told.tolist() == [False, False, False, True, True]
    assert not made.cosines(np.arange(3)).any()
    assert made.cosines(np.array([3]))[0, 3] == pytest.approx(1)


@pytest.mark.parametrize("given", [[], [None], ["only one"], ["same text"] * 3])
def test_text_vectors__none_differs_from_another(given: list[str | None]) -> None:
    made = made_of(*given)
    assert len(made) == len(given)
    assert not made.told.any()


def test_text_vectors__pieces_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    given = pa.array(["a car", "the sea", None, "car of a king", "tea"])
    whole = text_vectors(given)
    monkeypatch.setattr(texts, "_TEXTS_AT_ONCE", 2)
    monkeypatch.setattr(texts, "_ROWS_AT_ONCE", 2)
    told: list[tuple[str, float]] = []
    parts = text_vectors(
        pa.chunked_array([given.slice(0, 3), given.slice(3)]),
        lambda stage, share: told.append((stage, share)),
    )
    np.testing.assert_allclose(parts.rows, whole.rows, atol=1)
    np.testing.assert_allclose(parts.cosines(np.arange(5)), whole.cosines(np.arange(5)), atol=0.02)
    assert told == [("texts", 0.0), ("texts", 0.4), ("texts", 0.8)]


def test_cosines__and_between_agree() -> None:
    made = made_of("a car", "the sea", None, "tea with milk")
    left, right = np.array([0, 1, 2, 3]), np.array([1, 1, 0, 0])
    expected = made.cosines(left)[np.arange(4), right]
    np.testing.assert_allclose(made.between(left, right), expected, atol=1e-6)
