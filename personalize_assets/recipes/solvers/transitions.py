"""Which item follows which within a window of a history, counted with decay and pruned.

Counts block by block of items, so that memory holds one block's pairs and the pruned result only.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from personalize_assets.recipes.histories import FloatArray, Histories, IntArray, LongArray
from personalize_assets.recipes.solvers.half_precision import round_to_half
from personalize_assets.recipes.solvers.queries import first_occurrences
from personalize_assets.recipes.solvers.sparse_rows import sparse_rows

_MAX_PAIRS = 16_000_000
"""Pairs of one block: some 300 MB while they are counted."""


@dataclass(frozen=True)
class TransitionOptions:
    """How transitions are counted.

    Attributes:
        window: Largest distance between two events of a history that counts.
        decay: A pair at distance g counts ``exp(-(g - 1) / decay)``.
        source_discount: Counts are divided by the source's popularity to this power.
        target_discount: Counts are divided by the target's popularity to this power.
        prior_percentile: The popularity that this share of items does not exceed is added to that
            of each before it discounts, so that rare items do not win by chance; 0 adds nothing.
        both_directions: Whether an item also leads to those before it.
        before: What an item that came before counts in that case, beside 1 of one that came after.
        min_users: Pairs of fewer users within the window are rare.
        rare_share: What rare pairs keep of their weights; 0 drops them.
        max_neighbours: Most targets that are kept of one source, the strongest.
    """

    window: int = 40
    decay: float = 20.0
    source_discount: float = 0.3
    target_discount: float = 0.3
    prior_percentile: float = 0.0
    both_directions: bool = False
    before: float = 1.0
    min_users: int = 0
    rare_share: float = 0.0
    max_neighbours: int = 250


def fit_transitions(
    histories: Histories, n_items: int, options: TransitionOptions
) -> sparse.csr_array:
    """Count transitions, discount popular items and keep the strongest of each item.

    A user counts for a pair once at most: repeats are collapsed to an item's first occurrence.

    Args:
        histories: The training users.
        n_items: Size of the catalogue.
        options: How to count.

    Returns:
        Weights from source rows to target columns; float32, shape ``(n_items, n_items)``.
    """
    distinct = histories.where(first_occurrences(histories, n_items))
    popularity = _popularity(distinct, n_items, options.prior_percentile)
    target_scale = popularity**-options.target_discount
    source_scale = popularity**-options.source_discount
    events = _EventsByItem.of(distinct, n_items, options)
    blocks = []
    for start, stop in events.blocks():
        block = events.count(start, stop)
        scaled = block.data * target_scale[block.indices]
        scaled *= np.repeat(source_scale[start:stop], np.diff(block.indptr))
        blocks.append(keep_strongest(block, scaled, options.max_neighbours))
    weights = sparse.vstack(blocks, format="csr", dtype=np.float32)
    round_to_half(weights.data)
    return weights


def _popularity(histories: Histories, n_items: int, percentile: float) -> FloatArray:
    counts = np.bincount(histories.items, minlength=n_items)
    popularity = np.maximum(counts, 1).astype(np.float32)
    if percentile > 0 and counts.any():
        popularity += np.float32(np.quantile(counts[counts > 0], percentile, method="higher"))
    return popularity


@dataclass(frozen=True)
class _EventsByItem:
    """Events sorted by item, each with the bounds of its window in its user's history."""

    items: IntArray  # of all events, in the order of histories
    position: LongArray  # of events sorted by item
    low: LongArray
    high: LongArray
    indptr: LongArray  # rows are items
    weights: FloatArray  # by distance, those before first; an event's own is in the middle
    min_users: int
    rare_share: float

    @classmethod
    def of(cls, histories: Histories, n_items: int, options: TransitionOptions) -> "_EventsByItem":
        position = np.argsort(histories.items, kind="stable")
        ends = np.repeat(histories.indptr[1:], histories.lengths)[position]
        low = position + 1
        if options.both_directions:
            starts = np.repeat(histories.indptr[:-1], histories.lengths)[position]
            low = np.maximum(starts, position - options.window)
        after = np.exp(-np.arange(options.window) / options.decay)
        # An event is no neighbour of itself.
        weights = np.concatenate((options.before * after[::-1], [0], after)).astype(np.float32)
        counts = np.bincount(histories.items, minlength=n_items)
        return cls(
            items=histories.items,
            position=position,
            low=low,
            high=np.minimum(ends, position + options.window + 1),
            indptr=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
            weights=weights,
            min_users=options.min_users,
            rare_share=options.rare_share,
        )

    @property
    def n_items(self) -> int:
        return len(self.indptr) - 1

    def blocks(self) -> Iterator[tuple[int, int]]:
        """Ranges of items with at most ``_MAX_PAIRS`` pairs, or of one item with more."""
        pairs = np.concatenate(([0], np.cumsum(self.high - self.low)))[self.indptr]
        start = 0
        while start < self.n_items:
            stop = int(np.searchsorted(pairs, pairs[start] + _MAX_PAIRS, side="right")) - 1
            stop = min(max(stop, start + 1), self.n_items)
            yield start, stop
            start = stop

    def count(self, start: int, stop: int) -> sparse.csr_array:
        """Weights from the items of a block to all items; shape ``(stop - start, n_items)``."""
        low, high = int(self.indptr[start]), int(self.indptr[stop])
        total: Any = sparse.csr_array((stop - start, self.n_items), dtype=np.float32)
        users = total
        step = max(1, _MAX_PAIRS // len(self.weights))
        for piece in range(low, high, step):
            end = min(piece + step, high)
            rows = np.clip(self.indptr[start : stop + 1], piece, end) - piece
            ones = np.ones(end - piece, dtype=np.float32)
            collect = sparse_rows(ones, np.arange(end - piece), rows, end - piece)
            neighbours = self._neighbours(piece, end)
            total = total + collect @ neighbours
            if self.min_users > 1:
                neighbours.data = (neighbours.data > 0).astype(np.float32)
                users = users + collect @ neighbours
        if self.min_users > 1:
            enough = users.data >= self.min_users
            users.data = np.where(enough, np.float32(1), np.float32(self.rare_share))
            total = total.multiply(users).tocsr()
        total.eliminate_zeros()
        return total

    def _neighbours(self, start: int, stop: int) -> sparse.csr_array:
        """The weighted neighbours of events ``start`` to ``stop`` in the order by item."""
        low, position = self.low[start:stop], self.position[start:stop]
        sizes = self.high[start:stop] - low
        indptr = np.concatenate(([0], np.cumsum(sizes)))
        index = np.arange(indptr[-1]) + np.repeat(low - indptr[:-1], sizes)
        distance = index - np.repeat(position, sizes)
        weights = self.weights[distance + len(self.weights) // 2]
        return sparse_rows(weights, self.items[index], indptr, self.n_items)


def keep_strongest(
    block: sparse.csr_array, values: NDArray[np.float32], limit: int
) -> sparse.csr_array:
    """The rows with only their highest values.

    Args:
        block: Tells the columns; shape ``(n, m)``.
        values: What stands in its place, one per entry of ``block``.
        limit: Most entries that a row keeps.
    """
    keep = np.ones(len(values), dtype=np.bool_)
    for row in np.flatnonzero(np.diff(block.indptr) > limit):
        low, high = block.indptr[row], block.indptr[row + 1]
        weakest = np.argpartition(values[low:high], high - low - limit)[: high - low - limit]
        keep[low + weakest] = False
    kept = np.concatenate(([0], np.cumsum(keep)))
    return sparse_rows(values[keep], block.indices[keep], kept[block.indptr], block.shape[1])
