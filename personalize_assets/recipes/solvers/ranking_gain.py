"""Which of two weightings of scores ranks better what people chose.

Likelihood and lists do not always agree: popularity makes choices likelier and can still push what
suits a user off the first places. Knows nothing of what the scores mean.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from personalize_assets.core.metrics import LONGEST_LIST, Truth
from personalize_assets.core.metrics.hits import mark_hits
from personalize_assets.core.metrics.ndcg import textbook_ndcg_at_k
from personalize_assets.recipes.histories import FloatArray, Histories
from personalize_assets.recipes.ranking import best_columns
from personalize_assets.recipes.solvers.mixing import Weights


def ranks_better(
    parts: Sequence[FloatArray], than: Weights, weights: Weights, given: Histories, truth: Histories
) -> bool:
    """Whether weights rank the choices better than others do, by more than a standard error.

    Compares the mean textbook NDCG of the first places, user by user.

    Args:
        parts: Scores of every item for every user; each of shape ``(n, n_items)``.
        than: The weights that stay if it is not sure; shape ``(n_parts,)``.
        weights: The weights in question.
        given: What the users knew, which is no answer.
        truth: What they chose; the same rows.
    """
    if not len(truth) or np.array_equal(than, weights):
        return False
    gain = _quality(parts, weights, given, truth) - _quality(parts, than, given, truth)
    return bool(gain.mean() > gain.std() / np.sqrt(len(gain)))


def _quality(
    parts: Sequence[FloatArray], weights: Weights, given: Histories, truth: Histories
) -> NDArray[np.float64]:
    """Textbook NDCG of each user."""
    scores = np.zeros_like(parts[0])
    for part, weight in zip(parts, weights, strict=True):
        scores += np.float32(weight) * part
    scores[given.rows, given.items] = -np.inf
    n_items = scores.shape[1]
    ranked = best_columns(scores, min(LONGEST_LIST, n_items)).astype(np.int32)
    held = Truth(truth.indptr, truth.items)
    hits = mark_hits(ranked, held, n_items)
    return textbook_ndcg_at_k(hits, held.counts(n_items), LONGEST_LIST)
