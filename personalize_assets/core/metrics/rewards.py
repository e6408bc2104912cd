"""Average rewards: how much of the reward of a long list its first ranks bring."""

import numpy as np
from numpy.typing import NDArray

from personalize_assets.core.metrics.hits import Truth, mark_hits
from personalize_assets.core.metrics.validation import require_cutoff


def average_reward_at_k(
    ranked: NDArray[np.int32], truth: Truth, rewards: NDArray[np.float64], k: int
) -> float:
    """Mean share of the reward of all relevant recommended items that the top ``k`` brings.

    Args:
        ranked: Item indices, best first, as long as answers may be, shape ``(n_users, n_ranked)``;
            -1 pads short lists.
        truth: Held-out items of the same users.
        rewards: Reward of each catalogue item, not negative, shape ``(n_items,)``.
        k: Cutoff.

    Returns:
        In [0, 1]; users of whom no rewarding item was recommended are left out, and 0 if that
        leaves none.

    Raises:
        ValueError: ``k`` is not positive.

    >>> truth = Truth(np.array([0, 2]), np.array([1, 3], np.int32))
    >>> average_reward_at_k(np.array([[0, 1, 2, 3]], np.int32), truth, np.array([1, 3, 1, 1.0]), 2)
    0.75
    """
    earned = np.where(mark_hits(ranked, truth, len(rewards)), rewards[ranked], 0.0)
    total = earned.sum(axis=1)
    first = earned[:, : require_cutoff(k)].sum(axis=1)
    shares = first[total > 0] / total[total > 0]
    return float(shares.mean()) if len(shares) else 0.0
