"""What can be served: the items of a model, followed by items that came after its training.

Knows ids, positions and rows of metadata. Knows no scores.
"""
# pyarrow has no types, and makes its compute functions at run time.
# pyright: standard, reportAttributeAccessIssue=false

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from personalize_assets.core.filters import EntityTable
from personalize_assets.recipes.histories import BoolArray


class Catalogue:
    """Ids by index.

    Args:
        trained: Ids of the model's items, in its order.
        new: Ids of items that the model does not know.

    Attributes:
        ids: All ids, those of the model first.
        n_trained: How many of them the model knows.
        index: Position of each id.
    """

    def __init__(self, trained: pa.StringArray, new: Sequence[str] = ()) -> None:
        known: list[str] = trained.to_pylist()
        self.index = {item: position for position, item in enumerate(known)}
        self.ids: list[str] = known + [
            item for item in dict.fromkeys(new) if item not in self.index
        ]
        self.n_trained = len(known)
        for position in range(self.n_trained, len(self.ids)):
            self.index[self.ids[position]] = position
        self._rows: tuple[EntityTable, EntityTable] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def marked(self, ids: Iterable[str]) -> BoolArray:
        """Which items are among ``ids``, shape ``(n,)``; unknown ids mark nothing."""
        mask = np.zeros(len(self), dtype=np.bool_)
        for item in ids:
            position = self.index.get(item)
            if position is not None:
                mask[position] = True
        return mask

    def rows(self, table: EntityTable | None) -> EntityTable | None:
        """The rows of a table in the order of the catalogue, kept for the next question.

        Args:
            table: Of the Items dataset; None if there is none.
        """
        if table is None:
            return None
        held = self._rows
        if held is None or held[0] is not table:
            found = pc.index_in(pa.array(self.ids, pa.string()), value_set=table.ids)
            held = (table, table.take(np.asarray(found.fill_null(-1), dtype=np.int64)))
            self._rows = held
        return held[1]
