import numpy as np
import pytest

from personalize_assets.core.metrics import gains_at_ranks, weighted_ndcg_at_k
from personalize_assets_tests.core.metrics.test_metrics import truth_of

LOG = np.log2


def test_gains_at_ranks__by_user_and_item() -> None:
    ranked = np.array([[4, 2, -1], [2, 4, 0]], np.int32)
    # The first user held out item 2, the second item 4 twice and item 9, which is not ranked.
    truth = truth_of([2], [4, 4, 9])
    gains = gains_at_ranks(ranked, truth, np.array([1.5, 0.5, 1.5, 7.0]))
    assert gains.tolist() == [[0, 1.5, 0], [0, 1.5, 0]]


@pytest.mark.parametrize("ranked", [np.zeros((1, 0), np.int32), np.full((1, 3), -1, np.int32)])
def test_gains_at_ranks__nothing_ranked(ranked: np.ndarray) -> None:
    assert not gains_at_ranks(ranked, truth_of([1]), np.array([1.0])).any()


def test_gains_at_ranks__nothing_held_out() -> None:
    assert gains_at_ranks(np.array([[0, 1]], np.int32), truth_of([]), np.zeros(0)).tolist() == [
        [0, 0]
    ]


@pytest.mark.parametrize(
    ("gains", "k", "expected"),
    [
        # Weights .3 and .1 are gains 1.5 and .5; the ideal has the weightier first.
        ([0.5, 1.5, 0], 3, (0.5 + 1.5 / LOG(3)) / (1.5 + 0.5 / LOG(3))),
        ([1.5, 0.5, 0], 3, 1.0),
        # Only the top k are looked at, for the ideal as well.
        ([0, 0.5, 1.5], 2, 0.5 / LOG(3) / 0.5),
        ([0, 0, 0], 3, 0.0),
        ([0, 2.0], 10, 1 / LOG(3)),
    ],
)
def test_weighted_ndcg_at_k__table(gains: list[float], k: int, expected: float) -> None:
    assert weighted_ndcg_at_k(np.array([gains]), k)[0] == pytest.approx(expected)


def test_weighted_ndcg_at_k__no_cutoff() -> None:
    with pytest.raises(ValueError, match="at least 1, got 0"):
        weighted_ndcg_at_k(np.zeros((1, 1)), 0)
