"""The model of recipes that relate items: neighbours of each item, and popular items for the rest.

The question is the last item of a history. The item itself is never an answer. An item that is
unknown or leads nowhere is answered with popular items, which also fill short lists. Knows nothing
of how neighbours are found.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from scipy import sparse

from personalize_assets.recipes.histories import FloatArray, Histories
from personalize_assets.recipes.solvers.queries import last_items
from personalize_assets.recipes.solvers.sparse_rows import sparse_rows
from personalize_assets.recipes.storage import ModelFormat

_FORMAT = ModelFormat("related-items", 2)
_LIFT: Final = np.float32(50)
"""Lifts every related item's log weight above 0, and so above every popular item's log share."""

MAX_NEIGHBOURS: Final = 250
"""Answers that are kept of an item: ten lists of the usual length, for filters to take from."""


@dataclass(frozen=True)
class RelatedItemsModel:
    """Neighbours of each item, and popular items for the rest.

    Attributes:
        neighbours: Weights from query rows to answer columns, above ``exp(-50)``; float32, shape
            ``(n_items, n_items)``.
        popularity: Log shares, shape ``(n_items,)``.
    """

    neighbours: sparse.csr_array
    popularity: FloatArray

    @property
    def n_items(self) -> int:
        """Size of the catalogue."""
        return len(self.popularity)

    def score(self, histories: Histories) -> FloatArray:
        """Score what is related to the last item of each history; see ``Model``."""
        scores = np.tile(self.popularity, (len(histories), 1))
        for row, item in enumerate(last_items(histories).tolist()):
            if item >= 0:
                place = slice(self.neighbours.indptr[item], self.neighbours.indptr[item + 1])
                related = np.log(self.neighbours.data[place]) + _LIFT
                scores[row, self.neighbours.indices[place]] = related
                scores[row, item] = -np.inf
        return scores

    def save(self, folder: Path) -> None:
        """Write the model; see ``Model``."""
        arrays = {
            "popularity": self.popularity,
            "data": self.neighbours.data,
            "indices": self.neighbours.indices,
            "indptr": self.neighbours.indptr,
        }
        _FORMAT.write(folder, {}, arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the model; see ``Model``."""
        arrays = _FORMAT.read(folder)[1]
        popularity = arrays["popularity"]
        neighbours = sparse_rows(
            arrays["data"], arrays["indices"], arrays["indptr"], len(popularity)
        )
        return cls(neighbours, popularity)


def related_items(weights: sparse.csr_array, popularity: FloatArray) -> RelatedItemsModel:
    """A model of these weights.

    Args:
        weights: From query rows to answer columns, none below 0, what is 0 is no answer; its zeros
            are taken out. Shape ``(n_items, n_items)``.
        popularity: Log shares, shape ``(n_items,)``.
    """
    weights.eliminate_zeros()
    return RelatedItemsModel(weights, popularity)
