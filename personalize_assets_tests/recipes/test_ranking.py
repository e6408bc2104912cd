import numpy as np
import pytest

from personalize_assets.recipes.histories import FloatArray, Histories
from personalize_assets.recipes.ranking import recommend


class Fixed:
    """Scores that do not depend on the history, one row after another."""

    def __init__(self, *rows: list[float]) -> None:
        self._rows = np.array(rows, dtype=np.float32)
        self.n_items = self._rows.shape[1]

    def score(self, histories: Histories) -> FloatArray:
        return self._rows[: len(histories)]


def test_recommend__softmax_over_the_catalogue() -> None:
    items, shares = recommend(Fixed([0, np.log(3), np.log(4)]), Histories.empty(1), 2)
    assert items.tolist() == [[2, 1]]
    assert shares[0].tolist() == pytest.approx([4 / 8, 3 / 8])
    assert (items.dtype, shares.dtype) == (np.int32, np.float32)


def test_recommend__never_served_is_padded() -> None:
    items, shares = recommend(Fixed([1, -np.inf, 1]), Histories.empty(1), 4)
    assert items.tolist() == [[0, 2, -1, -1]]
    assert shares.tolist() == [[0.5, 0.5, 0, 0]]


def test_recommend__nothing_to_serve() -> None:
    items, shares = recommend(Fixed([-np.inf, -np.inf]), Histories.empty(1), 2)
    assert items.tolist() == [[-1, -1]]
    assert shares.tolist() == [[0, 0]]


def test_recommend__equal_scores_in_order_of_index() -> None:
    scores = [float(item % 2) for item in range(200)]
    items, _ = recommend(Fixed(scores), Histories.empty(1), 200)
    assert items.tolist() == [[*range(1, 200, 2), *range(0, 200, 2)]]


@pytest.mark.parametrize("k", [1, 7, 25, 299, 300])
@pytest.mark.parametrize("distinct", [2, 20, 1_000_000])
def test_recommend__as_a_stable_sort_of_everything(k: int, distinct: int) -> None:
    rows = np.random.default_rng(k).integers(distinct, size=(9, 300)) / distinct
    items, _ = recommend(Fixed(*rows.tolist()), Histories.empty(9), k)
    scores = rows.astype(np.float32)
    assert items.tolist() == np.argsort(-scores, axis=1, kind="stable")[:, :k].tolist()


@pytest.mark.parametrize(("k", "chunk"), [(0, None), (1, 0)])
def test_recommend__refused(k: int, chunk: int | None) -> None:
    with pytest.raises(ValueError, match="k and chunk must be at least 1, got"):
        recommend(Fixed([1.0]), Histories.empty(1), k, chunk)
