"""What items are called."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from personalize_assets.core.batch_format import ItemTitles, ItemTitlesError

CSV = r"""ITEM_ID,GENRES,YEAR,TITLE
1,Adventure|Children,1995,Toy Story (1995)
7789,Drama,2002,"11'09\"01 - September 11 (2002)"
11,,1995,"American President, The (1995)"
108583,Comedy,,
20,Drama,,"Back\\slash"
"""


def test_item_titles__from_csv_as_cleaning_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text(CSV, encoding="utf-8")
    items = ItemTitles.from_file(path)
    assert len(items) == 5
    assert items.item_ids.to_pylist() == ["1", "7789", "11", "108583", "20"]
    assert items.titles.to_pylist() == [
        "Toy Story (1995)",
        "11'09\"01 - September 11 (2002)",
        "American President, The (1995)",
        "108583",
        "Back\\slash",
    ]
    assert items.genres.to_pylist() == ["Adventure|Children", "Drama", None, "Comedy", "Drama"]
    assert items.labels.to_pylist() == [
        "Toy Story (1995) (Adventure)",
        "11'09\"01 - September 11 (2002) (Drama)",
        "American President, The (1995)",
        "108583 (Comedy)",
        "Back\\slash (Drama)",
    ]


def test_item_titles__from_parquet_with_number_ids(tmp_path: Path) -> None:
    path = tmp_path / "items.parquet"
    table = {"ITEM_ID": [5, 6], "TITLE": ["", "B"], "GENRES": ["", None], "PRICE": [1.0, 2.0]}
    pq.write_table(pa.table(table), path)
    items = ItemTitles.from_file(path)
    assert items.item_ids.to_pylist() == ["5", "6"]
    assert items.labels.to_pylist() == ["5", "B"]
    assert items.genres.to_pylist() == [None, None]


def test_item_titles__only_ids() -> None:
    items = ItemTitles.from_table(pa.table({"ITEM_ID": ["a", "b"]}))
    assert items.labels.to_pylist() == ["a", "b"]


def test_item_titles__no_items() -> None:
    assert len(ItemTitles.from_table(pa.table({"ITEM_ID": pa.array([], pa.string())}))) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("movieId,title\n1,A\n", "no column ITEM_ID; found movieId, title"),
        ("ITEM_ID,TITLE\n1,A\n2,B\n1,C\n", "ITEM_ID 1 appears more than once"),
        ("ITEM_ID,TITLE\n,A\n", "an ITEM_ID is empty"),
        ("ITEM_ID,TITLE\n1,A,B\n", "no readable items file: "),
        ("", "no readable items file: "),
    ],
)
def test_item_titles__bad_file(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "items.csv"
    path.write_text(text)
    with pytest.raises(ItemTitlesError) as caught:
        ItemTitles.from_file(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)
