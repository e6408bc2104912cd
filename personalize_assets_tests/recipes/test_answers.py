from pathlib import Path
from typing import Self

import numpy as np
import pytest

from personalize_assets.recipes import answers
from personalize_assets.recipes.answers import Seen, ranked_answers
from personalize_assets.recipes.histories import FloatArray, Histories
from personalize_assets_tests.recipes.examples import histories_of


class NeverAgain:
    """Serves the items in descending order, but likes them in ascending order."""

    n_items = 4

    def score(self, histories: Histories) -> FloatArray:
        scores = np.tile(np.arange(4, dtype=np.float32), (len(histories), 1))
        scores[histories.rows, histories.items] = -np.inf
        return scores

    def liking(self, histories: Histories) -> FloatArray:
        return np.tile(-np.arange(4, dtype=np.float32), (len(histories), 1))

    def save(self, folder: Path) -> None:
        raise NotImplementedError

    @classmethod
    def load(cls, folder: Path) -> Self:
        raise NotImplementedError


GIVEN = histories_of([0, 3], [1, 2], [])
ASKED = histories_of([3], [2], [])  # as a related-items recipe is


def lists(ranked: np.ndarray) -> list[list[int]]:
    assert ranked.shape == (3, 25)
    return [[item for item in row if item >= 0] for row in ranked.tolist()]


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ("served", [[2, 1, 0], [3, 1, 0], [3, 2, 1, 0]]),
        ("excluded", [[2, 1], [3, 0], [3, 2, 1, 0]]),
        ("allowed", [[0, 1, 2, 3]] * 3),
    ],
)
@pytest.mark.parametrize("cells", [1, 9, 4_000_000])
def test_ranked_answers__seen_items(
    seen: Seen, expected: list[list[int]], cells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "_CHUNK_CELLS", cells)
    assert lists(ranked_answers(NeverAgain(), ASKED, GIVEN, seen=seen)) == expected


@pytest.mark.parametrize(
    ("seen", "first"),
    [("served", [1, 0]), ("excluded", [2, 1]), ("allowed", [0, 1, 2, 3])],
)
def test_ranked_answers__what_a_use_case_leaves_out(seen: Seen, first: list[int]) -> None:
    excluded = histories_of([2], [], [])
    ranked = ranked_answers(NeverAgain(), ASKED, GIVEN, excluded=excluded, seen=seen)
    assert lists(ranked)[0] == first
