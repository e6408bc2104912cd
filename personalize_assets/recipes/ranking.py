"""The best items of each history, in chunks that bound the memory.

Knows models by their protocol only.
"""

import numpy as np
from numpy.typing import NDArray

from personalize_assets.recipes.base import Scorer
from personalize_assets.recipes.histories import BoolArray, FloatArray, Histories, IntArray

_CHUNK_CELLS = 4_000_000
"""Scores computed at a time, 4 bytes each; models need a few arrays of this size."""

_LARGEST_GROUP = 64


def recommend(
    model: Scorer, histories: Histories, k: int, chunk: int | None = None
) -> tuple[IntArray, FloatArray]:
    """Rank the catalogue for every history.

    Args:
        model: Any model.
        histories: One row per query, as the model's ``score`` takes them.
        k: Length of the lists; at least 1.
        chunk: Queries scored at a time; None chooses by the size of the catalogue.

    Returns:
        Item indices, best first, int32, shape ``(n, k)``, -1 where nothing more may be served; and
        their shares of a softmax over the whole catalogue, float32, same shape, 0 beside -1.

    Raises:
        ValueError: ``k`` or ``chunk`` is not positive.
    """
    chunk = max(1, _CHUNK_CELLS // max(1, model.n_items)) if chunk is None else chunk
    if k < 1 or chunk < 1:
        raise ValueError(f"k and chunk must be at least 1, got {k} and {chunk}")
    items = np.full((len(histories), k), -1, dtype=np.int32)
    shares = np.zeros((len(histories), k), dtype=np.float32)
    for start in range(0, len(histories), chunk):
        stop = min(start + chunk, len(histories))
        top, share = _rank(model.score(histories.slice(start, stop)), k)
        items[start:stop, : top.shape[1]] = top
        shares[start:stop, : top.shape[1]] = share
    return items, shares


def _rank(scores: FloatArray, k: int) -> tuple[IntArray, FloatArray]:
    top = best_columns(scores, min(k, scores.shape[1]))
    best = np.take_along_axis(scores, top, axis=1)
    highest = best[:, :1]
    with np.errstate(invalid="ignore"):  # a row without any item to serve: -inf minus -inf
        shares = np.exp(best - highest) / _sums_of_powers(scores, highest)
    served = np.isfinite(best)
    return np.where(served, top, -1).astype(np.int32), np.where(served, shares, 0).astype(
        np.float32
    )


def _sums_of_powers(scores: FloatArray, highest: FloatArray) -> FloatArray:
    # One row at a time stays in the cache.
    row_of = np.empty(scores.shape[1], dtype=scores.dtype)
    return np.array(
        [
            [np.exp(np.subtract(row, most, out=row_of), out=row_of).sum()]
            for row, most in zip(scores, highest, strict=True)
        ],
        dtype=scores.dtype,
    ).reshape(-1, 1)


def best_columns(scores: FloatArray, k: int) -> NDArray[np.intp]:
    """The ``k`` best columns of each row; among equal ones the lower index comes first.

    Args:
        scores: Shape ``(n, n_columns)``.
        k: From 1 to the number of columns.

    Returns:
        Shape ``(n, k)``, best first.
    """
    # The k-th best of the maxima of groups bounds the k-th best score from below, and few groups
    # reach it. A partition of whole rows is ten times slower.
    n_rows, n_columns = scores.shape
    size = max(1, min(_LARGEST_GROUP, n_columns // (4 * k)))
    n_groups = n_columns // size
    # Every n_groups-th column makes a group, so that the maxima are taken of whole runs at a time.
    maxima = scores[:, : n_groups * size].reshape(n_rows, size, n_groups).max(axis=1)
    bound = np.partition(maxima, n_groups - k, axis=1)[:, n_groups - k]
    rows, columns = _at_least(scores, bound, maxima >= bound[:, None], size)
    order = np.lexsort((columns, -scores[rows, columns], rows))
    counts = np.bincount(rows, minlength=n_rows)
    rank = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    return columns[order][rank < k].reshape(n_rows, k)


def _at_least(
    scores: FloatArray, bound: FloatArray, reaching: BoolArray, size: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where rows reach their bounds, looked for in groups that do and in ungrouped columns."""
    (n_rows, n_columns), n_groups = scores.shape, reaching.shape[1]
    rows, groups = np.nonzero(reaching)
    if 4 * len(rows) > reaching.size:  # many equal scores: looking everywhere costs less
        rows, columns = np.nonzero(scores >= bound[:, None])
        return rows, columns
    ungrouped = np.arange(n_groups * size, n_columns)
    columns = (groups[:, None] + np.arange(size) * n_groups).ravel()
    columns = np.concatenate((columns, np.tile(ungrouped, n_rows)))
    rows = np.concatenate((np.repeat(rows, size), np.repeat(np.arange(n_rows), len(ungrouped))))
    reached = scores[rows, columns] >= bound[rows]
    return rows[reached], columns[reached]
