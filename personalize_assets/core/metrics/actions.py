"""Metrics of recommended actions: per action, and how well scores tell taken from not taken."""

import numpy as np
from numpy.typing import NDArray

from personalize_assets.core.metrics.coverage import coverage
from personalize_assets.core.metrics.hits import Truth, mark_hits
from personalize_assets.core.metrics.ndcg import amazon_ndcg_at_k

_CUTOFFS = (5, 10, 25)
_RECOMMENDED = 5
"""How many actions an answer has by default: these count as recommended."""


def area_under_curve(scores: NDArray[np.floating], taken: NDArray[np.bool_]) -> float | None:
    """Probability that a taken action scores above one that was not taken; ties count half.

    Args:
        scores: Shape ``(n,)``.
        taken: Same shape.

    Returns:
        In [0, 1]; None where there are not both, which leaves it undefined.

    >>> area_under_curve(np.array([0.9, 0.8, 0.3, 0.3]), np.array([True, False, True, False]))
    0.625
    """
    n_taken, n_left = int(taken.sum()), int((~taken).sum())
    if not n_taken or not n_left:
        return None
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return float((ranks[taken].sum() - n_taken * (n_taken + 1) / 2) / (n_taken * n_left))


def evaluate_actions(ranked: NDArray[np.int32], truth: Truth, n_actions: int) -> dict[str, float]:
    """Average Amazon's metrics over users (NDCG) and over actions (precision and recall).

    Args:
        ranked: Action indices, best first, shape ``(n_users, n_ranked)``; -1 pads short lists.
        truth: The actions that the same users took in the test set; users who took none count for
            precision only.
        n_actions: Number of actions of the Actions dataset.

    Returns:
        ``coverage``, ``normalized_discounted_cumulative_gain_at_5``, ``_10``, ``_25``,
        ``precision`` and ``recall``, rounded to 4 decimals; 0 where there is nothing to average.
    """
    hits = mark_hits(ranked, truth, n_actions)
    asked = truth.counts(n_actions) > 0
    metrics = {"coverage": coverage(ranked, n_actions)}
    for k in _CUTOFFS:
        key = f"normalized_discounted_cumulative_gain_at_{k}"
        metrics[key] = _mean(amazon_ndcg_at_k(hits[asked], k))
    first, right = ranked[:, :_RECOMMENDED], hits[:, :_RECOMMENDED]
    recommended = np.bincount(first[first >= 0], minlength=n_actions)
    correct = np.bincount(first[right], minlength=n_actions)
    taken = np.bincount(truth.keys(n_actions) % n_actions, minlength=n_actions)
    metrics["precision"] = _mean(correct[recommended > 0] / recommended[recommended > 0])
    metrics["recall"] = _mean(correct[taken > 0] / taken[taken > 0])
    return {key: round(value, 4) for key, value in metrics.items()}


def _mean(values: NDArray[np.floating]) -> float:
    return float(values.mean()) if len(values) else 0.0
