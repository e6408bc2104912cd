import numpy as np
import pytest

from personalize_assets.core.metrics import average_reward_at_k
from personalize_assets_tests.core.metrics.test_metrics import truth_of

REWARDS = np.array([0.0, 1.0, 2.0, 4.0])
RANKED = np.array([[3, 2, 1, 0], [0, 1, 2, 3]], np.int32)


@pytest.mark.parametrize(
    ("rows", "k", "expected"),
    [
        # 4 of 4 + 1; nothing of 4
        (([3, 1], [3]), 1, (4 / 5 + 0) / 2),
        (([3, 1], [3]), 4, 1.0),
        # A user without a relevant item and one whose item has no reward are left out.
        (([], [1]), 2, 1.0),
        (([0], [2]), 2, 0.0),
        (([], []), 2, 0.0),
    ],
)
def test_average_reward_at_k__table(
    rows: tuple[list[int], list[int]], k: int, expected: float
) -> None:
    assert average_reward_at_k(RANKED, truth_of(*rows), REWARDS, k) == pytest.approx(expected)


def test_average_reward_at_k__padding_earns_nothing() -> None:
    ranked = np.array([[2, -1]], np.int32)
    assert average_reward_at_k(ranked, truth_of([2, 3]), REWARDS, 1) == 1.0


def test_average_reward_at_k__no_cutoff() -> None:
    with pytest.raises(ValueError, match="at least 1, got 0"):
        average_reward_at_k(RANKED, truth_of([0], [0]), REWARDS, 0)
