"""What an item is called: the lookup from ids to titles, genres and the label of a recommendation.

Reads the items file that cleaning writes (CSV or parquet); knows nothing of recommendations.
"""

# pyarrow ships no types, and pyarrow.compute makes its functions when it is imported.
# pyright: standard, reportAttributeAccessIssue=false

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
import pyarrow.parquet as pq

from personalize_assets.core.columns import Columns


class ItemTitlesError(ValueError):
    """The items file cannot give titles."""


@dataclass(frozen=True)
class ItemTitles:
    """Titles of a catalogue, one row an item.

    Attributes:
        item_ids: The ids, string, each once.
        titles: String, without nulls: the id where the source has no title.
        genres: String as in the source (``Adventure|Comedy``); null where there are none.
        labels: String: the title, and the first genre in brackets where there is one.
    """

    item_ids: pa.StringArray
    titles: pa.StringArray
    genres: pa.StringArray
    labels: pa.StringArray

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read an items file: ``.parquet``, or else CSV in the quoting that cleaning writes.

        Raises:
            ItemTitlesError: The file has no ITEM_ID, an empty one, or the same one twice.
        """
        try:
            if path.suffix == ".parquet":
                wanted = {Columns.ITEM_ID, Columns.TITLE, Columns.GENRES}
                names = [name for name in pq.read_schema(path).names if name in wanted]
                return cls.from_table(pq.read_table(path, columns=names))
            return cls.from_table(_read_csv(path))
        except ItemTitlesError as error:
            raise ItemTitlesError(f"{path}: {error}") from error
        except pa.ArrowInvalid as error:
            raise ItemTitlesError(f"{path} is no readable items file: {error}") from error

    @classmethod
    def from_table(cls, table: pa.Table) -> Self:
        """Take ITEM_ID (string or integer) and, where present, TITLE and GENRES (strings).

        Raises:
            ItemTitlesError: There is no ITEM_ID, an empty one, or the same one twice.
        """
        if Columns.ITEM_ID not in table.column_names:
            raise ItemTitlesError(f"no column ITEM_ID; found {', '.join(table.column_names)}")
        item_ids = _text_column(table, Columns.ITEM_ID)
        if item_ids.null_count:
            raise ItemTitlesError("an ITEM_ID is empty")
        if pc.count_distinct(item_ids).as_py() != len(item_ids):
            counts = pc.value_counts(item_ids)
            twice = counts.filter(pc.greater(counts.field("counts"), 1)).field("values")[0]
            raise ItemTitlesError(f"ITEM_ID {twice} appears more than once")
        titles = pc.coalesce(_text_column(table, Columns.TITLE), item_ids)
        genres = _text_column(table, Columns.GENRES)
        return cls(item_ids, titles, genres, _labels(titles, genres))

    def __len__(self) -> int:
        return len(self.item_ids)


def _labels(titles: pa.StringArray, genres: pa.StringArray) -> pa.StringArray:
    first = pc.list_element(pc.split_pattern(genres, "|", max_splits=1), 0)
    brackets = pc.binary_join_element_wise(" (", first, ")", "")
    return pc.binary_join_element_wise(titles, pc.fill_null(brackets, ""), "")


def _text_column(table: pa.Table, name: str) -> pa.StringArray:
    if name not in table.column_names:
        return pa.nulls(table.num_rows, pa.string())
    column = table.column(name).cast(pa.string())
    text = pa.concat_arrays([pa.array([], pa.string()), *column.chunks])
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _read_csv(path: Path) -> pa.Table:
    columns = (Columns.ITEM_ID, Columns.TITLE, Columns.GENRES)
    return pv.read_csv(
        path,
        read_options=pv.ReadOptions(use_threads=False),
        parse_options=pv.ParseOptions(double_quote=True, escape_char="\\", newlines_in_values=True),
        convert_options=pv.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.string()),
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        ),
    )
