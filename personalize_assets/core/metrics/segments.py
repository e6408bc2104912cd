"""Metrics of user segments: how many of the users named for an item really came to it."""

import numpy as np
from numpy.typing import NDArray

from personalize_assets.core.metrics.coverage import coverage
from personalize_assets.core.metrics.hits import Truth, mark_hits

ONE_PERCENT = 100


def one_percent(n_users: int) -> int:
    """How many users one percent is, rounded up.

    >>> one_percent(610)
    7
    """
    return -(-n_users // ONE_PERCENT)


def evaluate_segments(top: NDArray[np.int32], truth: Truth, n_users: int) -> dict[str, float]:
    """Average Amazon's metrics over the items, or attributes, that were asked about.

    Args:
        top: User indices, the likeliest one percent first, shape ``(n_queries, k)``; -1 pads.
        truth: The users who interacted in the test set, one row per query; each has at least one.
        n_users: Number of users; above every index.

    Returns:
        ``coverage`` (share of users who are in any segment), ``hits_at_1_percent`` (may exceed 1)
        and ``recall_at_1_percent``, rounded to 4 decimals; 0 where there is no query.
    """
    hits = mark_hits(top, truth, n_users).sum(axis=1)
    recall = hits / np.maximum(truth.counts(n_users), 1)
    asked = len(top) > 0
    return {
        "coverage": round(coverage(top, n_users), 4),
        "hits_at_1_percent": round(float(hits.mean()), 4) if asked else 0.0,
        "recall_at_1_percent": round(float(recall.mean()), 4) if asked else 0.0,
    }
