"""The temperature at which a softmax of scores tells how likely the next items are."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from personalize_assets.recipes.base import FloatArray, IntArray

_TEMPERATURES: Final = np.geomspace(0.25, 16.0, 37)


def best_temperature(scores: FloatArray, rows: IntArray, items: IntArray) -> float:
    """Choose the temperature under which the items that came next were most likely.

    Args:
        scores: Shape ``(n, n_items)``; ``-inf`` is never served.
        rows: Row of each item that came next.
        items: That item. One that is never served tells nothing.

    Returns:
        The best of a fixed grid; 1 where there is nothing to learn from.
    """
    target = scores[rows, items]
    useful = np.isfinite(target)
    if not useful.any():
        return 1.0
    highest = scores.max(axis=1, keepdims=True)
    scores, target, rows = scores - highest, (target - highest[rows, 0])[useful], rows[useful]
    losses = [_loss(scores, target, rows, temperature) for temperature in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(losses))])


def _loss(
    scores: FloatArray, target: FloatArray, rows: IntArray, temperature: float
) -> NDArray[np.float64]:
    total = np.exp(scores / np.float32(temperature)).sum(axis=1)
    return (np.log(total)[rows] - target / temperature).mean()
