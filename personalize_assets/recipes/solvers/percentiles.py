"""Bounds by percentile, which some recipes' options ask for."""

import numpy as np

from personalize_assets.recipes.histories import BoolArray, LongArray


def within_percentiles(counts: LongArray, lowest: float, highest: float) -> BoolArray:
    """Mark the counts between two percentiles, those at the bounds included.

    Args:
        counts: Shape ``(n,)``; zeros are no part of the distribution and are never marked.
        lowest: Share of the distribution below the lower bound, in [0, 1].
        highest: Share of the distribution up to the upper bound, in [0, 1].

    >>> within_percentiles(np.array([0, 1, 2, 3, 50]), 0.0, 0.6).tolist()
    [False, True, True, True, False]
    """
    positive = counts[counts > 0]
    if not len(positive):
        return counts > 0
    low = np.quantile(positive, lowest, method="lower")
    high = np.quantile(positive, highest, method="higher")
    return (counts >= max(low, 1)) & (counts <= high)
