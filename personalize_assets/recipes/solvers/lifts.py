"""How much likelier an item is under what is known of a user or of the moment: a device, an age.

Takes arrow columns. Knows nothing of users' histories or of where the columns come from.
"""

# pyarrow.compute makes its functions when it is imported, where pyright cannot see them.
# pyright: reportAttributeAccessIssue=false

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg.blas import saxpy

from personalize_assets.recipes.histories import FloatArray, IntArray

MAX_COLUMNS: Final = 10
"""Columns that take part, the first ones."""

MAX_VALUES: Final = 50
"""Values of a column that are told apart, the most frequent ones."""

_BINS: Final = 8
_DOUBT: Final = 10.0
"""As many expected events of an item and a value halve what was counted."""


@dataclass(frozen=True)
class Coding:
    """From the values of a column to codes.

    Attributes:
        values: Values by code; None for numbers.
        edges: Upper bounds of the classes of numbers, ascending; None for values.
    """

    values: tuple[str, ...] | None = None
    edges: tuple[float, ...] | None = None

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> Self:
        """Find the values, or the classes of numbers, each with as many rows."""
        if is_number(column):
            numbers = column.drop_null().cast(pa.float64()).to_numpy()
            numbers = numbers[np.isfinite(numbers)]
            if not len(numbers):
                return cls(edges=())
            shares = np.arange(1, _BINS) / _BINS
            return cls(edges=tuple(np.unique(np.quantile(numbers, shares)).tolist()))
        counts = column.cast(pa.string()).drop_null().value_counts()
        order = sorted(counts.to_pylist(), key=lambda each: (-each["counts"], each["values"]))
        return cls(values=tuple(each["values"] for each in order[:MAX_VALUES]))

    def __len__(self) -> int:
        if self.values is not None:
            return len(self.values)
        return len(self.edges or ()) + 1

    def codes(self, column: pa.ChunkedArray) -> IntArray:
        """The code of each row, -1 where it has none; int32, shape ``(n,)``."""
        if self.values is not None:
            known = pa.array(self.values, pa.string())
            found = pc.index_in(column.cast(pa.string()), value_set=known)
            return np.asarray(found.fill_null(-1), dtype=np.int32)
        numbers = _numbers(column)
        codes = np.searchsorted(np.array(self.edges), numbers, side="right").astype(np.int32)
        return np.where(np.isfinite(numbers), codes, np.int32(-1))


def is_number(column: pa.ChunkedArray) -> bool:
    """Whether the column holds numbers."""
    kind = column.type
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """The column as numbers, NaN for nulls and for text that is no number."""
    if is_number(column):
        return column.cast(pa.float64()).fill_null(np.nan).to_numpy()
    return np.array([_number(text) for text in column.to_pylist()], dtype=np.float64)


def _number(text: Any) -> float:
    try:
        return float(text)
    except (TypeError, ValueError):
        return np.nan


@dataclass(frozen=True)
class Lifts:
    """Logarithms of how much likelier each item is under each value of some columns.

    Attributes:
        codings: Of the columns by name; their values are the rows of ``lifts``, one column after
            the other.
        lifts: float32, shape ``(n_values, n_items)``.
    """

    codings: Mapping[str, Coding]
    lifts: FloatArray

    def score(self, about: pa.Table | None, n: int) -> FloatArray:
        """The sum of the lifts of what is known.

        Args:
            about: A row per question; columns that are not known here are ignored, and so are
                values that were never seen. None where nothing is known.
            n: Number of questions.

        Returns:
            Shape ``(n, n_items)``.
        """
        scores = np.zeros((n, self.lifts.shape[1]), dtype=np.float32)
        if about is not None:
            self.add(scores, about, 1.0)
        return scores

    def add(self, total: FloatArray, about: pa.Table, weight: float) -> None:
        """Add the weighted sum of the lifts of what is known, in place.

        Args:
            total: Shape ``(n, n_items)``, by rows.
            about: As `score` takes it.
            weight: Of all lifts.
        """
        first = 0
        for name, coding in self.codings.items():
            if name in about.column_names:
                codes = coding.codes(about[name])
                for row in np.flatnonzero(codes >= 0).tolist():
                    saxpy(self.lifts[first + codes[row]], total[row], a=weight)
            first += len(coding)

    def to_json(self) -> dict[str, Any]:
        """The codings as plain values; ``from_json`` is the inverse."""
        return {
            name: {"values": coding.values, "edges": coding.edges}
            for name, coding in self.codings.items()
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any], lifts: FloatArray) -> Self:
        """Rebuild from what ``to_json`` gave, and the lifts."""
        codings = {
            name: Coding(_tuple(each["values"]), _tuple(each["edges"]))
            for name, each in plain.items()
        }
        return cls(codings, lifts)


def _tuple(values: Sequence[Any] | None) -> tuple[Any, ...] | None:
    return None if values is None else tuple(values)


def fit_lifts(columns: Mapping[str, pa.ChunkedArray], items: IntArray, n_items: int) -> Lifts:
    """Compare how often items and values meet with how often they would by chance.

    The lift of an item and a value is ``log((c + m) / (e + m))`` with ``c`` events of both, ``e``
    expected from their shares alone and ``m`` = 10, so that what is rare changes little.

    Args:
        columns: What was known at each event, by name; each of length ``n_events``. Only the first
            `MAX_COLUMNS` take part.
        items: Item of each event; shape ``(n_events,)``.
        n_items: Size of the catalogue.
    """
    taken = dict(list(columns.items())[:MAX_COLUMNS])
    codings = {name: Coding.of(column) for name, column in taken.items()}
    blocks = [
        _lifts(coding.codes(taken[name]), items, (len(coding), n_items))
        for name, coding in codings.items()
    ]
    empty = np.zeros((0, n_items), dtype=np.float32)
    return Lifts(codings, np.concatenate([empty, *blocks]))


def _lifts(codes: IntArray, items: IntArray, shape: tuple[int, int]) -> FloatArray:
    known = codes >= 0
    codes, items = codes[known], items[known]
    ones = np.ones(len(codes), dtype=np.float32)
    counts = sparse.coo_array((ones, (codes, items)), shape=shape).toarray()
    of_items = counts.sum(axis=0, dtype=np.float64)
    shares = counts.sum(axis=1, dtype=np.float64) / max(1, len(codes))
    expected = shares[:, None] * of_items
    # Rounded as they are saved, so that a saved model gives the same scores.
    lifts = np.log((counts + _DOUBT) / (expected + _DOUBT)).astype(np.float16)
    return lifts.astype(np.float32)


def known_columns(table: pa.Table | None, leave: Sequence[str]) -> list[str]:
    """Columns that can say something: numbers and strings, but those to leave out."""
    if table is None:
        return []
    return [
        name
        for name, column in zip(table.column_names, table.columns, strict=True)
        if name not in leave
        and (is_number(column) or pa.types.is_string(column.type) or _is_coded(column))
    ]


def _is_coded(column: pa.ChunkedArray) -> bool:
    return pa.types.is_dictionary(column.type)
