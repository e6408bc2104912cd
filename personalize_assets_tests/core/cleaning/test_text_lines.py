"""Splitting quoted lines and choosing the encoding of small files."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_assets.core.cleaning.definitions import Reason
from personalize_assets.core.cleaning.fields import split_csv
from personalize_assets.core.cleaning.quarantine import Fault
from personalize_assets.core.cleaning.text_lines import Record, read_records, split_line
from personalize_assets.core.movielens.formats import MOVIES

FIELDS = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=8)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("a,b,c", ["a", "b", "c"]),
        ("", [""]),
        (",", ["", ""]),
        ('1,"American President, The (1995)",x', ["1", "American President, The (1995)", "x"]),
        ('1,"""Great Performances"" Cats",x', ["1", '"Great Performances" Cats', "x"]),
        ('1,6" tall,x', ["1", '6" tall', "x"]),
        ('"",""', ["", ""]),
        ('1,"open', None),
        ('1,"closed"too,x', None),
        ('1,"a""', None),
        ('"', None),
    ],
)
def test_split_csv__lines(text: str, fields: list[str] | None) -> None:
    assert split_csv(text) == fields


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
@given(fields=st.lists(FIELDS, min_size=2, max_size=4))
def test_split_csv__reads_what_csv_writes(fields: list[str], delimiter: str) -> None:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator="").writerow(fields)
    assert split_csv(stream.getvalue(), delimiter) == fields


@pytest.mark.parametrize(
    ("raw", "result"),
    [
        (b"", Reason.EMPTY_LINE),
        (b"1,\xff,x", Reason.ENCODING),
        (b'1,"x,y', Reason.QUOTES),
        (b"1,x", Reason.FIELD_COUNT),
        (b"1,x,y,z", Reason.FIELD_COUNT),
        (b"1,x,y", ["1", "x", "y"]),
    ],
)
def test_split_line__faults(raw: bytes, result: Reason | list[str]) -> None:
    assert split_line(raw, "utf-8", MOVIES["csv"]) == result


def test_read_records__numbers_lines_and_keeps_bytes() -> None:
    stream = io.BytesIO(b"movieId,title,genres\r\n1,A,x\r\n\r\n2,B,y")
    assert list(read_records(stream, "movies.csv", MOVIES["csv"])) == [
        Record(2, b"1,A,x", ["1", "A", "x"]),
        Fault(3, Reason.EMPTY_LINE, b""),
        Record(4, b"2,B,y", ["2", "B", "y"]),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_read_records__dat_is_utf8_or_else_latin1(encoding: str) -> None:
    stream = io.BytesIO("1::Les Misérables \x85::Drama\n2::B::x\n".encode(encoding))
    first = next(iter(read_records(stream, "movies.dat", MOVIES["dat"])))
    assert isinstance(first, Record)
    assert first.fields == ["1", "Les Misérables \x85", "Drama"]
