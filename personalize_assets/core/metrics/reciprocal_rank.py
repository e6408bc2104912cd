"""Reciprocal rank: how early the first relevant item comes."""

import numpy as np
from numpy.typing import NDArray

from personalize_assets.core.metrics.validation import require_cutoff


def reciprocal_rank_at_k(hits: NDArray[np.bool_], k: int) -> NDArray[np.float64]:
    """One divided by the rank of each user's first relevant item in the top ``k``.

    Args:
        hits: Relevant ranks, best first, shape ``(n_users, n_ranked)``; missing ranks are misses.
        k: Cutoff.

    Returns:
        Shape ``(n_users,)``, in [0, 1]; 0 where the top ``k`` holds no relevant item.

    Raises:
        ValueError: ``k`` is not positive.

    >>> reciprocal_rank_at_k(np.array([[False, True, False, False, True]]), 5).tolist()
    [0.5]
    """
    top = hits[:, : require_cutoff(k)]
    if top.shape[1] == 0:
        return np.zeros(len(top))
    return np.where(top.any(axis=1), 1 / (top.argmax(axis=1) + 1), 0.0)
