"""Which ranks of a list were relevant: what every ranking metric starts from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Truth:
    """The held-out items of ``n`` users, one flat array with row pointers.

    Attributes:
        indptr: Row ``u`` is ``items[indptr[u]:indptr[u + 1]]``; int64, shape ``(n + 1,)``.
        items: Item indices; an item may occur more than once in a row.
    """

    indptr: NDArray[np.int64]
    items: NDArray[np.int32]

    def keys(self, n_catalogue: int) -> NDArray[np.int64]:
        """One number for each distinct pair of user and item, sorted."""
        rows = np.repeat(np.arange(len(self.indptr) - 1), np.diff(self.indptr))
        return np.unique(rows * n_catalogue + self.items)

    def counts(self, n_catalogue: int) -> NDArray[np.int64]:
        """Number of distinct relevant items of each user, shape ``(n,)``."""
        rows = self.keys(n_catalogue) // n_catalogue
        return np.bincount(rows, minlength=len(self.indptr) - 1)


def mark_hits(ranked: NDArray[np.int32], truth: Truth, n_catalogue: int) -> NDArray[np.bool_]:
    """Mark the ranks that hold a relevant item.

    Args:
        ranked: Item indices, best first, no item twice in a row, shape ``(n, n_ranked)``; -1 pads
            short lists.
        truth: Held-out items of the same users.
        n_catalogue: Number of items; above every index.

    Returns:
        Shape ``(n, n_ranked)``.

    Raises:
        ValueError: The two speak of different numbers of users.
    """
    if len(ranked) != len(truth.indptr) - 1:
        raise ValueError(f"{len(ranked)} ranked lists, but the truth of {len(truth.indptr) - 1}")
    rows = np.arange(len(ranked), dtype=np.int64)[:, None]
    found = np.isin(rows * n_catalogue + ranked, truth.keys(n_catalogue))
    return found & (ranked >= 0)
