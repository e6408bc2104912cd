"""How alike items are by their metadata, where each column counts as far as it tells neighbours.

The columns are weighed by Fisher's linear discriminant with a diagonal covariance (Fisher, 1936):
how much nearer pairs that the same users meet are than pairs by chance, over the variance. A
column that says nothing counts nothing. Knows nothing of users or of how neighbours are served.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from scipy import sparse

from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.histories import FloatArray, IntArray
from personalize_assets.recipes.item_columns import item_columns
from personalize_assets.recipes.ranking import best_columns
from personalize_assets.recipes.solvers.item_profiles import Metadata, make_profiles
from personalize_assets.recipes.solvers.sparse_rows import sparse_rows

_PAIRS: Final = 50_000
_BLOCK_CELLS: Final = 4_000_000
_SURE: Final = 1e-6


def likeness(
    data: TrainingData, together: sparse.csr_array, rng: np.random.Generator
) -> FloatArray:
    """Features of items whose products say how alike the items are.

    Args:
        data: Its categorical, numeric and textual columns of items take part.
        together: How often users met a row's item near a column's, shape ``(n_items, n_items)``.
        rng: Draws pairs to weigh the columns by.

    Returns:
        Shape ``(n_items, n_features)``, rows no longer than 1; without features where there are no
        metadata that tell anything.
    """
    blocks = _blocks(data, rng)
    weights = _discriminant(blocks, together, rng)
    scaled = [
        block * np.float32(np.sqrt(weight))
        for block, weight in zip(blocks, weights, strict=True)
        if weight > 0
    ]
    return np.concatenate([np.zeros((data.n_items, 0), np.float32), *scaled], axis=1)


def most_alike(
    features: FloatArray, targets: IntArray, count: int, least: float = _SURE
) -> sparse.csr_array:
    """The targets that are most like each item.

    Args:
        features: As ``likeness`` gives them.
        targets: Items that may be found; of equally alike ones the first are.
        count: How many are found of each item, fewer where fewer are alike.
        least: Products below this are none.

    Returns:
        Products from rows to columns, none of an item with itself; float32, shape
        ``(n_items, n_items)``.
    """
    n_items = len(features)
    if not features.shape[1] or not len(targets):
        return sparse_rows(
            np.zeros(0, np.float32), np.zeros(0, np.int32), np.zeros(n_items + 1, np.int64), n_items
        )
    found = features[targets].T
    height = max(1, _BLOCK_CELLS // len(targets))
    data, indices, counts = [], [], [np.zeros(1, np.int64)]
    for start in range(0, n_items, height):
        products = features[start : start + height] @ found
        own = np.flatnonzero((targets >= start) & (targets < start + len(products)))
        products[targets[own] - start, own] = 0
        size = min(count, len(targets))
        best = best_columns(products, size)
        values = np.take_along_axis(products, best, axis=1)
        kept = values > least
        data.append(values[kept])
        indices.append(targets[best[kept]])
        counts.append(kept.sum(axis=1))
    return sparse_rows(
        np.concatenate(data), np.concatenate(indices), np.cumsum(np.concatenate(counts)), n_items
    )


def _blocks(data: TrainingData, rng: np.random.Generator) -> list[FloatArray]:
    """Of each column a block of features, its rows of length 1 or 0."""
    metadata = Metadata(
        data.item_features,
        categorical=item_columns(data, "categorical"),
        textual=item_columns(data, "textual"),
        numeric=item_columns(data, "number"),
    )
    profiles = make_profiles(metadata, data.n_items, rng)
    return [_unit(profiles.features[:, each.start : each.stop]) for each in profiles.blocks]


def _unit(rows: FloatArray) -> FloatArray:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(length > 0, length, 1)).astype(np.float32)


def _discriminant(
    blocks: Sequence[FloatArray], together: sparse.csr_array, rng: np.random.Generator
) -> list[float]:
    """What each block counts; sums to 1, or is 0 of all."""
    if not blocks:
        return []
    if not together.nnz or not together.data.any():
        return [1 / len(blocks)] * len(blocks)
    cumulative = np.cumsum(together.data, dtype=np.float64)
    drawn = np.searchsorted(cumulative, rng.random(_PAIRS) * cumulative[-1])
    drawn = np.minimum(drawn, together.nnz - 1)
    left = np.searchsorted(together.indptr, drawn, side="right") - 1
    right: Any = together.indices[drawn]
    other = rng.permutation(right)
    worth = []
    for block in blocks:
        near = (block[left] * block[right]).sum(axis=1)
        chance = (block[left] * block[other]).sum(axis=1)
        spread = (near.var() + chance.var()) / 2
        worth.append(max(0.0, float((near.mean() - chance.mean()) / (spread + _SURE))))
    total = sum(worth)
    return [each / total if total > 0 else 0.0 for each in worth]
