"""Cleaning users of ml-1m and ml-100k."""

import io
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from personalize_assets.core.cleaning import OutputPaths, clean_users
from personalize_assets.core.movielens import Layout, LayoutKind, RawDataError

USERS_DAT = "2::M::56::16::70072\n1::F::1::10::48067\n3::M::25::99::1\n4::M::25::1\n"
U_USER = "2|53|F|other|94043\n10|24|M|technician|85711\n+1|24|M|artist|1\n5||M|artist|1\n"


@pytest.mark.parametrize(
    ("kind", "content", "rows", "reasons"),
    [
        (
            "dat",
            USERS_DAT,
            "1,1,F,K-12 student\n2,56,M,self-employed\n",
            {"age, gender or occupation is not known": 1, "wrong number of fields": 1},
        ),
        (
            "u",
            U_USER,
            "2,53,F,other\n10,24,M,technician\n",
            {"user id is not a valid id": 1, "missing value": 1},
        ),
    ],
)
def test_clean_users__layouts(
    tmp_path: Path, kind: LayoutKind, content: str, rows: str, reasons: dict[str, int]
) -> None:
    layout = Layout(kind, "ratings", "movies", "users")
    out = OutputPaths.in_folder(tmp_path, "users")
    report = clean_users(io.BytesIO(content.encode()), layout, out)
    assert out.csv.read_text() == "USER_ID,AGE,GENDER,OCCUPATION\n" + rows
    assert dict(report.reasons) == reasons
    assert (report.accounts.read, report.accounts.unaccounted) == (4, 0)
    assert pq.read_schema(out.parquet).equals(report.schema)


def test_clean_users__release_without(tmp_path: Path) -> None:
    layout = Layout("csv", "ratings.csv", "movies.csv")
    with pytest.raises(RawDataError, match="no file of users: only ml-1m and ml-100k have one"):
        clean_users(io.BytesIO(b""), layout, OutputPaths.in_folder(tmp_path, "users"))


def test_clean_users__no_valid_user(tmp_path: Path) -> None:
    layout = Layout("u", "u.data", "u.item", "u.user")
    with pytest.raises(RawDataError, match=r"u\.user has no valid user: 1 in quarantine"):
        clean_users(io.BytesIO(b"x\n"), layout, OutputPaths.in_folder(tmp_path, "users"))
