"""The rows of an Items, Users or Actions dataset, prepared for filters and for metadata.

What a filter or an answer needs of a column is made when first asked for and kept. Knows nothing of
the language of filters, of files or of who asks.
"""

# pyarrow has no types, and makes its compute functions at run time.
# pyright: standard, reportAttributeAccessIssue=false

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.int64]

SEPARATOR: Final = "|"


class TextColumn:
    """A column of strings: for each category the rows that have it.

    Attributes:
        present: Which rows have a value, shape (n,).
    """

    def __init__(self, values: pa.Array, *, split: bool) -> None:
        """Read a column.

        Args:
            values: Strings, also dictionary-encoded.
            split: Whether ``a|b`` is in the categories ``a`` and ``b`` too, not only in ``a|b``.
        """
        encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
        self.present: BoolArray = np.asarray(pc.is_valid(encoded))
        rows, names = _members(encoded, split=split)
        found = names.dictionary_encode()
        codes = np.asarray(found.indices)
        self._rows: IndexArray = rows[np.argsort(codes, kind="stable")]
        counts = np.bincount(codes, minlength=len(found.dictionary))
        self._starts: list[int] = np.concatenate(([0], np.cumsum(counts))).tolist()
        self._codes = {name: code for code, name in enumerate(found.dictionary.to_pylist())}

    def rows_of(self, category: str) -> IndexArray:
        """The rows in a category, none if there is no such category; letter case counts."""
        code = self._codes.get(category)
        if code is None:
            return self._rows[:0]
        return self._rows[self._starts[code] : self._starts[code + 1]]

    def matches(self, categories: Iterable[str]) -> BoolArray:
        """Which rows are in at least one of the categories, shape (n,)."""
        found = np.zeros(len(self.present), dtype=np.bool_)
        for category in categories:
            found[self.rows_of(category)] = True
        return found


class EntityTable:
    """Rows with ids and columns; columns are asked for in upper case.

    A column that does not exist is one without values, so that data imported before a column was
    added to the schema need no care. Lazily made parts may be made twice by two threads at once,
    which does no harm.

    Attributes:
        ids: Of the rows, shape (n,); null where `take` found no row.
    """

    def __init__(self, ids: pa.StringArray, columns: dict[str, pa.Array], id_column: str) -> None:
        """Take the columns as they are; see `from_arrow`.

        Args:
            ids: Of the rows; the same array as ``columns[id_column]``.
            columns: By their upper-case names, all of one length.
            id_column: Upper-case name of the column of the ids.
        """
        self.ids = ids
        self._columns = columns
        self._id_column = id_column
        self._index: dict[str, int] | None = None
        self._texts: dict[str, TextColumn] = {}
        self._numbers: dict[str, FloatArray] = {}

    @classmethod
    def from_arrow(cls, table: pa.Table, id_column: str) -> "EntityTable":
        """Take the rows of a dataset.

        Args:
            table: One row per id.
            id_column: ``ITEM_ID``, ``USER_ID`` or ``ACTION_ID``, in any case.

        Raises:
            KeyError: There is no such column.
        """
        columns = {
            name.upper(): _one_array(table.column(at)) for at, name in enumerate(table.column_names)
        }
        key = id_column.upper()
        columns[key] = columns[key].cast(pa.string())
        return cls(columns[key], columns, key)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def columns(self) -> tuple[str, ...]:
        """Upper-case names of the columns, that of the ids among them."""
        return tuple(self._columns)

    def index_of(self, entity: str) -> int:
        """The row of an id; -1 if there is none."""
        if self._index is None:
            index = {name: row for row, name in enumerate(self.ids.to_pylist())}
            index.pop(None, None)
            self._index = index
        return self._index.get(entity, -1)

    def take(self, index: IndexArray) -> "EntityTable":
        """The rows at some positions as a table of their own.

        Args:
            index: Positions, shape (m,); -1 stands for no row and gives one of nulls.
        """
        positions = pa.array(index, mask=np.asarray(index) < 0)
        columns = {name: column.take(positions) for name, column in self._columns.items()}
        return EntityTable(columns[self._id_column], columns, self._id_column)

    def row(self, entity: str) -> dict[str, Any] | None:
        """All values of an id by upper-case column, None for nulls; None if there is no row."""
        at = self.index_of(entity)
        if at < 0:
            return None
        return {name: _plain(column[at]) for name, column in self._columns.items()}

    def value(self, row: int, column: str) -> Any:
        """One value; None if it is null or there is no such column."""
        values = self._columns.get(column)
        return None if values is None else _plain(values[row])

    def column(self, name: str) -> pa.Array | None:
        """A column as it was taken; None if there is no such column."""
        return self._columns.get(name)

    def holds_text(self, column: str) -> bool:
        """Whether a column holds strings; not if there is no such column."""
        values = self._columns.get(column)
        return values is not None and _is_text(values.type)

    def text(self, column: str) -> TextColumn:
        """A column as categories; those of ``Action|Crime`` are both parts and the whole."""
        found = self._texts.get(column)
        if found is None:
            values = self._columns.get(column)
            if values is None:
                values = pa.nulls(len(self), pa.string())
            elif not _is_text(values.type):
                values = values.cast(pa.string())
            found = TextColumn(values, split=column != self._id_column)
            self._texts[column] = found
        return found

    def number(self, column: str) -> FloatArray:
        """A column as numbers, shape (n,): NaN for nulls and everywhere in a column of texts."""
        found = self._numbers.get(column)
        if found is None:
            values = self._columns.get(column)
            if values is None or _is_text(values.type):
                found = np.full(len(self), np.nan)
            else:
                if pa.types.is_float32(values.type):
                    values = values.cast(pa.string())  # see `_plain`
                numbers = values.cast(pa.float64(), safe=False)
                found = np.array(numbers.fill_null(float("nan")), dtype=np.float64)
            found.flags.writeable = False
            self._numbers[column] = found
        return found


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    combined = column.combine_chunks()
    if isinstance(combined, pa.ChunkedArray):  # older arrow keeps the chunks of an empty column
        return pa.array([], column.type)
    return combined


def _is_text(kind: pa.DataType) -> bool:
    return (
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)
    )


def _plain(value: pa.Scalar) -> Any:
    """A value as people write it: 19.99 for the float nearest to it, not 19.989999771118164."""
    if pa.types.is_float32(value.type) and value.is_valid:
        return float(str(np.float32(value.as_py())))
    return value.as_py()


def _members(encoded: pa.DictionaryArray, *, split: bool) -> tuple[IndexArray, pa.Array]:
    """Rows and the categories that they are in, one entry per pair."""
    wholes = encoded.dictionary.cast(pa.string())
    rows = np.flatnonzero(np.asarray(pc.is_valid(encoded)))
    codes = encoded.indices.drop_null()
    names = wholes.take(codes)
    if not split:
        return rows, names
    several = np.asarray(pc.match_substring(wholes, SEPARATOR).take(codes), dtype=np.bool_)
    parts = pc.split_pattern(wholes, SEPARATOR).take(codes.filter(pa.array(several)))
    parents = np.asarray(pc.list_parent_indices(parts), dtype=np.int64)
    return (
        np.concatenate((rows, rows[several][parents])),
        pa.concat_arrays([names, pc.list_flatten(parts)]),
    )
