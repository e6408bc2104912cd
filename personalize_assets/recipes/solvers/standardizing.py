"""Rows of scores brought to one scale, without writing to them more often than needed.

What a row has in common is left alone: a softmax does not see it. Knows nothing of what the scores
mean.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from personalize_assets.recipes.histories import BoolArray, FloatArray

_LEAST: Final = 1e-12


def deviations(scores: FloatArray, n_columns: int) -> NDArray[np.float64]:
    """Standard deviation of each row, shape ``(n,)``.

    Args:
        scores: Shape ``(n, m)``.
        n_columns: Columns of the row, at least ``m``; those that ``scores`` lacks are 0.
    """
    # One row at a time stays in the cache.
    sums = np.array([row.sum() for row in scores], dtype=np.float64)
    squares = np.array([np.dot(row, row) for row in scores], dtype=np.float64)
    return np.sqrt(np.maximum(squares / n_columns - (sums / n_columns) ** 2, 0))


def scale_rows(scores: FloatArray, weight: float, n_columns: int) -> BoolArray:
    """Give each row the standard deviation ``weight``, in place; rows of deviation 0 become 0.

    Args:
        scores: Shape ``(n, m)``.
        weight: The same for all rows.
        n_columns: As ``deviations`` takes it.

    Returns:
        Which rows have a deviation above 0, shape ``(n,)``.
    """
    spread = deviations(scores, n_columns)
    varies = spread > _LEAST
    factors = np.where(varies, weight / np.where(varies, spread, 1), 0).astype(np.float32)
    for row, factor in zip(scores, factors, strict=True):
        row *= factor
    return varies


def standardize(scores: FloatArray) -> FloatArray:
    """Give each row mean 0 and deviation 1, in place; constant rows become 0."""
    for row in scores:
        row -= row.mean()
    scale_rows(scores, 1.0, scores.shape[1])
    return scores
