"""Coverage: how much of the catalogue is ever recommended."""

import numpy as np
from numpy.typing import NDArray


def coverage(ranked: NDArray[np.int32], n_catalogue: int) -> float:
    """Distinct items of all lists, divided by the number of items.

    Args:
        ranked: Item indices, shape ``(n_users, n_ranked)``; -1 pads short lists.
        n_catalogue: Number of distinct items of the Interactions and Items datasets.

    Returns:
        In [0, 1].

    Raises:
        ValueError: The catalogue is empty.

    >>> coverage(np.array([[0, 1], [1, -1]]), 8)
    0.25
    """
    if n_catalogue < 1:
        raise ValueError("the coverage of an empty catalogue is not defined")
    return len(np.unique(ranked[ranked >= 0])) / n_catalogue
