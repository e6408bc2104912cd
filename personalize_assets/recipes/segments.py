"""User segments: queries about items as sparse rows, and the best users of each in chunks.

Knows models by their protocol only, and nothing of how a query is written.
"""

# pyarrow.compute makes its functions when it is imported, where pyright cannot see them.
# pyright: reportAttributeAccessIssue=false

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from personalize_assets.recipes.base import BoolArray, FloatArray, IntArray, SegmentModel
from personalize_assets.recipes.ranking import best_columns
from personalize_assets.recipes.solvers.sparse_rows import sparse_rows

_CHUNK_CELLS = 4_000_000
"""Scores computed at a time, 4 bytes each."""


def item_queries(asked: Sequence[str], item_ids: pa.StringArray) -> sparse.csr_array:
    """What Item-Affinity is asked: one item a row.

    Args:
        asked: Item ids; the row of an unknown one is empty.
        item_ids: The model's catalogue.

    Returns:
        float32, shape ``(n, n_items)``.
    """
    found = pc.index_in(pa.array(asked, pa.string()), value_set=item_ids)
    item = np.asarray(found.fill_null(-1), dtype=np.int32)
    known = item >= 0
    indptr = np.concatenate(([0], np.cumsum(known)))
    return sparse_rows(np.ones(known.sum(), np.float32), item[known], indptr, len(item_ids))


def attribute_queries(masks: BoolArray) -> sparse.csr_array:
    """What Item-Attribute-Affinity is asked: all items that match, a row each.

    Args:
        masks: The items that match each query, shape ``(n, n_items)``.

    Returns:
        float32, same shape.
    """
    _, items = np.nonzero(masks)
    indptr = np.concatenate(([0], np.cumsum(masks.sum(axis=1))))
    return sparse_rows(np.ones(len(items), np.float32), items, indptr, masks.shape[1])


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
