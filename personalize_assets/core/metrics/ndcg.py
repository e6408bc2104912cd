"""Normalized discounted cumulative gain with binary relevance, in two readings of the ideal.

Amazon's ideal is the retrieved list with its hits moved to the front; the textbook's is the best
list possible. On the same lists the textbook's figure is two to three times lower, so the two have
names of their own and are never compared.
"""

import numpy as np
from numpy.typing import NDArray

from personalize_assets.core.metrics.validation import require_cutoff


def amazon_ndcg_at_k(hits: NDArray[np.bool_], k: int) -> NDArray[np.float64]:
    """NDCG of each user's top ``k``, the ideal taken over the hits that were retrieved.

    Args:
        hits: Relevant ranks, best first, shape ``(n_users, n_ranked)``; missing ranks are misses.
        k: Cutoff.

    Returns:
        Shape ``(n_users,)``, in [0, 1]; 0 for a user without a hit.

    Raises:
        ValueError: ``k`` is not positive.

    >>> amazon_ndcg_at_k(np.array([[False, True, False, False, True]]), 5).round(4).tolist()
    [0.6241]
    """
    top = hits[:, : require_cutoff(k)]
    return _share(top, top.sum(axis=1))


def textbook_ndcg_at_k(
    hits: NDArray[np.bool_], n_relevant: NDArray[np.int64], k: int
) -> NDArray[np.float64]:
    """NDCG of each user's top ``k``, the ideal taken over all relevant items.

    Args:
        hits: As in ``amazon_ndcg_at_k``.
        n_relevant: Number of relevant items of each user, shape ``(n_users,)``.
        k: Cutoff.

    Returns:
        Shape ``(n_users,)``, in [0, 1]; 0 for a user without a hit or without a relevant item.

    Raises:
        ValueError: ``k`` is not positive.
    """
    return _share(hits[:, : require_cutoff(k)], np.minimum(n_relevant, k))


def _share(top: NDArray[np.bool_], n_ideal: NDArray[np.int64]) -> NDArray[np.float64]:
    longest = max(top.shape[1], int(n_ideal.max(initial=0)))
    discounts = 1 / np.log2(np.arange(2, longest + 2, dtype=np.float64))
    ideals = np.zeros(longest + 1)
    np.cumsum(discounts, out=ideals[1:])
    ideal = ideals[n_ideal]
    gain = top @ discounts[: top.shape[1]]
    return np.divide(gain, ideal, out=np.zeros(len(top)), where=ideal > 0)
