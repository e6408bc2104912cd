"""Rows of CSV and parquet files, and files that lack columns."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from personalize_assets.core.cleaning.definitions import Reason
from personalize_assets.core.cleaning.text_lines import split_line
from personalize_assets.core.movielens import RawDataError
from personalize_assets.core.movielens.formats import FileFormat
from personalize_assets.core.tables.batches import read_batches
from personalize_assets.core.tables.declaration import UsersTable

CSV = UsersTable(file="u.csv", columns={"USER_ID": "id", "NAME": "name", "AGAIN": "id"})
PARQUET = UsersTable(file="u.parquet", columns={"USER_ID": "id", "NAME": "name"})


def test_read_batches__csv(tmp_path: Path) -> None:
    path = tmp_path / "u.csv"
    path.write_bytes(
        b'\xef\xbb\xbf"id",x,name\r\n1,,Ann\r\n"2",,"B, ""b"""\n\n3,,"open\n4,,\xff\n5,\n6,,F\n'
    )
    (batch,) = read_batches(path, CSV)
    assert {name: column.to_pylist() for name, column in batch.columns.items()} == {
        "USER_ID": ["1", "2", "6"],
        "NAME": ["Ann", 'B, "b"', "F"],
        "AGAIN": ["1", "2", "6"],
    }
    assert batch.lines.tolist() == [2, 3, 8]
    assert batch.text(1) == b'"2",,"B, ""b"""'
    assert [(fault.line, fault.reason) for fault in batch.faults] == [
        (4, Reason.EMPTY_LINE),
        (5, Reason.QUOTES),
        (6, Reason.ENCODING),
        (7, Reason.FIELD_COUNT),
    ]


@pytest.mark.parametrize("delimiter", [";", "|", "\t"])
def test_read_batches__delimiters(tmp_path: Path, delimiter: str) -> None:
    table = CSV.model_copy(update={"delimiter": delimiter})
    path = tmp_path / "u.csv"
    path.write_text('id,name\n1,"x,y"\n2,z\n'.replace(",", delimiter))
    (batch,) = read_batches(path, table)
    assert batch.columns["NAME"].to_pylist() == [f"x{delimiter}y", "z"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(st.text('a,"\r\0é ', max_size=8), min_size=1, max_size=6))
def test_read_batches__every_line_as_split_line(tmp_path: Path, lines: list[str]) -> None:
    path = tmp_path / "u.csv"
    path.write_bytes("\n".join(["id,name", *lines, ""]).encode())
    (batch,) = read_batches(path, CSV)
    found = {fault.line: fault.reason for fault in batch.faults}
    for row, line in enumerate(batch.lines.tolist()):
        found[line] = [batch.columns[name][row].as_py() for name in ("USER_ID", "NAME")]
    form = FileFormat(",", ("id", "name"), has_header=True, quoted=True)
    assert found == {
        number: split_line(line.removesuffix("\r").encode(), "utf-8", form)
        for number, line in enumerate(lines, start=2)
    }


def test_read_batches__parquet(tmp_path: Path) -> None:
    path = tmp_path / "u.parquet"
    names = pa.array(["Ann", None, "Cäsar"]).dictionary_encode()
    pq.write_table(pa.table({"id": [1, 2, 3], "other": [0, 0, 0], "name": names}), path)
    (batch,) = read_batches(path, PARQUET)
    assert batch.columns["NAME"].to_pylist() == ["Ann", None, "Cäsar"]
    assert batch.columns["NAME"].type == pa.string()
    assert batch.lines.tolist() == [1, 2, 3]
    assert batch.text(2) == '{"id": 3, "name": "Cäsar"}'.encode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "u.csv is empty"),
        (b"id,Name\n1,a\n", "u.csv has no column name; it has id, Name"),
        (b"id,name,id\n", "u.csv has columns of the same name: id"),
        (b'id,"name\n', "u.csv: the quotes of its header do not match"),
    ],
)
def test_read_batches__csv_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "u.csv"
    path.write_bytes(content)
    with pytest.raises(RawDataError) as caught:
        list(read_batches(path, CSV))
    assert message in str(caught.value)


def test_read_batches__parquet_refused(tmp_path: Path) -> None:
    path = tmp_path / "u.parquet"
    with pytest.raises(RawDataError, match=r"u\.parquet is missing: .* is no file"):
        list(read_batches(path, PARQUET))
    path.write_bytes(b"id,name\n")
    with pytest.raises(RawDataError, match=r"u\.parquet is no readable parquet file"):
        list(read_batches(path, PARQUET))
    pq.write_table(pa.table({"id": [1]}), path)
    with pytest.raises(RawDataError, match=r"u\.parquet has no column name; it has id"):
        list(read_batches(path, PARQUET))
