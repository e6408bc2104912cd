"""Precision: the share of the top ranks that was relevant."""

import numpy as np
from numpy.typing import NDArray

from personalize_assets.core.metrics.validation import require_cutoff


def precision_at_k(hits: NDArray[np.bool_], k: int) -> NDArray[np.float64]:
    """Relevant items among each user's top ``k``, divided by ``k``.

    Args:
        hits: Relevant ranks, best first, shape ``(n_users, n_ranked)``; missing ranks are misses.
        k: Cutoff.

    Returns:
        Shape ``(n_users,)``, in [0, 1].

    Raises:
        ValueError: ``k`` is not positive.

    >>> precision_at_k(np.array([[False, True, False, False, True]]), 5).tolist()
    [0.4]
    """
    return hits[:, : require_cutoff(k)].sum(axis=1) / k
