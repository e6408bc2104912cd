"""The metrics of a solution version under the names that Amazon Personalize gives them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from personalize_assets.core.metrics.coverage import coverage
from personalize_assets.core.metrics.hits import Truth, mark_hits
from personalize_assets.core.metrics.ndcg import amazon_ndcg_at_k, textbook_ndcg_at_k
from personalize_assets.core.metrics.precision import precision_at_k
from personalize_assets.core.metrics.reciprocal_rank import reciprocal_rank_at_k

LONGEST_LIST: Final = 25
"""How many ranks the metrics look at."""

CUTOFFS: Final = (5, 10, 25)
"""Lengths of lists that NDCG and precision are told of."""


def evaluate(ranked: NDArray[np.int32], truth: Truth, n_catalogue: int) -> dict[str, float]:
    """Average Amazon's metrics over users.

    Args:
        ranked: Item indices, best first, shape ``(n_users, at least 25)``; -1 pads short lists.
        truth: Held-out items of the same users.
        n_catalogue: Number of distinct items of the Interactions and Items datasets.

    Returns:
        Amazon's keys, values in [0, 1] rounded to 4 decimals; 0 where there is no user.
    """
    hits = mark_hits(ranked, truth, n_catalogue)
    metrics = {
        "coverage": coverage(ranked[:, :LONGEST_LIST], n_catalogue),
        "mean_reciprocal_rank_at_25": _mean(reciprocal_rank_at_k(hits, LONGEST_LIST)),
    }
    for k in CUTOFFS:
        key = f"normalized_discounted_cumulative_gain_at_{k}"
        metrics[key] = _mean(amazon_ndcg_at_k(hits, k))
    for k in CUTOFFS:
        metrics[f"precision_at_{k}"] = _mean(precision_at_k(hits, k))
    return {key: round(value, 4) for key, value in metrics.items()}


def evaluate_textbook(
    ranked: NDArray[np.int32], truth: Truth, n_catalogue: int
) -> dict[str, float]:
    """Average the textbook's NDCG over users; arguments as in ``evaluate``.

    Returns:
        ``textbook_ndcg_at_5``, ``_10`` and ``_25``, in [0, 1], rounded to 4 decimals.
    """
    hits = mark_hits(ranked, truth, n_catalogue)
    relevant = truth.counts(n_catalogue)
    return {
        f"textbook_ndcg_at_{k}": round(_mean(textbook_ndcg_at_k(hits, relevant, k)), 4)
        for k in CUTOFFS
    }


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else 0.0
