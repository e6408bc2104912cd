"""Segments: the users of each item or attribute, beside what the item is called, as parquet.

Like ``writers``, for jobs that answer with users: one row a query for people, one row a user for
programs. Knows nothing of the service's files.
"""

# pyarrow ships no types, and pyarrow.compute makes its functions when it is imported.
# pyright: standard, reportAttributeAccessIssue=false

from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from personalize_assets.core.batch_format.outputs import Answers
from personalize_assets.core.batch_format.queries import QueryField
from personalize_assets.core.batch_format.titles import ItemTitles
from personalize_assets.core.batch_format.writers import SEPARATOR, TextPerQuery

MAX_PREVIEWED: Final = 50
_TIDY_KEYS: Final[dict[QueryField, str]] = {
    "userId": "user_id",
    "itemId": "item_id",
    "itemAttributes": "item_attributes",
}


class NamedSegments:
    """The answers of a block beside the titles of what was asked about.

    Attributes:
        answers: The answers, whose ``items`` are users.
        titles: Title of each query, string; the query itself where the catalogue has none.
        unknown: The queries that the catalogue does not know.
    """

    def __init__(self, answers: Answers, catalogue: ItemTitles) -> None:
        self.answers = answers
        rows = pc.index_in(answers.keys, value_set=catalogue.item_ids)
        self.titles: pa.StringArray = pc.coalesce(catalogue.titles.take(rows), answers.keys)
        self.unknown: pa.StringArray = answers.keys.filter(rows.is_null()).unique()

    def labels_of(self, first: int, count: int) -> tuple[str, ...]:
        """The first users of the answer that begins at ``first``: few enough to be shown."""
        return tuple(self.answers.items[first : first + min(count, MAX_PREVIEWED)].to_pylist())

    def texts(self) -> pa.StringArray:
        """Return each line's users as one text."""
        offsets = np.concatenate(([0], np.cumsum(self.answers.counts))).astype(np.int32)
        users = pa.ListArray.from_arrays(pa.array(offsets), self.answers.items)
        return pc.binary_join(users, SEPARATOR)


class SegmentWriters:
    """The two parquet files of a segment job, open for writing.

    ``transformed`` holds the query and its users as one text; ``tidy`` one row a user, with the
    item's title.
    """

    def __init__(self, transformed: Path, tidy: Path, field: QueryField) -> None:
        self._transformed = TextPerQuery(transformed, field, "Users")
        text = pa.dictionary(pa.int32(), pa.string())
        schema = pa.schema(
            [
                (_TIDY_KEYS[field], text),
                ("title", text),
                ("rank", pa.int32()),
                ("user_id", pa.string()),
            ]
        )
        self._tidy = pq.ParquetWriter(tidy, schema, compression="snappy", store_schema=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._transformed.close()
        self._tidy.close()

    def write(self, named: NamedSegments) -> None:
        """Append the answers of a block to both files."""
        answers = named.answers
        self._transformed.write(answers.keys, named.texts())
        lines = np.repeat(np.arange(len(answers.counts), dtype=np.int32), answers.counts)
        firsts = np.cumsum(answers.counts) - answers.counts
        ranks = np.arange(len(lines), dtype=np.int64) - firsts[lines] + 1
        columns = [
            pa.DictionaryArray.from_arrays(pa.array(lines), answers.keys),
            pa.DictionaryArray.from_arrays(pa.array(lines), named.titles),
            pa.array(ranks.astype(np.int32)),
            answers.items,
        ]
        self._tidy.write_batch(pa.record_batch(columns, schema=self._tidy.schema))
