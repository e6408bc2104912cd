"""Categories of items as sparse rows: who shares rare ones is alike.

Knows nothing of which columns hold categories.
"""

# pyarrow.compute makes its functions when it is imported, where pyright cannot see them.
# pyright: reportAttributeAccessIssue=false, reportReturnType=false

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from personalize_assets.recipes.histories import FloatArray
from personalize_assets.recipes.solvers.factorization import truncated_svd
from personalize_assets.recipes.solvers.sparse_rows import sparse_rows
from personalize_assets.recipes.solvers.weighting import unit_rows, weigh_by_rarity


def category_matrix(table: pa.Table, columns: Sequence[str]) -> sparse.csr_array:
    """Rows of length 1 whose products are the cosines between items' categories.

    Args:
        table: One row per item.
        columns: String columns; several categories of one value are joined by ``|``. A category
            counts more the fewer items have it; one that all items have counts nothing.

    Returns:
        float32, shape ``(n_items, n_categories)``; an item without categories has an empty row.
    """
    blocks = [_one_hot(table[column].combine_chunks().cast(pa.string())) for column in columns]
    if not blocks:
        return sparse.csr_array((len(table), 0), dtype=np.float32)
    stacked = sparse.hstack(blocks, format="csr", dtype=np.float32)
    return unit_rows(weigh_by_rarity(stacked))


def compact(matrix: sparse.csr_array, most: int, rng: np.random.Generator) -> FloatArray:
    """Dense rows of a bounded length, whose products are those of the given rows or near them.

    Args:
        matrix: Shape ``(n, m)``.
        most: How long rows may be; wider matrices keep their strongest directions.
        rng: For the directions.

    Returns:
        Shape ``(n, min(m, most))``.
    """
    if matrix.shape[1] <= most:
        return matrix.toarray()
    left, strengths, _ = truncated_svd(matrix, most, rng)
    return left * strengths


def _one_hot(column: pa.StringArray) -> sparse.csr_array:
    split = pc.split_pattern(column, "|")
    row = np.asarray(pc.list_parent_indices(split))
    values = pc.utf8_trim_whitespace(pc.list_flatten(split))
    named = np.asarray(pc.not_equal(values, ""))
    encoded = values.dictionary_encode()
    indices = np.asarray(encoded.indices)[named]
    counts = np.bincount(row[named], minlength=len(column))
    indptr = np.concatenate(([0], np.cumsum(counts)))
    ones = np.ones(len(indices), dtype=np.float32)
    matrix = sparse_rows(ones, indices, indptr, len(encoded.dictionary))
    matrix.sum_duplicates()
    matrix.data[:] = 1  # a category named twice is no more than one
    return matrix
