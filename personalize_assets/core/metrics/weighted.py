"""Normalized discounted cumulative gain where some events are worth more than others."""

import numpy as np
from numpy.typing import NDArray

from personalize_assets.core.metrics.hits import Truth
from personalize_assets.core.metrics.validation import require_cutoff


def gains_at_ranks(
    ranked: NDArray[np.int32], truth: Truth, gains: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The gain of each rank of a list: that of the held-out event of the same user and item.

    Args:
        ranked: Item indices, best first, no item twice in a row, shape ``(n, n_ranked)``; -1 pads
            short lists.
        truth: Held-out items of the same users.
        gains: Gain of each of them, shape ``(n_truth,)``; of an item's several events the highest
            counts.

    Returns:
        Shape ``(n, n_ranked)``; 0 for items that are not held out.
    """
    if not len(truth.items) or not ranked.size:
        return np.zeros(ranked.shape)
    width = int(max(ranked.max(), truth.items.max())) + 1
    held = np.repeat(np.arange(len(ranked)), np.diff(truth.indptr)) * width + truth.items
    order = np.lexsort((gains, held))
    wanted = np.arange(len(ranked))[:, None] * width + ranked
    at = np.searchsorted(held[order], wanted, side="right") - 1
    found = (ranked >= 0) & (at >= 0) & (held[order][at] == wanted)
    return np.where(found, gains[order][at], 0.0)


def weighted_ndcg_at_k(gains: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """NDCG of each user's top ``k``, the ideal taken over the gains that were retrieved.

    Args:
        gains: Gain of each rank, best first, shape ``(n_users, n_ranked)``; 0 for misses.
        k: Cutoff.

    Returns:
        Shape ``(n_users,)``, in [0, 1]; 0 for a user without a gain.

    Raises:
        ValueError: ``k`` is not positive.

    >>> weighted_ndcg_at_k(np.array([[0, 1.0, 0, 0, 1.0]]), 5).round(4).tolist()
    [0.6241]
    """
    top = gains[:, : require_cutoff(k)]
    discounts = 1 / np.log2(np.arange(2, top.shape[1] + 2, dtype=np.float64))
    gained: NDArray[np.float64] = top @ discounts
    ideal: NDArray[np.float64] = np.sort(top, axis=1)[:, ::-1] @ discounts
    return np.divide(gained, ideal, out=np.zeros(len(top)), where=ideal > 0)
