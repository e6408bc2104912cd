"""What `test_dataset_import_jobs` does not see: round trips, blocks, files in pieces."""

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize_assets.core.schemas import Schema, parse_schema
from personalize_assets.engine.jobs import csv_tables
from personalize_assets.engine.jobs.csv_tables import CsvError, arrow_schema, read_csv


def make_schema(**types: Any) -> Schema:
    fields = [{"name": name, "type": kind} for name, kind in types.items()]
    return parse_schema(json.dumps({"type": "record", "name": "Items", "fields": fields}))


ITEMS = make_schema(ITEM_ID="string", TITLE=["string", "null"], YEAR=["long", "null"])


def quote(value: str | None) -> str:
    """As Amazon Personalize asks for it."""
    if value is None:
        return ""
    if not set(value) & set(',"\\'):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), min_size=1, max_size=20
).filter(lambda text: text.strip() != "")


@settings(deadline=None)
@given(
    rows=st.lists(
        st.tuples(TEXT, st.none() | TEXT, st.none() | st.integers(-(10**17), 10**17)),
        min_size=1,
        max_size=20,
    ),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_read_csv__reads_what_was_written(
    rows: list[tuple[str, str | None, int | None]], line_end: str
) -> None:
    lines = ["ITEM_ID,TITLE,YEAR"]
    lines += [
        f"{quote(item)},{quote(title)},{'' if year is None else year}" for item, title, year in rows
    ]
    table = read_csv(io.BytesIO(line_end.join(lines).encode()), "x.csv", ITEMS)
    assert table.schema == arrow_schema(ITEMS)
    assert [tuple(row.values()) for row in table.to_pylist()] == rows


class Drops(io.RawIOBase):
    """A stream that gives a few bytes at a time, as networks do."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data = io.BytesIO(data)
        self._size = size

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._data.read(self._size if size < 0 else min(size, self._size))


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_read_csv__in_small_pieces(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_tables, "_BLOCK_BYTES", 64)
    lines = [f'{number},"title, {number % 3}",{number}' for number in range(200)]
    data = "\n".join(["\ufeffITEM_ID,TITLE,YEAR", *lines, ""]).encode()
    table = read_csv(Drops(data, size), "x.csv", ITEMS)  # type: ignore[arg-type]
    assert table["YEAR"].to_pylist() == list(range(200))
    assert table["TITLE"].to_pylist()[:4] == ["title, 0", "title, 1", "title, 2", "title, 0"]
    assert len(table["YEAR"].chunks) > 1


@pytest.mark.parametrize("at", [1, 57, 199])
def test_read_csv__counts_records_over_blocks(at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_tables, "_BLOCK_BYTES", 64)
    lines = [f"{number},t,{'x' if number == at else number}" for number in range(1, 200)]
    data = "\n".join(["ITEM_ID,TITLE,YEAR", *lines]).encode()
    with pytest.raises(CsvError, match=rf"^record {at} of x\.csv: YEAR must be .* got 'x'$"):
        read_csv(io.BytesIO(data), "x.csv", ITEMS)


def test_read_csv__stray_quote_never_swallows_rows_silently() -> None:
    lines = [f"{number},t,{number}" for number in range(1, 100)]
    for first, second in ((3, 3), (3, 4), (3, 50), (10, 99)):
        broken = list(lines)
        broken[first - 1] = f'{first},"t,{first}'
        if second != first:
            broken[second - 1] = f'{second},t",{second}'
        data = "\n".join(["ITEM_ID,TITLE,YEAR", *broken]).encode()
        with pytest.raises(CsvError, match=r"goes over the end of a line|has \d+ columns"):
            read_csv(io.BytesIO(data), "x.csv", ITEMS)


def test_read_csv__header_alone() -> None:
    table = read_csv(io.BytesIO(b"ITEM_ID,TITLE,YEAR\n"), "x.csv", ITEMS)
    assert (table.num_rows, table.schema) == (0, arrow_schema(ITEMS))


@pytest.mark.parametrize(
    "value", ["+7", " 7", "7 ", "7.0", "0x1F", "1e3", "--7", "٣", "1234567890123456789", "nan"]
)
def test_read_csv__what_is_no_whole_number(value: str) -> None:
    data = f"ITEM_ID,TITLE,YEAR\n1,t,{value}\n".encode()
    with pytest.raises(CsvError, match="YEAR must be a value of type long, got"):
        read_csv(io.BytesIO(data), "x.csv", ITEMS)


@pytest.mark.parametrize(
    ("text", "value"),
    [("7", 7.0), ("-7.5", -7.5), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0), ("1E-2", 0.01)],
)
def test_read_csv__decimals(text: str, value: float) -> None:
    schema = make_schema(ITEM_ID="string", D="double")
    table = read_csv(io.BytesIO(f"ITEM_ID,D\n1,{text}\n".encode()), "x.csv", schema)
    assert table["D"].to_pylist() == [value]


@pytest.mark.parametrize("value", ["+7", " 7", "0x1F", "inf", "nan", "1,5", "1e", "."])
def test_read_csv__what_is_no_decimal(value: str) -> None:
    schema = make_schema(ITEM_ID="string", D="double")
    with pytest.raises(CsvError, match="D must be a value of type double, got"):
        read_csv(io.BytesIO(f'ITEM_ID,D\n1,"{value}"\n'.encode()), "x.csv", schema)
