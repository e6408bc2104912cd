"""How often people come back to an item they know, and scores that say so."""

import numpy as np
from scipy import sparse

from personalize_assets.recipes.histories import FloatArray, Histories
from personalize_assets.recipes.solvers.queries import first_occurrences


def repeat_rate(histories: Histories, n_items: int) -> float:
    """Share of the events after each user's first that return to an item the user knows.

    Args:
        histories: The training users; equal events of one second already merged.
        n_items: Size of the catalogue.

    Returns:
        In [0, 1]; 0 where nobody has a second event.
    """
    later = len(histories.items) - int((histories.lengths > 0).sum())
    repeats = int((~first_occurrences(histories, n_items)).sum())
    return repeats / later if later else 0.0


def log_softmax(scores: FloatArray) -> FloatArray:
    """Logarithm of the softmax of each row, in place; rows of ``-inf`` stay so."""
    for row in scores:  # one at a time stays in the cache
        highest = row.max(initial=-np.inf)
        if np.isfinite(highest):
            shifted = row - highest
            row -= highest + np.log(np.exp(shifted, out=shifted).sum())
    return scores


def mix_repeats(scores: FloatArray, own: sparse.csr_array, rate: float) -> FloatArray:
    """Turn scores into log probabilities: ``1 - rate`` for new items, ``rate`` for known ones.

    Args:
        scores: Shape ``(n, n_items)``; overwritten.
        own: Weights of each user's known items, positive; they share ``rate`` in proportion.
        rate: Share of repeats; 0 takes known items out.

    Returns:
        Shape ``(n, n_items)``; ``-inf`` for known items where ``rate`` is 0.
    """
    rows = np.repeat(np.arange(own.shape[0]), np.diff(own.indptr))
    scores[rows, own.indices] = -np.inf
    scores = log_softmax(scores)
    if rate > 0 and own.nnz:
        known = np.diff(own.indptr) > 0
        left = np.float32(np.log1p(-rate) if rate < 1 else -np.inf)
        scores += np.where(known, left, np.float32(0))[:, None]
        total = np.asarray(own.sum(axis=1)).ravel()
        scores[rows, own.indices] = np.log(rate * own.data / total[rows])
    return scores
