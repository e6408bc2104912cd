"""Sparse rows with 32-bit indices wherever these suffice: half the memory of scipy's choice."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from personalize_assets.recipes.base import FloatArray

_LARGEST = np.iinfo(np.int32).max


def sparse_rows(
    data: FloatArray,
    indices: NDArray[np.integer[Any]],
    indptr: NDArray[np.integer[Any]],
    n_columns: int,
) -> sparse.csr_array:
    """A matrix of these values, sharing memory with them where the types allow.

    Args:
        data: Values, shape ``(n,)``.
        indices: Column of each value, shape ``(n,)``.
        indptr: Row pointers, shape ``(n_rows + 1,)``.
        n_columns: Number of columns.
    """
    # scipy takes 64 bits for both as soon as one of them has 64.
    small = max(len(data), n_columns) <= _LARGEST
    kind = np.int32 if small else np.int64
    return sparse.csr_array(
        (data, indices.astype(kind, copy=False), indptr.astype(kind, copy=False)),
        shape=(len(indptr) - 1, n_columns),
    )
