"""The scores of a whole catalogue for one question, and the best of them under restrictions.

What most answers need, the first places of the order, is sorted once and kept, so that asking again
costs little. Knows neither models nor where scores come from.
"""

from collections.abc import Set as AbstractSet
from functools import cached_property
from typing import Final

import numpy as np

from personalize_assets.recipes.histories import BoolArray, FloatArray, LongArray

KEPT_PLACES: Final = 1_000
"""Places that are sorted in advance; twice what a request may ask for."""

_LARGEST_GROUP: Final = 64


class Scores:
    """Scores by catalogue index.

    Args:
        values: Shape ``(n,)``; ``-inf`` is never served.
        kept: Places that are sorted in advance; fewer where there will be one answer only.
    """

    def __init__(self, values: FloatArray, kept: int = KEPT_PLACES) -> None:
        self.values = values
        self._kept = min(kept, len(values))
        self._top = top_of(values, self._kept)

    def best(
        self, count: int, allowed: BoolArray | None = None, without: AbstractSet[int] = frozenset()
    ) -> LongArray:
        """The best items, best first; among equal ones the lower index.

        Args:
            count: At most so many.
            allowed: Which may be served, shape ``(m,)`` with ``m >= n``; None for all.
            without: Indices that are left out.
        """
        found = self._top if allowed is None else self._top[allowed[self._top]]
        if without:
            # Of so many places at least ``count`` are left.
            first = found[: count + len(without)].tolist()
            found = np.array([at for at in first if at not in without], dtype=np.int64)
        if len(found) >= count or len(self._top) < self._kept:
            return found[:count]  # a short top holds all that may be served
        left = self.values.copy()
        if allowed is not None:
            left[~allowed[: len(left)]] = -np.inf
        left[[index for index in without if index < len(left)]] = -np.inf
        return top_of(left, min(count, len(left)))

    def shares(self, index: LongArray) -> list[float]:
        """Shares of a softmax over the catalogue at some indices; 0 for what is never served."""
        highest, total = self._softmax
        shares: list[float] = (np.exp(self.values[index] - np.float32(highest)) / total).tolist()
        return shares

    @cached_property
    def _softmax(self) -> tuple[float, float]:
        """The highest score, and the sum of the exponentials of the distances to it."""
        if not len(self._top):
            return 0.0, 1.0
        highest = float(self.values[self._top[0]])
        return highest, float(np.exp(self.values - np.float32(highest)).sum())


def top_of(values: FloatArray, count: int) -> LongArray:
    """Indices of the highest finite values, highest first; among equal ones the lower index.

    Args:
        values: Shape ``(n,)``.
        count: At most so many, and at most ``n``.
    """
    if count < 1:
        return np.zeros(0, dtype=np.int64)
    # As in ``best_columns``: a partition of all values is slow where many are equal.
    size = max(1, min(_LARGEST_GROUP, len(values) // (4 * count)))
    n_groups = len(values) // size
    if count < n_groups:
        maxima = values[: n_groups * size].reshape(size, n_groups).max(axis=0)
        found = np.flatnonzero(values >= np.partition(maxima, n_groups - count)[n_groups - count])
    else:
        found = np.arange(len(values))
    found = found[np.isfinite(values[found])]
    return found[np.argsort(-values[found], kind="stable")][:count]
