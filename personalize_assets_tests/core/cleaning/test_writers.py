"""CSV text and parquet types of the outputs."""

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_assets.core.cleaning.writers import (
    DECIMAL,
    format_column,
    format_lines,
    quote_csv,
    stored_column,
    write_table,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain text (1995)|x'y", "plain text (1995)|x'y"),
        ("a,b", '"a,b"'),
        ('"', r'"\""'),
        ("\\", r'"\\"'),
        ("a\nb", '"a\nb"'),
        ("a\rb", '"a\rb"'),
        ("", ""),
        ("é,", '"é,"'),
    ],
)
def test_quote_csv__only_where_needed(value: str, text: str) -> None:
    assert quote_csv(pa.array([value, "other"])).to_pylist() == [text, "other"]


@given(st.lists(st.text(max_size=8), min_size=1, max_size=5))
def test_quote_csv__reads_back(values: list[str]) -> None:
    def unquote(text: str) -> str:
        if not text.startswith('"'):
            return text
        return text[1:-1].replace("\\\\", "\0\0").replace('\\"', '"').replace("\0\0", "\\")

    values = [value.replace("\0", "") for value in values]
    assert [unquote(text) for text in quote_csv(pa.array(values)).to_pylist()] == values


def test_format_column__types() -> None:
    decimals = [Decimal("4"), Decimal("0.25"), Decimal("-0.000001"), Decimal("100"), None]
    assert format_column(pa.array(decimals, DECIMAL)).to_pylist() == [
        "4.0",
        "0.25",
        "-0.000001",
        "100.0",
        "",
    ]
    assert format_column(pa.array([1, None, -5])).to_pylist() == ["1", "", "-5"]
    assert format_column(pa.array(["a,", None])).to_pylist() == ['"a,"', ""]


def test_format_lines__slices() -> None:
    column = pa.array(["a", "b", "c"]).slice(1)
    assert bytes(format_lines([column, column])) == b"b,b\nc,c\n"
    assert bytes(format_lines([column.slice(2), column.slice(2)])) == b""


def test_write_table__both_files(tmp_path: Path) -> None:
    table = pa.table(
        {
            "ITEM_ID": pa.array(["1", "2"]),
            "PRICE": pa.array([Decimal("1.5"), None], DECIMAL),
            "YEAR": pa.array([1995, None], pa.int32()),
        }
    )
    schema = write_table(table, tmp_path / "t.csv", tmp_path / "t.parquet")
    assert (tmp_path / "t.csv").read_text() == "ITEM_ID,PRICE,YEAR\n1,1.5,1995\n2,,\n"
    read = pq.read_table(tmp_path / "t.parquet")
    assert read.schema == schema
    assert schema.types == [pa.string(), pa.float32(), pa.int32()]
    assert read.to_pylist() == [
        {"ITEM_ID": "1", "PRICE": 1.5, "YEAR": 1995},
        {"ITEM_ID": "2", "PRICE": None, "YEAR": None},
    ]


def test_stored_column__nearest_float() -> None:
    wanted = Decimal("23643249.400514")  # Arrow's cast makes 23643248 of it
    assert stored_column(pa.array([wanted, None], DECIMAL)).to_pylist() == [23643250.0, None]
