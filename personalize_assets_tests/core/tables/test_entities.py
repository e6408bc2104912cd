"""Items and users of one's own, from file to files."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from personalize_assets.core.cleaning import OutputPaths
from personalize_assets.core.movielens import RawDataError
from personalize_assets.core.tables import (
    ItemsTable,
    UsersTable,
    clean_items_table,
    clean_users_table,
)

ITEMS = ItemsTable(
    file="goods.csv",
    columns={
        "ITEM_ID": "sku",
        "CATEGORY": "category",
        "PRICE": "price",
        "CREATION_TIMESTAMP": "since",
        "TITLE": "name",
    },
    types={"PRICE": "float"},
)


def test_clean_items_table__csv(tmp_path: Path) -> None:
    path = tmp_path / "goods.csv"
    path.write_text(
        "sku,name,category,price,since\n"
        "b,old,tools,1,5\n"
        "a,,garden|tools,,\n"
        "c,x,tools,cheap,5\n"
        ",x,tools,1,5\n"
        "d,x,tools,1,5.5\n"
        'b,"Hammer, big",tools,12.90,1500000000\n'
    )
    out = OutputPaths.in_folder(tmp_path / "out", "items")
    report = clean_items_table(path, ITEMS, out)
    assert out.csv.read_text() == (
        "ITEM_ID,CATEGORY,PRICE,CREATION_TIMESTAMP,TITLE\n"
        "a,garden|tools,,0,a\n"
        'b,tools,12.9,1500000000,"Hammer, big"\n'
    )
    assert dict(report.reasons) == {
        "metadata value does not fit its type": 1,
        "missing value": 1,
        "timestamp is not epoch seconds": 1,
    }
    assert (report.accounts.duplicates, report.accounts.unaccounted) == (1, 0)
    assert report.missing == {"CATEGORY": 0, "PRICE": 1, "CREATION_TIMESTAMP": 1, "TITLE": 1}
    assert report.ids.to_pylist() == ["a", "b"]
    assert pq.read_schema(out.parquet).equals(report.schema)
    assert report.schema.field("PRICE").type == pa.float32()
    assert [field.name for field in report.schema if not field.nullable] == [
        "ITEM_ID",
        "CREATION_TIMESTAMP",
        "TITLE",
    ]


def test_clean_users_table__parquet_orders_by_bytes(tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    pq.write_table(pa.table({"id": [9, 10, 9], "age": pa.array([1, None, 3], pa.int8())}), path)
    table = UsersTable(file="people.parquet", columns={"USER_ID": "id", "AGE": "age"})
    out = OutputPaths.in_folder(tmp_path, "users")
    report = clean_users_table(path, table, out)
    assert out.csv.read_text() == "USER_ID,AGE\n10,\n9,3\n"
    assert report.accounts.duplicates == 1


def test_clean_users_table__no_valid_row(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("id,age\n,4\n")
    table = UsersTable(file="people.csv", columns={"USER_ID": "id", "AGE": "age"})
    with pytest.raises(RawDataError, match=r"people\.csv has no valid row: 1 in quarantine"):
        clean_users_table(path, table, OutputPaths.in_folder(tmp_path, "users"))
    assert [file.name for file in tmp_path.iterdir()] == ["people.csv"]
