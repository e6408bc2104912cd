"""Cleaning movies into items: columns, quarantine, duplicates, layouts."""

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from personalize_assets.core.cleaning import EntitiesReport, OutputPaths, clean_movies
from personalize_assets.core.movielens import Layout, LayoutKind, RawDataError

CSV = '''\
movieId,title,genres
10,"American President, The (1995)",Comedy|Drama
2,"""Great Performances"" Cats (1998) ",Musical
9,,(no genres listed)
x,Bad id (1999),Drama
11,"Open quote (1999),Drama
,No id (1999),Drama
12,Too few

2,Cats (1998),Musical|Comedy
'''
DAT = "1::Misérables, Les (1995)::Drama|Musical\n2::Jumanji (1995)::Children's\n"
FLAGS = "|".join("1" if flag in {3, 4} else "0" for flag in range(19))
NO_FLAGS = "1" + "|0" * 18
U_ITEM = (
    f"1|Toy Story (1995)|01-Jan-1995||http://us.imdb.com/x|{FLAGS}\n"
    f"267|unknown||||{NO_FLAGS}\n"
    f"3|Misérables, Les (1935)|01-Jan-1935|||{FLAGS}\n"
    f"4|No date (1996)||||{FLAGS}\n"
)


def clean(content: str, kind: LayoutKind, folder: Path, encoding: str = "utf-8") -> EntitiesReport:
    layout = Layout(kind, "ratings", f"movies of {kind}")
    out = OutputPaths.in_folder(folder, "items")
    return clean_movies(io.BytesIO(content.encode(encoding)), layout, out)


def test_clean_movies__csv(tmp_path: Path) -> None:
    report = clean(CSV, "csv", tmp_path)
    assert (tmp_path / "items.csv").read_text() == (
        "ITEM_ID,GENRES,YEAR,TITLE\n"
        "2,Musical|Comedy,1998,Cats (1998)\n"
        "9,,,9\n"
        '10,Comedy|Drama,1995,"American President, The (1995)"\n'
    )
    assert (tmp_path / "items_quarantine.csv").read_text() == (
        "line,reason,text\n"
        '5,item id is not a valid id,"x,Bad id (1999),Drama"\n'
        '6,quotes do not match,"11,""Open quote (1999),Drama"\n'
        '7,missing value,",No id (1999),Drama"\n'
        '8,wrong number of fields,"12,Too few"\n'
        '9,empty line,""\n'
    )
    accounts = report.accounts
    assert (accounts.read, accounts.written, accounts.duplicates) == (9, 3, 1)
    assert (accounts.quarantined, accounts.unaccounted) == (5, 0)
    assert report.missing == {"GENRES": 1, "YEAR": 1, "TITLE": 1}
    assert report.ids.to_pylist() == ["2", "9", "10"]
    assert report.numeric_ids().tolist() == [2, 9, 10]


def test_clean_movies__parquet_types(tmp_path: Path) -> None:
    report = clean(CSV, "csv", tmp_path)
    table = pq.read_table(tmp_path / "items.parquet")
    assert table.schema == report.schema
    assert table.schema == pa.schema(
        [
            pa.field("ITEM_ID", pa.string(), nullable=False),
            pa.field("GENRES", pa.string()),
            pa.field("YEAR", pa.int32()),
            pa.field("TITLE", pa.string(), nullable=False),
        ]
    )
    assert table.to_pylist()[1] == {"ITEM_ID": "9", "GENRES": None, "YEAR": None, "TITLE": "9"}
    assert report.preview.num_rows == 3


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_clean_movies__dat(tmp_path: Path, encoding: str) -> None:
    clean(DAT, "dat", tmp_path, encoding)
    assert (tmp_path / "items.csv").read_text(encoding="utf-8") == (
        "ITEM_ID,GENRES,YEAR,TITLE\n"
        '1,Drama|Musical,1995,"Misérables, Les (1995)"\n'
        "2,Children's,1995,Jumanji (1995)\n"
    )


def test_clean_movies__u_has_creation_timestamps(tmp_path: Path) -> None:
    report = clean(U_ITEM, "u", tmp_path, "latin-1")
    assert (tmp_path / "items.csv").read_text(encoding="utf-8") == (
        "ITEM_ID,GENRES,YEAR,CREATION_TIMESTAMP,TITLE\n"
        "1,Animation|Children's,1995,788918400,Toy Story (1995)\n"
        '3,Animation|Children\'s,1935,0,"Misérables, Les (1935)"\n'
        "4,Animation|Children's,1996,820454400,No date (1996)\n"
        "267,,,0,unknown\n"
    )
    assert report.missing["CREATION_TIMESTAMP"] == 2
    assert not report.schema.field("CREATION_TIMESTAMP").nullable


@pytest.mark.parametrize("title", ["x" * 1001, "nul\0", "tab\t"])
def test_clean_movies__text_that_no_dataset_takes(tmp_path: Path, title: str) -> None:
    report = clean(f"movieId,title,genres\n1,{title},a\n2,B,a\n", "csv", tmp_path)
    assert report.reasons == {"text is too long or holds control characters": 1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "movies of csv is empty"),
        ("id,title\n1,a\n", "movies of csv has other columns: found 'id,title', wanted 'movieId,"),
        ("movieId,title,genres\nx,a,b\n", "movies of csv has no valid movie: 1 in quarantine"),
    ],
)
def test_clean_movies__refused(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(RawDataError) as caught:
        clean(content, "csv", tmp_path)
    assert message in str(caught.value)
    assert list(tmp_path.iterdir()) == []
