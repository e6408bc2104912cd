"""Writes recommendations as parquet: one row a user for people, one row an item for programs.

Both files grow block by block, so that memory does not grow with the job. Knows nothing of the
service's files.
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
from numpy.typing import NDArray

from personalize_assets.core.batch_format.outputs import Answers
from personalize_assets.core.batch_format.queries import QueryField
from personalize_assets.core.batch_format.titles import ItemTitles

SEPARATOR: Final = " | "
_INTEGER: Final = r"^(?:0|-?[1-9]\d{0,17})$"
_TIDY_KEYS: Final[dict[QueryField, str]] = {
    "userId": "user_id",
    "itemId": "query_item_id",
    "itemAttributes": "item_attributes",
}


class NamedAnswers:
    """The answers of a block beside the names of their items.

    Attributes:
        answers: The answers.
        codes: For each recommended item its row in the columns below, int32.
        item_ids: The items that appear in these answers, each once, string.
        titles: Their titles; the id of an item that the catalogue does not know.
        genres: Their genres; null where there are none.
        labels: What the recommendations call them.
        unknown: The ids that the catalogue does not know.
    """

    def __init__(self, answers: Answers, catalogue: ItemTitles) -> None:
        self.answers = answers
        rows = pc.index_in(answers.items, value_set=catalogue.item_ids)
        self.unknown = answers.items.filter(rows.is_null()).unique()
        known = rows.fill_null(0).to_numpy()
        if len(self.unknown):
            extra = pc.index_in(answers.items, value_set=self.unknown)
            new = pc.add(extra, pa.scalar(len(catalogue), pa.int32()))
            known = pc.coalesce(rows, new).to_numpy()
        used = np.zeros(len(catalogue) + len(self.unknown), dtype=bool)
        used[known] = True
        self.codes: NDArray[np.int32] = (np.cumsum(used, dtype=np.int32) - 1)[known]
        taken = pa.array(np.flatnonzero(used))
        self.item_ids = pa.concat_arrays([catalogue.item_ids, self.unknown]).take(taken)
        self.titles = pa.concat_arrays([catalogue.titles, self.unknown]).take(taken)
        self.labels = pa.concat_arrays([catalogue.labels, self.unknown]).take(taken)
        no_genres = pa.nulls(len(self.unknown), pa.string())
        self.genres = pa.concat_arrays([catalogue.genres, no_genres]).take(taken)

    def labels_of(self, first: int, count: int) -> tuple[str, ...]:
        """What ``count`` recommended items from the ``first`` on are called."""
        codes = pa.array(self.codes[first : first + count])
        return tuple(self.labels.take(codes).to_pylist())

    def texts(self) -> pa.StringArray:
        """Return each line's recommendations as one text."""
        offsets = np.concatenate(([0], np.cumsum(self.answers.counts))).astype(np.int32)
        labels = self.labels.take(pa.array(self.codes))
        return pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), labels), SEPARATOR)


class TextPerQuery:
    """The parquet file with one row a query and all of its answer as one text, open for writing.

    The id column is int64 as long as every id is a whole number in plain form, and becomes string
    with the first that is not (``007`` counts as text: a number would lose the zeros).
    """

    def __init__(self, path: Path, field: QueryField, column: str) -> None:
        self._path, self._field, self._column = path, field, column
        self._integers = True
        self._file = self._open(pa.int64())

    def write(self, keys: pa.StringArray, texts: pa.StringArray) -> None:
        """Append queries and their answers."""
        if self._integers and not pc.all(pc.match_substring_regex(keys, _INTEGER)).as_py():
            self._turn_to_text()
        column = keys.cast(pa.int64()) if self._integers else keys
        self._file.write_batch(pa.record_batch([column, texts], schema=self._file.schema))

    def close(self) -> None:
        """Finish the file."""
        self._file.close()

    def _open(self, id_type: pa.DataType) -> pq.ParquetWriter:
        schema = pa.schema([(self._field, id_type), (self._column, pa.string())])
        # Hardly two queries get the same text: a dictionary would only cost time.
        return pq.ParquetWriter(self._path, schema, compression="snappy", use_dictionary=False)

    def _turn_to_text(self) -> None:
        """Rewrite what there is of the file with string ids."""
        self._integers = False
        self._file.close()
        path = self._path
        numbers = path.rename(path.with_name(path.name + ".int64"))
        try:
            self._file = self._open(pa.string())
            with pq.ParquetFile(numbers) as file:
                for batch in file.iter_batches(batch_size=16_384):
                    columns = [batch.column(0).cast(pa.string()), batch.column(1)]
                    self._file.write_batch(pa.record_batch(columns, schema=self._file.schema))
        finally:
            numbers.unlink()


class ParquetWriters:
    """The two parquet files of a job that recommends items, open for writing.

    ``transformed`` holds the query's id and its recommendations as one text; ``tidy`` holds one row
    a recommended item.
    """

    def __init__(self, transformed: Path, tidy: Path, field: QueryField) -> None:
        self._transformed = TextPerQuery(transformed, field, "Recommendations")
        self._tidy = pq.ParquetWriter(
            tidy,
            _tidy_schema(field),
            compression="snappy",
            store_schema=False,  # so that readers see plain strings, not this writer's dictionaries
        )

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

    def write(self, named: NamedAnswers) -> None:
        """Append the answers of a block to both files."""
        self._transformed.write(named.answers.keys, named.texts())
        self._write_tidy(named)

    def _write_tidy(self, named: NamedAnswers) -> None:
        answers = named.answers
        total = len(answers.items)
        lines = np.repeat(np.arange(len(answers.counts), dtype=np.int32), answers.counts)
        firsts = np.cumsum(answers.counts) - answers.counts
        ranks = np.arange(total, dtype=np.int64) - firsts[lines] + 1
        codes = pa.array(named.codes)
        # Parquet takes nulls among the codes of a dictionary, not in the dictionary itself.
        genres = named.genres.dictionary_encode()
        columns = [
            pa.DictionaryArray.from_arrays(pa.array(lines), answers.keys),
            pa.array(ranks.astype(np.int32)),
            pa.DictionaryArray.from_arrays(codes, named.item_ids),
            answers.scores,
            pa.DictionaryArray.from_arrays(codes, named.titles),
            pa.DictionaryArray.from_arrays(genres.indices.take(codes), genres.dictionary),
        ]
        self._tidy.write_batch(pa.record_batch(columns, schema=self._tidy.schema))


def _tidy_schema(field: QueryField) -> pa.Schema:
    text = pa.dictionary(pa.int32(), pa.string())
    return pa.schema(
        [
            (_TIDY_KEYS[field], text),
            ("rank", pa.int32()),
            ("item_id", text),
            ("score", pa.float64()),
            ("title", text),
            ("genres", text),
        ]
    )
