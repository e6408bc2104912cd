"""The items in memory: their titles, genres and years, and which titles hold some words.

Held in Arrow, about as large as the texts themselves; nothing is an object of Python before it is
asked for, and few are after.
"""

# pyarrow ships no types, and pyarrow.compute makes its functions when it is imported.
# pyright: standard, reportAttributeAccessIssue=false

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from personalize_assets.api.id_index import IdIndex
from personalize_assets.core.columns import Columns

MAX_RANKED_HITS: Final = 2_000
"""So many of the items that hold the words are put in order; more are not looked at."""

KEPT_ITEMS: Final = 20_000
"""So many items that were asked for stay at hand as they were read."""

Popularity = Callable[[Sequence[str]], Sequence[int]]
"""How often items were met, by their ids."""


@dataclass(frozen=True)
class Item:
    """One item.

    Attributes:
        item_id: Its id.
        title: As in the source; None where it has none, or the item is not known.
        genres: In the order of the source.
        year: None where it is not known.
    """

    item_id: str
    title: str | None = None
    genres: tuple[str, ...] = ()
    year: int | None = None


class Catalogue:
    """The cleaned items of a dataset group.

    Args:
        table: ITEM_ID, and where they are known TITLE, GENRES (``Adventure|Comedy``) and YEAR.
    """

    def __init__(self, table: pa.Table) -> None:
        self._ids = _texts(table, Columns.ITEM_ID)
        self._titles = _texts(table, Columns.TITLE)
        # Genres repeat: a dictionary holds each combination once.
        self._genres = _texts(table, Columns.GENRES).dictionary_encode()
        years = _column(table, Columns.YEAR)
        self._years = pc.cast(years, pa.int32(), safe=False).combine_chunks()
        self._folded = _folded_titles(pc.coalesce(self._titles, self._ids))
        self._index = IdIndex(self._ids)
        self._read: dict[str, Item] = {}

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read the parquet file of the cleaned items.

        Raises:
            ValueError: It is no such file.
        """
        wanted = (Columns.ITEM_ID, Columns.TITLE, Columns.GENRES, Columns.YEAR)
        try:
            names = pq.read_schema(path).names
            if Columns.ITEM_ID not in names:
                raise ValueError(f"no column {Columns.ITEM_ID}; found {', '.join(names)}")
            return cls(pq.read_table(path, columns=[name for name in wanted if name in names]))
        except pa.ArrowInvalid as error:
            raise ValueError(f"no readable parquet file of items: {error}") from error

    @classmethod
    def empty(cls) -> Self:
        """A catalogue that knows nothing."""
        return cls(pa.table({Columns.ITEM_ID: pa.array([], pa.string())}))

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def nbytes(self) -> int:
        """Bytes in memory, without those of the index."""
        columns = (self._ids, self._titles, self._genres, self._years, self._folded)
        return sum(column.nbytes for column in columns)

    def items(self, item_ids: Sequence[str]) -> list[Item]:
        """What is known of each item; of one that is not known, only its id."""
        if unread := [item_id for item_id in item_ids if item_id not in self._read]:
            if len(self._read) + len(unread) > KEPT_ITEMS:
                self._read = {}
                unread = item_ids
            rows = self._index.rows(unread)
            for item_id, row in zip(unread, rows, strict=True):
                self._read[item_id] = Item(item_id) if row < 0 else self._item(row)
        return [self._read[item_id] for item_id in item_ids]

    def item(self, item_id: str) -> Item:
        """What is known of one item."""
        return self.items([item_id])[0]

    def knows(self, item_id: str) -> bool:
        """Whether the item is in the catalogue."""
        return self._index.row(item_id) >= 0

    def search(self, query: str, limit: int, popularity: Popularity | None = None) -> list[Item]:
        """Items whose titles hold all words of ``query``, in any order, accents and case aside.

        Args:
            query: Words or their beginnings, or an id.
            limit: How many items at most.
            popularity: Puts what was met more often first among equals.

        Returns:
            The item of this id first, then titles that begin with the words as they stand, then
            those that hold them so, then the rest.
        """
        phrase = fold(query)
        if not phrase:
            return []
        found = np.ones(len(self._ids), bool)
        for word in phrase.split():
            found &= pc.match_substring(self._folded, word).to_numpy(zero_copy_only=False)
        rows = np.flatnonzero(found)[:MAX_RANKED_HITS].tolist()
        texts = self._folded.take(pa.array(rows, pa.int64())).to_pylist()
        ids = self._ids.take(pa.array(rows, pa.int64())).to_pylist()
        met = [0] * len(rows) if popularity is None else popularity(ids)
        places = sorted(
            range(len(rows)),
            key=lambda place: (_distance(texts[place], phrase), -met[place], texts[place]),
        )
        by_id = self._index.row(query.strip())
        ordered = [by_id] if by_id >= 0 else []
        ordered += [rows[place] for place in places if rows[place] != by_id]
        return [self._item(row) for row in ordered[:limit]]

    def _item(self, row: int) -> Item:
        genres = self._genres[row].as_py()
        return Item(
            item_id=self._ids[row].as_py(),
            title=self._titles[row].as_py(),
            genres=tuple(genres.split("|")) if genres else (),
            year=self._years[row].as_py(),
        )


def fold(text: str) -> str:
    """Lower case without accents, words apart by one space: what people type for a title.

    >>> fold("  Le fabuleux destin d'Amélie ")
    "le fabuleux destin d'amelie"
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(plain.lower().split())


def _folded_titles(titles: pa.StringArray) -> pa.StringArray:
    plain = pc.replace_substring_regex(pc.utf8_normalize(titles, form="NFKD"), r"\p{M}", "")
    return pc.replace_substring_regex(pc.utf8_lower(plain), r"\s+", " ")


def _distance(text: str, phrase: str) -> int:
    """How far a title is from the words as they stand: 0 begins with them, 1 holds them, 2 not."""
    return 0 if text.startswith(phrase) else 1 if phrase in text else 2


def _column(table: pa.Table, name: str) -> pa.ChunkedArray:
    if name in table.column_names:
        return table[name]
    return pa.chunked_array([pa.nulls(table.num_rows)])


def _texts(table: pa.Table, name: str) -> pa.StringArray:
    found = pc.cast(_column(table, name), pa.string())
    return pa.concat_arrays(found.chunks) if found.num_chunks else pa.array([], pa.string())
