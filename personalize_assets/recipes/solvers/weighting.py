"""Weights of sparse features: rare ones say more, and rows of one length compare by cosine.

Knows nothing of what the features are.
"""

import numpy as np
from scipy import sparse

from personalize_assets.recipes.histories import FloatArray


def rarity(matrix: sparse.csr_array) -> FloatArray:
    """How much each column tells: the logarithm of rows over rows that have it.

    Args:
        matrix: Shape ``(m, n)``, without stored zeros or duplicates.

    Returns:
        Shape ``(n,)``; 0 for columns that every row has, or none.
    """
    n_rows, n_columns = matrix.shape
    having = np.bincount(matrix.indices, minlength=n_columns)
    return np.log(n_rows / np.maximum(having, 1) * (having > 0) + (having == 0)).astype(np.float32)


def weigh_by_rarity(matrix: sparse.csr_array) -> sparse.csr_array:
    """Multiply each column by its rarity, in place; see ``rarity``."""
    matrix.data *= rarity(matrix)[matrix.indices]
    matrix.eliminate_zeros()
    return matrix


def unit_rows(matrix: sparse.csr_array) -> sparse.csr_array:
    """Scale each row to length 1, in place; empty rows stay so."""
    squares = np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel()
    length = np.sqrt(np.where(squares > 0, squares, 1)).astype(np.float32)
    matrix.data /= np.repeat(length, np.diff(matrix.indptr))
    return matrix
