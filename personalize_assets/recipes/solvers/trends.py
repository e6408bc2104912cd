"""Which items' numbers of events rise from one interval of time to the next.

Knows nothing of what intervals mean to a recipe.
"""

from typing import Final

import numpy as np

from personalize_assets.recipes.histories import FloatArray, IntArray, LongArray

_PRIOR: Final = 1.0
"""Events added to what a rise is measured against, so that one event alone is no great trend."""


def rises(
    items: IntArray, timestamps: LongArray, n_items: int, interval_s: int
) -> tuple[LongArray, LongArray]:
    """Count each item's events in the two intervals that end with the newest event.

    Args:
        items: Item index of each event; shape ``(n,)``.
        timestamps: Epoch seconds of each event; shape ``(n,)``.
        n_items: Size of the catalogue.
        interval_s: Length of an interval in seconds; an event exactly that much older than the
            newest one belongs to the earlier interval.

    Returns:
        Counts of the last interval and of the one before, each of shape ``(n_items,)``.
    """
    if not len(items):
        return np.zeros(n_items, np.int64), np.zeros(n_items, np.int64)
    age = (timestamps.max() - timestamps) // interval_s
    last = np.bincount(items[age == 0], minlength=n_items)
    before = np.bincount(items[age == 1], minlength=n_items)
    return last, before


def trend_strength(last: LongArray, before: LongArray) -> FloatArray:
    """How far a rise is beyond chance: the difference over its own deviation.

    Args:
        last: Counts of the last interval, shape ``(n_items,)``.
        before: Counts of the interval before, same shape.

    Returns:
        Shape ``(n_items,)``; 0 where nothing changed, negative where counts fall.

    >>> trend_strength(np.array([3, 8]), np.array([0, 8])).tolist()
    [1.5, 0.0]
    """
    return ((last - before) / np.sqrt(last + before + _PRIOR)).astype(np.float32)
