"""The best users of each query, in chunks that bound the memory.

Knows models by their protocol only, and nothing of how a query is written.
"""

import numpy as np
from scipy import sparse

from personalize_assets.recipes.base import SegmentModel
from personalize_assets.recipes.histories import FloatArray, IntArray
from personalize_assets.recipes.ranking import best_columns

_CHUNK_CELLS = 4_000_000
"""Scores computed at a time, 4 bytes each."""


def best_users(
    model: SegmentModel, weights: sparse.csr_array, k: int, chunk: int | None = None
) -> tuple[IntArray, FloatArray]:
    """The users who will most likely interact, best first.

    Args:
        model: Any segment model.
        weights: One row per query, as ``score_users`` takes them.
        k: Size of the segments; at least 1. There are no more users in them than the model knows.
        chunk: Queries scored at a time; None chooses by the number of users.

    Returns:
        User indices, int32, and their scores, float32; both of shape ``(n, min(k, n_users))``.

    Raises:
        ValueError: ``k`` or ``chunk`` is not positive.
    """
    chunk = max(1, _CHUNK_CELLS // max(1, model.n_users)) if chunk is None else chunk
    if k < 1 or chunk < 1:
        raise ValueError(f"k and chunk must be at least 1, got {k} and {chunk}")
    k = min(k, model.n_users)
    n_queries = weights.shape[0]
    users = np.zeros((n_queries, k), dtype=np.int32)
    best = np.zeros((n_queries, k), dtype=np.float32)
    for start in range(0, n_queries, chunk):
        scores = model.score_users(weights[start : start + chunk])
        top = best_columns(scores, k)
        users[start : start + chunk] = top
        best[start : start + chunk] = np.take_along_axis(scores, top, axis=1)
    return users, best
