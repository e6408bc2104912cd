"""Interactions of one's own, from file to files."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from personalize_assets.core.cleaning import CleaningReport, CleaningRules, OutputPaths
from personalize_assets.core.movielens import RawDataError
from personalize_assets.core.tables import InteractionsTable, clean_interactions_table

COLUMNS = {"USER_ID": "customer", "ITEM_ID": "sku", "TIMESTAMP": "at"}
CSV = '''\
customer,sku,at,amount,device
zoë,b,10,5,web
bob,b,10,2.50,tv
bob,a,10,,web
bob,a,10,1,"say ""hi"""
bob,a,10,1,tv
,a,10,1,web
Bob,c,10,x,web
Bob,c,1000000000000,1,web
Bob,c,9,0.5,web
'''


def clean(
    folder: Path,
    content: str | pa.Table,
    *,
    columns: dict[str, str] | None = None,
    item_ids: list[str] | None = None,
    rules: CleaningRules | None = None,
    **table: Any,
) -> CleaningReport:
    is_text = isinstance(content, str)
    name = "orders.csv" if is_text else "orders.parquet"
    if is_text:
        (folder / name).write_text(content, encoding="utf-8")
    else:
        pq.write_table(content, folder / name)
    declared = InteractionsTable(file=name, columns={**COLUMNS, **(columns or {})}, **table)
    return clean_interactions_table(
        folder / name,
        declared,
        None if item_ids is None else pa.array(item_ids),
        rules or CleaningRules(),
        OutputPaths.in_folder(folder, "interactions"),
    )


def written(folder: Path) -> str:
    return (folder / "interactions.csv").read_text(encoding="utf-8")


def test_clean_interactions_table__values_and_metadata(tmp_path: Path) -> None:
    columns = {"EVENT_VALUE": "amount", "DEVICE": "device"}
    report = clean(tmp_path, CSV, columns=columns)
    assert written(tmp_path) == (
        "USER_ID,ITEM_ID,TIMESTAMP,EVENT_VALUE,DEVICE\n"
        "Bob,c,9,0.5,web\n"
        'bob,a,10,1.0,"say \\"hi\\""\n'
        "bob,b,10,2.5,tv\n"
        "zoë,b,10,5.0,web\n"
    )
    assert (tmp_path / "interactions_quarantine.csv").read_text() == (
        "line,reason,text\n"
        '7,missing value,",a,10,1,web"\n'
        '8,value is not a decimal number,"Bob,c,10,x,web"\n'
        '9,timestamp is in milliseconds,"Bob,c,1000000000000,1,web"\n'
    )
    accounts = report.accounts
    assert (accounts.read, accounts.written, accounts.duplicates) == (9, 4, 2)
    assert (accounts.quarantined, accounts.unaccounted) == (3, 0)
    assert pq.read_table(tmp_path / "interactions.parquet").schema == report.schema
    assert report.event_counts == {}


def test_clean_interactions_table__constant_event(tmp_path: Path) -> None:
    report = clean(tmp_path, "customer,sku,at\nb,1,2\na,1,2\n", event_type="buy")
    assert written(tmp_path) == "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\na,1,2,buy\nb,1,2,buy\n"
    assert report.event_counts == {"buy": 2}


def test_clean_interactions_table__event_column_orders_by_bytes(tmp_path: Path) -> None:
    content = "customer,sku,at,what\na,1,2,é\na,1,2,view\na,1,2,Buy\na,1,2,\n"
    report = clean(tmp_path, content, columns={"EVENT_TYPE": "what"})
    types = [line.rpartition(",")[2] for line in written(tmp_path).splitlines()[1:]]
    assert types == ["Buy", "view", "é"]
    assert report.reasons == {"missing value": 1}


@pytest.mark.parametrize(
    ("mode", "rows", "extra"),
    [
        ("strongest", "a,1,2,watch,3.5\nb,1,2,click,2.0\n", 0),
        ("all", "a,1,2,click,3.5\na,1,2,watch,3.5\nb,1,2,click,2.0\n", 1),
    ],
)
def test_clean_interactions_table__event_rules(
    tmp_path: Path, mode: Any, rows: str, extra: int
) -> None:
    content = "customer,sku,at,stars\nb,1,2,2\na,1,2,3.5\nc,1,2,1\nd,1,2,\n"
    report = clean(
        tmp_path,
        content,
        columns={"EVENT_VALUE": "stars"},
        event_rules=True,
        rules=CleaningRules(mode=mode),
    )
    assert written(tmp_path) == "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE\n" + rows
    accounts = report.accounts
    assert (accounts.below_rule, accounts.quarantined) == (1, 1)
    assert (accounts.extra_events, accounts.unaccounted) == (extra, 0)


def test_clean_interactions_table__unknown_items(tmp_path: Path) -> None:
    report = clean(tmp_path, "customer,sku,at\na,1,2\na,2,2\n", item_ids=["1", "3"])
    assert report.reasons == {"item is not among the items": 1}
    assert report.accounts.written == 1


def test_clean_interactions_table__sample(tmp_path: Path) -> None:
    content = "customer,sku,at\n" + "".join(f"u{n},i{n},{n}\n" for n in range(400))
    half = clean(tmp_path, content, rules=CleaningRules(fraction=0.5)).accounts
    assert half.written + half.not_sampled == 400
    assert 160 < half.written < 240
    rows = written(tmp_path)
    clean(tmp_path, content, rules=CleaningRules(fraction=0.5))
    assert written(tmp_path) == rows


def test_clean_interactions_table__parquet(tmp_path: Path) -> None:
    table = pa.table(
        {
            "customer": [7, 10, None],
            "sku": pa.array(["b", "a", "c"]).dictionary_encode(),
            "at": pa.array([datetime(2020, 1, 1, tzinfo=UTC)] * 3),
            "amount": [0.1, 2.0, 3.0],
            "many": pa.array([1, None, 2], pa.int64()),
        }
    )
    report = clean(tmp_path, table, columns={"EVENT_VALUE": "amount", "MANY": "many"})
    assert written(tmp_path) == (
        "USER_ID,ITEM_ID,TIMESTAMP,EVENT_VALUE,MANY\n10,a,1577836800,2.0,\n7,b,1577836800,0.1,1\n"
    )
    assert (tmp_path / "interactions_quarantine.csv").read_text() == (
        'line,reason,text\n3,missing value,"{""customer"": null, ""sku"": ""c"", '
        '""at"": ""2020-01-01 00:00:00+00:00"", ""amount"": 3.0, ""many"": 2}"\n'
    )
    assert report.schema.field("MANY").type == pa.int64()


def test_clean_interactions_table__first_fault_is_the_reason(tmp_path: Path) -> None:
    content = "customer,sku,at,amount\na,b,1,1\n\0,,x,x\na,\0,x,x\na,b,x,x\na,b,x,1\n"
    clean(tmp_path, content, columns={"EVENT_VALUE": "amount"}, item_ids=["b"])
    lines = (tmp_path / "interactions_quarantine.csv").read_text().splitlines()[1:]
    assert [line.split(",")[1] for line in lines] == [
        "missing value",
        "item id is not a valid id",
        "value is not a decimal number",
        "timestamp is not epoch seconds",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("customer,sku,at\n", "orders.csv has no valid row: nothing was in quarantine"),
        ("customer,sku,at\na,b,x\n", "orders.csv has no valid row: 1 in quarantine, 1 of them"),
        ("customer,sku\na,b\n", "orders.csv has no column at; it has customer, sku"),
    ],
)
def test_clean_interactions_table__refused(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(RawDataError) as caught:
        clean(tmp_path, content)
    assert message in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["orders.csv"]
