"""A truncated singular value decomposition of a sparse matrix, by random projection.

After Halko, Martinsson and Tropp (2011). Knows nothing of users or items.
"""

from typing import Final

import numpy as np
from scipy import sparse

from personalize_assets.recipes.histories import FloatArray

_SPARE: Final = 10
"""More directions than asked for are followed, which makes the last ones exact."""


def truncated_svd(
    matrix: sparse.csr_array, rank: int, rng: np.random.Generator, *, rounds: int = 3
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The strongest directions of a matrix.

    Args:
        matrix: Shape ``(m, n)``.
        rank: How many directions; fewer are returned where the matrix has no more.
        rng: Draws the first guess.
        rounds: Power iterations.

    Returns:
        ``left`` of shape ``(m, r)``, singular values of shape ``(r,)``, the largest first, and
        ``right`` of shape ``(r, n)``, all float32; ``left * values @ right`` is nearly the matrix.
    """
    rank = min(rank, *matrix.shape)
    width = min(rank + _SPARE, *matrix.shape)
    transposed = matrix.T.tocsr()
    basis = matrix @ rng.standard_normal((matrix.shape[1], width), np.float32)
    for _ in range(rounds):
        basis = matrix @ np.linalg.qr(transposed @ np.linalg.qr(basis)[0])[0]
    basis = np.linalg.qr(basis)[0]
    inner, values, right = np.linalg.svd((transposed @ basis).T, full_matrices=False)
    left = basis @ inner
    return (
        left[:, :rank].astype(np.float32),
        values[:rank].astype(np.float32),
        right[:rank].astype(np.float32),
    )
