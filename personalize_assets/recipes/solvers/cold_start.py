"""The answers for those of whom nothing is known: popular items, or what users begin with."""

import numpy as np

from personalize_assets.recipes.histories import FloatArray, Histories

_FIRST_EVENTS = 10
_NEWEST_SHARE = 0.1
_PRIOR = 0.5


def log_popularity(histories: Histories, n_items: int) -> FloatArray:
    """Logarithm of each item's share of the events; items without any come last.

    Args:
        histories: The training users.
        n_items: Size of the catalogue.

    Returns:
        Shape ``(n_items,)``.
    """
    counts = np.bincount(histories.items, minlength=n_items) + _PRIOR
    return np.log(counts / counts.sum()).astype(np.float32)


def log_beginnings(histories: Histories, n_items: int, *, recent: bool) -> FloatArray:
    """Logarithm of the mean of two shares: of what users begin with, and of what is popular.

    Args:
        histories: The training users.
        n_items: Size of the catalogue.
        recent: Popular is what the newest tenth of all events says; otherwise what all say.

    Returns:
        Shape ``(n_items,)``.
    """
    position = np.arange(len(histories.items)) - np.repeat(histories.indptr[:-1], histories.lengths)
    begun = histories.items[position < _FIRST_EVENTS]
    popular = histories.items
    if recent and len(popular):
        popular = popular[
            histories.timestamps >= np.quantile(histories.timestamps, 1 - _NEWEST_SHARE)
        ]
    shares = np.exp(log_popularity(histories, n_items), dtype=np.float64) * 1e-3
    for items in (begun, popular):
        shares += np.bincount(items, minlength=n_items) / max(1, len(items))
    return np.log(shares / shares.sum()).astype(np.float32)
