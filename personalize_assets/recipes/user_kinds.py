"""What is known of users, as marks that a linear model can weigh: an age group, a class of incomes.

Knows the Users dataset by its columns only, and no recipe.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa

from personalize_assets.core.columns import Columns
from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.circumstances import OF_USERS
from personalize_assets.recipes.histories import FloatArray, Histories
from personalize_assets.recipes.solvers.lifts import Coding, known_columns

_MOST: Final = 64
"""Values that are told apart in all; the first columns come first."""


@dataclass(frozen=True)
class UserKinds:
    """The values of the columns that take part.

    Attributes:
        codings: By column.
    """

    codings: Mapping[str, Coding] = field(default_factory=dict)

    @classmethod
    def of(cls, table: pa.Table | None) -> Self:
        """Choose values, the most frequent ones of each column.

        Args:
            table: The Users dataset; None where there is none.
        """
        codings: dict[str, Coding] = {}
        left = _MOST
        for name in known_columns(table, (Columns.USER_ID,)):
            assert table is not None
            coding = Coding.of(table[name])
            if coding.values is not None:
                coding = replace(coding, values=coding.values[:left])
            if 0 < len(coding) <= left:
                codings[name] = coding
                left -= len(coding)
        return cls(codings)

    def __len__(self) -> int:
        return sum(len(coding) for coding in self.codings.values())

    @property
    def circumstances(self) -> tuple[str, ...]:
        """Columns of ``Histories.about``."""
        return tuple(OF_USERS + name for name in self.codings)

    def marks(self, table: pa.Table | None, n: int, prefix: str = "") -> FloatArray:
        """Ones where a user has a value.

        Args:
            table: A row per user; columns that it lacks, and None, say nothing.
            n: Number of users.
            prefix: What stands before the columns' names in the table.

        Returns:
            Shape ``(n, len(self))``.
        """
        marks = np.zeros((n, len(self)), dtype=np.float32)
        first = 0
        for name, coding in self.codings.items():
            if table is not None and prefix + name in table.column_names:
                codes = coding.codes(table[prefix + name])
                known = np.flatnonzero(codes >= 0)
                marks[known, first + codes[known]] = 1
            first += len(coding)
        return marks

    def to_json(self) -> dict[str, Any]:
        """The codings as plain values; ``from_json`` is the inverse."""
        return {
            name: {"values": coding.values, "edges": coding.edges}
            for name, coding in self.codings.items()
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Self:
        """Rebuild from what ``to_json`` gave."""
        return cls(
            {
                name: Coding(
                    *(None if each[part] is None else tuple(each[part]) for part in _PARTS)
                )
                for name, each in plain.items()
            }
        )


_PARTS: Final = ("values", "edges")


def with_user_columns(data: TrainingData, histories: Histories) -> Histories:
    """The histories of users of the data, with what the Users dataset says of them.

    Args:
        data: With the Users dataset or without.
        histories: Made of ``data``, so that they tell whose they are.
    """
    names = known_columns(data.user_features, (Columns.USER_ID,))
    if data.user_features is None or histories.users is None or not names:
        return histories
    rows = data.user_features.select(names).take(histories.users)
    return replace(histories, about=rows.rename_columns([OF_USERS + name for name in names]))
