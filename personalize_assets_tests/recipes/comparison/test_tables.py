from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from personalize_assets.recipes.comparison.questions import Tables
from personalize_assets.recipes.comparison.tables import (
    TableError,
    read_interactions,
    read_items,
    read_users,
)


def write(folder: Path, text: str, name: str = "rows.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_interactions__columns_of_amazon(tmp_path: Path) -> None:
    text = "user_id,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,DEVICE\na,x,5,watch,0.5,tv\na,y,6,,,\n"
    table = read_interactions(write(tmp_path, text))
    assert table.to_pydict() == {
        "USER_ID": ["a", "a"],
        "ITEM_ID": ["x", "y"],
        "TIMESTAMP": [5, 6],
        "EVENT_TYPE": ["watch", None],
        "EVENT_VALUE": [0.5, None],
        "DEVICE": ["tv", None],
    }
    assert pa.types.is_dictionary(table["USER_ID"].type)


def test_interactions__columns_of_movielens(tmp_path: Path) -> None:
    table = read_interactions(write(tmp_path, "userId,movieId,rating,timestamp\n1,31,2.5,77\n"))
    assert table.to_pydict() == {
        "USER_ID": ["1"],
        "ITEM_ID": ["31"],
        "EVENT_VALUE": [2.5],
        "TIMESTAMP": [77],
    }


def test_interactions__parquet(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    rows = {"USER_ID": ["a"], "ITEM_ID": [7], "TIMESTAMP": pa.array([5], pa.timestamp("ms"))}
    pq.write_table(pa.table(rows), path)
    # Five milliseconds after 1970 began.
    expected = {"USER_ID": ["a"], "ITEM_ID": ["7"], "TIMESTAMP": [0]}
    assert read_interactions(path).to_pydict() == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("USER_ID,item,TIMESTAMP\na,x,1\n", "no column ITEM_ID .*it has USER_ID, item, TIMESTAMP"),
        ("USER_ID,ITEM_ID,TIMESTAMP\na,x,1\nb,y,soon\n", "line 3: TIMESTAMP 'soon': timestamp is"),
        ("USER_ID,ITEM_ID,TIMESTAMP\na,x,1600000000000\n", "line 2: .*in milliseconds"),
        ("USER_ID,ITEM_ID,TIMESTAMP\na,x,\nb,x,\n", "line 2: .*missing value .and 1 more such"),
        ("USER_ID,ITEM_ID,TIMESTAMP\n,x,1\n", "line 2: USER_ID '': missing value"),
        ("USER_ID,ITEM_ID,TIMESTAMP\na,x\n", "line 2: wrong number of fields"),
        ("userId,movieId,rating,timestamp\n1,2,good,3\n", "EVENT_VALUE 'good': value is not"),
        ("USER_ID,ITEM_ID,TIMESTAMP\n", "has no rows"),
        ("", "is empty"),
    ],
)
def test_interactions__refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        read_interactions(write(tmp_path, text))


@pytest.mark.parametrize(
    ("name", "message"),
    [("rows.tsv", "must end in .csv or .parquet"), ("rows.parquet", "no readable parquet file")],
)
def test_interactions__kinds_of_files(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        read_interactions(write(tmp_path, "USER_ID\n", name))


def items(folder: Path, column: str, values: list[str]) -> tuple[str, pa.ChunkedArray]:
    """Role and values of one column of items."""
    lines = [f"i{number},{value}" for number, value in enumerate(values)]
    found = read_items(write(folder, "\n".join([f"ITEM_ID,{column}", *lines, ""])))
    return found.roles[column], found.table[column]


@pytest.mark.parametrize(
    ("column", "values", "role"),
    [
        ("PRICE", ["1", "2.5", "", "-3"], "numeric"),
        ("TITLE", ["A", "B"], "name"),
        ("COLOUR", ["red", "blue", "red"], "categorical"),
        ("COLOUR", [f"c{n % 11}" for n in range(110)], "categorical"),
        ("GENRES", [f"g{n}|h{n}" for n in range(50)], "categorical"),
        ("PLOT", [f"A story about {n}" for n in range(50)], "textual"),
        ("CODE", ["7", "8", "x7"], "categorical"),
    ],
)
def test_items__role_of_a_column(tmp_path: Path, column: str, values: list[str], role: str) -> None:
    assert items(tmp_path, column, values)[0] == role


def test_items__empty_values_are_null(tmp_path: Path) -> None:
    assert items(tmp_path, "PRICE", ["1", ""])[1].to_pylist() == [1.0, None]
    assert items(tmp_path, "COLOUR", ["red", ""])[1].to_pylist() == ["red", None]


def test_items__schema_says_the_roles(tmp_path: Path) -> None:
    rows = [
        f'{n},"Film {n}, The",Drama|War,a long text number {n},short {n},{n}' for n in range(30)
    ]
    text = "\n".join(["movieId,title,genres,PLOT,NOTE,CREATION_TIMESTAMP", *rows, ""])
    found = read_items(write(tmp_path, text))
    schema = found.schema
    assert schema is not None
    flags = {f.column: (f.type, f.categorical, f.textual, f.item_name) for f in schema.fields}
    assert flags == {
        "ITEM_ID": ("string", False, False, False),
        "TITLE": ("string", False, False, True),
        "GENRES": ("string", True, False, False),
        "PLOT": ("string", False, True, False),
        "NOTE": ("string", False, False, False),  # Amazon allows one text: the longest
        "CREATION_TIMESTAMP": ("long", False, False, False),
    }
    assert found.table["TITLE"][3].as_py() == "Film 3, The"
    assert pa.types.is_int64(found.table["CREATION_TIMESTAMP"].type)


def test_items__a_name_alone_is_the_text(tmp_path: Path) -> None:
    found = read_items(write(tmp_path, "movieId,title\n1,Heat\n"))
    assert found.schema is not None
    title = found.schema.field("TITLE")
    assert title is not None
    assert (title.textual, title.item_name) == (True, True)


def test_users__have_no_schema(tmp_path: Path) -> None:
    found = read_users(write(tmp_path, "USER_ID,AGE,CITY\na,7,Rome\n"))
    assert found.roles == {"AGE": "numeric", "CITY": "categorical"}
    assert found.schema is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ITEM_ID,X\na,1\na,2\n", "ITEM_ID 'a' comes more than once"),
        ("ITEM_ID\na\n", "no metadata column beside ITEM_ID"),
        ("ITEM_ID,CREATION_TIMESTAMP\na,1\n", "beside ITEM_ID, CREATION_TIMESTAMP"),
        ("NAME\na\n", "no column ITEM_ID"),
    ],
)
def test_items__refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        read_items(write(tmp_path, text))


def test_tables__filters_need_their_columns(tmp_path: Path) -> None:
    tables = Tables(read_interactions(write(tmp_path, "USER_ID,ITEM_ID,TIMESTAMP\na,x,1\n")))
    with pytest.raises(TableError, match=r"'click' is asked for, .*no column EVENT_TYPE"):
        tables.data("click")
    with pytest.raises(TableError, match="no column EVENT_VALUE"):
        tables.data(min_value=0.5)
