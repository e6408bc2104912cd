"""The products that scores are made of, for one history at a time: what an answer in real time is.

The same numbers as the products of sparse matrices give, but for rounding, in a fraction of the
time: some dozen items need no whole matrices, and making sparse ones takes longer than their
product. Knows nothing of any model.
"""

from itertools import islice
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg.blas import saxpy

from personalize_assets.recipes.histories import FloatArray, IntArray
from personalize_assets.recipes.solvers.queries import fading

_MAX_BYTES: Final = 64 * 2**20
"""For the worked-out rows of one product."""

_ONE: Final = np.ones(1, dtype=np.float32)

Index = NDArray[np.intp]


def newest_items(items: IntArray, *, decay: float | None, limit: int) -> tuple[Index, FloatArray]:
    """The newest distinct items of one history, newest first, and how much each weighs.

    Args:
        items: Oldest first.
        decay: As `recent_matrix` takes it.
        limit: How many take part.
    """
    newest = np.array(list(islice(dict.fromkeys(reversed(items.tolist())), limit)), dtype=np.intp)
    return newest, fading(np.arange(len(newest)), decay)


def sum_rows(matrix: sparse.csr_array, rows: Index, weights: FloatArray) -> FloatArray:
    """The weighted sum of some rows of a sparse matrix, shape ``(n_columns,)``."""
    indices, values = _entries(matrix, rows, weights)
    return np.bincount(indices, values, matrix.shape[1]).astype(np.float32)


class FactoredRows:
    """Weighted sums of rows of ``left @ right``, where ``left`` is sparse and ``right`` is dense.

    A row of the product whose row in ``left`` is long is worked out once and kept; the others take
    few rows of ``right``. For use by several threads at once, which may do the same work twice.

    Args:
        left: Shape ``(n, r)``.
        right: float32, by rows, shape ``(r, m)``.
        max_bytes: For the rows that are kept.
    """

    def __init__(
        self, left: sparse.csr_array, right: FloatArray, max_bytes: int = _MAX_BYTES
    ) -> None:
        self._left = left
        self._right = right
        n_kept = min(left.shape[0], max_bytes // max(1, 4 * right.shape[1]))
        longest = np.argsort(-np.diff(left.indptr), kind="stable")[:n_kept]
        self._slots: Index = np.full(left.shape[0], -1, dtype=np.intp)
        self._slots[longest] = np.arange(n_kept)
        self._rows: NDArray[Any] = np.empty((n_kept, right.shape[1]), dtype=np.float32)
        self._made = np.zeros(n_kept, dtype=np.bool_)

    def sum(self, rows: Index, weights: FloatArray) -> FloatArray:
        """The weighted sum of some rows of the product, shape ``(m,)``."""
        slots = self._slots[rows]
        kept = slots >= 0
        self._make(rows[kept], slots[kept])
        total = np.zeros(self._right.shape[1], dtype=np.float32)
        _add_rows(total, self._rows, slots[kept], weights[kept])
        if not kept.all():
            _add_rows(total, self._right, *_entries(self._left, rows[~kept], weights[~kept]))
        return total

    def _make(self, rows: Index, slots: Index) -> None:
        missing = ~self._made[slots]
        if not missing.any():
            return
        rows, slots = rows[missing], slots[missing]
        if (self._left.indptr[rows + 1] - self._left.indptr[rows]).sum() > len(self._right):
            self._rows[slots] = self._left[rows].toarray() @ self._right
        else:  # less work than to go through all of ``right``
            for row, slot in zip(rows, slots, strict=True):
                made = np.zeros(self._right.shape[1], dtype=np.float32)
                _add_rows(made, self._right, *_entries(self._left, row[None], _ONE))
                self._rows[slot] = made
        self._made[slots] = True


def _add_rows(
    total: FloatArray, matrix: FloatArray, rows: NDArray[Any], weights: FloatArray
) -> None:
    """Add weighted rows of a dense matrix one by one: copies of them would take longer."""
    for row, weight in zip(rows.tolist(), weights.tolist(), strict=True):
        saxpy(matrix[row], total, a=weight)


def _entries(
    matrix: sparse.csr_array, rows: Index, weights: FloatArray
) -> tuple[NDArray[Any], FloatArray]:
    """Columns and weighted values of all entries of some rows; a column may come more than once."""
    starts, stops = matrix.indptr[rows].tolist(), matrix.indptr[rows + 1].tolist()
    places = [slice(start, stop) for start, stop in zip(starts, stops, strict=True)]
    if not places:
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.float32)
    values = np.concatenate([matrix.data[place] for place in places])
    values *= np.repeat(weights, matrix.indptr[rows + 1] - matrix.indptr[rows])
    return np.concatenate([matrix.indices[place] for place in places]), values
