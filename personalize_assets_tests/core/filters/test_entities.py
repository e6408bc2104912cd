import numpy as np
import pyarrow as pa
import pytest

from personalize_assets.core.filters import EntityTable
from personalize_assets_tests.core.filters.examples import ITEMS


def test_entity_table__rows_and_values() -> None:
    assert ITEMS.columns[:2] == ("ITEM_ID", "GENRE")
    assert ITEMS.index_of("watch") == 2
    assert ITEMS.index_of("other") == -1
    row = ITEMS.row("blank")
    assert row is not None
    assert (row["ITEM_ID"], row["GENRE"], row["CREATION_TIMESTAMP"]) == ("blank", None, 500)
    assert ITEMS.row("other") is None
    assert (ITEMS.value(1, "PRICE"), ITEMS.value(4, "PRICE"), ITEMS.value(0, "NONE")) == (
        20.0,
        None,
        None,
    )


def test_entity_table__column_names_in_any_case() -> None:
    table = EntityTable.from_arrow(pa.table({"item_id": ["a"], "Genre": ["x"]}), "Item_Id")
    assert table.columns == ("ITEM_ID", "GENRE")
    assert table.row("a") == {"ITEM_ID": "a", "GENRE": "x"}


def test_entity_table__without_the_column_of_ids() -> None:
    with pytest.raises(KeyError, match="USER_ID"):
        EntityTable.from_arrow(pa.table({"ITEM_ID": ["a"]}), "USER_ID")


def test_text__parts_and_the_whole() -> None:
    genres = ITEMS.text("GENRE")
    assert sorted(genres.rows_of("Crime").tolist()) == [0, 1]
    assert genres.rows_of("Action|Crime").tolist() == [0]
    assert genres.rows_of("crime").tolist() == []
    assert genres.present.tolist() == [True, True, True, True, False]
    assert genres.matches(["Action", "Drama", "none"]).tolist() == [True, False, True, False, False]


def test_text__ids_are_not_split() -> None:
    table = EntityTable.from_arrow(pa.table({"ITEM_ID": ["a|b", "b"]}), "ITEM_ID")
    assert table.text("ITEM_ID").matches(["b"]).tolist() == [False, True]
    assert table.text("ITEM_ID").matches(["a|b"]).tolist() == [True, False]


def test_text__of_several_chunks_and_of_dictionaries() -> None:
    chunks = pa.chunked_array([["a", "b|a"], [None, "b"]])
    ids = pa.chunked_array([["1", "2"], ["3", "4"]])
    for column in (chunks, chunks.dictionary_encode(), chunks.cast(pa.large_string())):
        table = EntityTable.from_arrow(pa.table({"ITEM_ID": ids, "G": column}), "ITEM_ID")
        assert table.text("G").matches(["a"]).tolist() == [True, True, False, False]
        assert table.text("G").present.tolist() == [True, True, False, True]
        assert table.holds_text("G")


def test_number__nan_for_nulls_and_for_texts() -> None:
    assert ITEMS.number("PRICE")[:4].tolist() == [10, 20, 30, 40]
    assert np.isnan(ITEMS.number("PRICE")[4])
    assert np.isnan(ITEMS.number("GENRE")).all()


def test_number__floats_as_they_are_written() -> None:
    prices = pa.array([19.99, 0.1, 1e-9, 16777216, 3e38, None], pa.float32())
    table = EntityTable.from_arrow(
        pa.table({"ITEM_ID": list("abcdef"), "PRICE": prices}), "ITEM_ID"
    )
    assert table.number("PRICE")[:5].tolist() == [19.99, 0.1, 1e-9, 16777216, 3e38]
    assert [table.value(row, "PRICE") for row in range(6)] == [
        19.99,
        0.1,
        1e-9,
        16777216,
        3e38,
        None,
    ]
    assert table.row("a") == {"ITEM_ID": "a", "PRICE": 19.99}


def test_column__that_does_not_exist_has_no_values() -> None:
    assert not ITEMS.text("NONE").present.any()
    assert not ITEMS.text("NONE").matches(["x", ""]).any()
    assert np.isnan(ITEMS.number("NONE")).all()
    assert not ITEMS.holds_text("NONE")


def test_take__nulls_where_there_is_no_row() -> None:
    taken = ITEMS.take(np.array([3, -1, 0]))
    assert taken.ids.to_pylist() == ["film", None, "boot"]
    assert taken.text("GENRE").matches(["drama", "Crime"]).tolist() == [True, False, True]
    assert taken.text("GENRE").present.tolist() == [True, False, True]
    assert np.isnan(taken.number("PRICE")).tolist() == [False, True, False]
    assert (taken.index_of("boot"), taken.index_of("shoe")) == (2, -1)
    assert taken.row("film") == ITEMS.row("film")


def test_entity_table__empty() -> None:
    empty = ITEMS.take(np.array([], dtype=np.int64))
    assert len(empty) == 0
    assert empty.text("GENRE").matches(["Crime"]).shape == (0,)
    assert empty.number("PRICE").shape == (0,)
    table = EntityTable.from_arrow(
        pa.table({"ITEM_ID": pa.array([], pa.string()), "G": pa.array([], pa.string())}), "ITEM_ID"
    )
    assert table.text("G").matches(["x"]).shape == (0,)
