"""Histories as sparse rows over the catalogue: what was seen, and how much each event weighs.

Knows nothing of any model.
"""

import numpy as np
from scipy import sparse

from personalize_assets.recipes.histories import (
    BoolArray,
    FloatArray,
    Histories,
    IntArray,
    LongArray,
)
from personalize_assets.recipes.solvers.sparse_rows import sparse_rows

_DEEPEST = 60.0
"""Weights fall no further than ``exp(-60)``, so that none becomes 0 in 32 bits."""

_SCRATCH_CELLS = 50_000_000
"""Cells of users by items up to which scratch memory of 4 bytes each replaces sorting."""


def first_occurrences(histories: Histories, n_items: int) -> BoolArray:
    """Mark each event whose item the user had not met before; shape ``(n_events,)``."""
    return _last_of_equals(_cells(histories, n_items)[::-1], len(histories) * n_items)[::-1]


def last_occurrences(histories: Histories, n_items: int) -> BoolArray:
    """Mark each event whose item the user did not meet again; shape ``(n_events,)``."""
    return _last_of_equals(_cells(histories, n_items), len(histories) * n_items)


def _cells(histories: Histories, n_items: int) -> LongArray:
    return histories.rows.astype(np.int64) * n_items + histories.items


def _last_of_equals(cells: LongArray, n_cells: int) -> BoolArray:
    """Mark the last of equal cells; each is from 0 up to ``n_cells``."""
    places = np.arange(len(cells), dtype=np.int32)
    if n_cells <= _SCRATCH_CELLS:
        # Written in order, the last one stays; only what was written is read.
        scratch = np.empty(n_cells, dtype=np.int32)
        scratch[cells] = places
        return scratch[cells] == places
    last = np.zeros(len(cells), dtype=np.bool_)
    last[len(cells) - 1 - np.unique(cells[::-1], return_index=True)[1]] = True
    return last


def seen_matrix(histories: Histories, n_items: int) -> sparse.csr_array:
    """Ones where a user met an item; float32, shape ``(n_users, n_items)``."""
    return weighted_matrix(histories.where(first_occurrences(histories, n_items)), n_items, None)


def recent_matrix(
    histories: Histories, n_items: int, *, decay: float | None, limit: int
) -> sparse.csr_array:
    """The newest distinct items of each user, weighted by how new they are.

    Args:
        histories: Any users.
        n_items: Size of the catalogue.
        decay: The item at position p from the end (0 is the newest) weighs ``exp(-p / decay)``;
            None weighs all alike.
        limit: How many distinct items of a user take part.

    Returns:
        float32, shape ``(n_users, n_items)``.
    """
    distinct = histories.where(last_occurrences(histories, n_items)).last(limit)
    return weighted_matrix(distinct, n_items, decay)


def weighted_matrix(histories: Histories, n_items: int, decay: float | None) -> sparse.csr_array:
    """Every event at its item, weighted by its position from the end; events of one item add up.

    Args:
        histories: Any users.
        n_items: Size of the catalogue.
        decay: As in ``recent_matrix``.

    Returns:
        float32, shape ``(n_users, n_items)``.
    """
    ends = np.repeat(histories.indptr[1:], histories.lengths)
    weights = fading(ends - 1 - np.arange(len(histories.items)), decay)
    # Copies, because summing duplicates changes the arrays in place.
    matrix = sparse_rows(weights, histories.items.copy(), histories.indptr.copy(), n_items)
    matrix.sum_duplicates()
    return matrix


def fading(position: LongArray, decay: float | None) -> FloatArray:
    """Weights of events by their position from the end, shape ``(n,)``.

    Args:
        position: 0 is the newest.
        decay: As in ``recent_matrix``.
    """
    if decay is None:
        return np.ones(len(position), dtype=np.float32)
    return np.exp(-np.minimum(position / decay, _DEEPEST)).astype(np.float32)


def last_items(histories: Histories) -> IntArray:
    """The newest item of each user, -1 where there is none; shape ``(n_users,)``."""
    last = np.full(len(histories), -1, dtype=np.int32)
    some = histories.lengths > 0
    last[some] = histories.items[histories.indptr[1:][some] - 1]
    return last
