"""Collecting columns block by block without holding them twice. Knows numbers only."""

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.integer]


class ColumnParts:
    """Parts of equally long columns, joined one column at a time at the end."""

    def __init__(self, *names: str) -> None:
        self._parts: dict[str, list[Column]] = {name: [] for name in names}

    def append(self, **columns: Column) -> None:
        """Add a part to every column.

        Raises:
            ValueError: The names are not those of the columns.
        """
        if columns.keys() != self._parts.keys():
            raise ValueError(f"columns are {', '.join(self._parts)}; got {', '.join(columns)}")
        for name, column in columns.items():
            self._parts[name].append(column)

    def pop(self, name: str) -> Column:
        """Join the parts of a column and forget them; empty int64 without parts."""
        parts = self._parts.pop(name)
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
