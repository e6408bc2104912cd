"""Spark and the embedded engine clean alike, byte for byte, whatever is in a file."""

import os
from pathlib import Path
from typing import Any, Final

import pytest

from personalize_assets.core.cleaning import CleaningRules
from personalize_assets.core.movielens import LayoutKind, find_layout
from personalize_assets.core.tables import TableSource
from personalize_assets.spark.report import Report
from personalize_assets_tests.spark.conftest import (
    SparkSessionBeside,
    check_same,
    layout_files,
)
from personalize_assets_tests.spark.traps import (
    BOM,
    KNOWN_MOVIES,
    KNOWN_SKUS,
    Case,
    layout,
    movies,
    ratings,
    table,
    users,
)

pytestmark = [
    pytest.mark.slow,
    # Spark is talked to through pipes, which a collector may find open.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

TEST_DATA: Final = os.environ.get("PERSONALIZE_ASSETS_TEST_DATA")
SAMPLE: Final = Path(__file__).parents[2] / "data"
ROWS: Final = 2_500

ALL: Final = CleaningRules.model_validate(
    {
        "events": [
            {"event_type": "watch", "above": 3},
            {"event_type": "Click", "above": 1},
            {"event_type": "seen", "above": -1e9},
        ],
        "mode": "all",
        "fraction": 0.6,
    }
)
TENTH: Final = CleaningRules.model_validate(
    {"events": [{"event_type": "love", "above": 4.25}], "fraction": 0.1}
)


@pytest.mark.parametrize(
    ("kind", "rules", "mark"),
    [("csv", CleaningRules(), BOM), ("dat", ALL, b""), ("u", TENTH, BOM + BOM)],
    ids=["csv", "dat", "u"],
)
def test_clean__ratings(
    spark: SparkSessionBeside, tmp_path: Path, kind: LayoutKind, rules: CleaningRules, mark: bytes
) -> None:
    content = mark + ratings(kind, ROWS, seed=1)
    case = Case("interactions", layout(kind), content, rules, KNOWN_MOVIES)
    report = check_same(spark, case, tmp_path)
    assert isinstance(report, Report)
    assert len(report.reasons) >= 10
    assert report.accounts["written"] > 0


@pytest.mark.parametrize(
    ("kind", "encoding"), [("csv", "utf-8"), ("dat", "utf-8"), ("u", "latin-1")]
)
def test_clean__movies(
    spark: SparkSessionBeside, tmp_path: Path, kind: LayoutKind, encoding: str
) -> None:
    case = Case("items", layout(kind), movies(kind, ROWS, seed=2, encoding=encoding))
    report = check_same(spark, case, tmp_path)
    assert isinstance(report, Report)
    assert report.accounts["quarantined"] > 100


def test_clean__movies_in_utf8_without_header(spark: SparkSessionBeside, tmp_path: Path) -> None:
    content = "1::Amélie (2001)::Comedy\n2::\U0001f3ac (1999)::Drama\n2::again::\n".encode()
    report = check_same(spark, Case("items", layout("dat"), content), tmp_path)
    assert isinstance(report, Report)
    assert report.preview[0][3] == "Amélie (2001)"


@pytest.mark.parametrize(("kind", "encoding"), [("dat", "utf-8"), ("u", "latin-1")])
def test_clean__users(
    spark: SparkSessionBeside, tmp_path: Path, kind: LayoutKind, encoding: str
) -> None:
    case = Case("users", layout(kind), users(kind, ROWS, seed=3, encoding=encoding))
    assert isinstance(check_same(spark, case, tmp_path), Report)


HEADER: Final = ("customer", "sku", "at", "amount", "kind", "device", "count", "size", "price")
KINDS: Final = ("id", "item", "time", "decimal", "type", "text", "int", "int", "decimal")
EVENTS: Final = {"USER_ID": "customer", "ITEM_ID": "sku", "TIMESTAMP": "at"}
METADATA: Final = {"DEVICE": "device", "COUNT": "count", "device": "size", "PRICE": "price"}
TYPES: Final = {"DEVICE": "text", "COUNT": "int", "device": "long", "PRICE": "float"}


@pytest.mark.parametrize(
    ("delimiter", "columns", "options", "rules", "known"),
    [
        (
            ",",
            {**EVENTS, **METADATA, "EVENT_TYPE": "kind", "EVENT_VALUE": "amount"},
            {"types": TYPES},
            CleaningRules(),
            KNOWN_SKUS,
        ),
        (";", {**EVENTS, "EVENT_VALUE": "amount"}, {"event_rules": True}, ALL, None),
        ("\t", {**EVENTS, "SKU_AGAIN": "sku"}, {"event_type": "buy"}, TENTH, None),
        ("|", EVENTS, {}, CleaningRules(), None),
    ],
    ids=["types and metadata", "rules", "constant", "no types"],
)
def test_clean__tables_of_interactions(
    spark: SparkSessionBeside,
    tmp_path: Path,
    delimiter: str,
    columns: dict[str, str],
    options: dict[str, Any],
    rules: CleaningRules,
    known: list[str] | None,
) -> None:
    declared = {"file": "raw.csv", "columns": columns, "delimiter": delimiter, **options}
    source = TableSource.model_validate({"interactions": declared})
    content = table(HEADER, KINDS, delimiter, ROWS, seed=4)
    report = check_same(spark, Case("interactions", source, content, rules, known), tmp_path)
    assert isinstance(report, Report)
    assert report.accounts["written"] > 0


ITEM_HEADER: Final = ("sku", "name", "since", "about", "weight", "stock", "unused")
ITEM_KINDS: Final = ("item", "decimal", "time", "text", "decimal", "int", "text")


@pytest.mark.parametrize("title", ["float", "text", "long"])
def test_clean__tables_of_items(spark: SparkSessionBeside, tmp_path: Path, title: str) -> None:
    columns = {"ITEM_ID": "sku", "ABOUT": "about", "CREATION_TIMESTAMP": "since", "TITLE": "name"}
    columns |= {"WEIGHT": "weight", "STOCK": "stock"}
    types = {"TITLE": title, "ABOUT": "text", "WEIGHT": "double", "STOCK": "int"}
    source = TableSource.model_validate(
        {
            "interactions": {"file": "events.csv", "columns": EVENTS},
            "items": {"file": "raw.csv", "columns": columns, "types": types},
        }
    )
    content = table(ITEM_HEADER, ITEM_KINDS, ",", ROWS, seed=5)
    assert isinstance(check_same(spark, Case("items", source, content), tmp_path), Report)


def test_clean__tables_of_users(spark: SparkSessionBeside, tmp_path: Path) -> None:
    source = TableSource.model_validate(
        {
            "interactions": {"file": "events.csv", "columns": EVENTS},
            "users": {
                "file": "raw.csv",
                "columns": {"USER_ID": "customer", "NOTE": "device", "VISITS": "count"},
                "types": {"VISITS": "long"},
                "delimiter": ";",
            },
        }
    )
    content = table(HEADER, KINDS, ";", ROWS, seed=6)
    assert isinstance(check_same(spark, Case("users", source, content), tmp_path), Report)


TABLE: Final = TableSource.model_validate({"interactions": {"file": "r.csv", "columns": EVENTS}})


@pytest.mark.parametrize(
    ("source", "content"),
    [
        (layout("csv"), None),
        (layout("csv"), b""),
        (layout("dat"), BOM + b" \n\r\n\t\n"),
        (layout("csv"), "userId,movieId,rating,timestamp\n".encode("utf-16")),
        (layout("csv"), b"1,2,3,4\n5,6,7,8\n"),
        (layout("csv"), b"user,movie\n1,2\n"),
        (layout("csv"), b"userId,movieId,rating,timestamp\n"),
        (layout("u"), b'garbage\n\n\xff"x"\n\n'),
        (TABLE, b"customer,sku\n1,2\n"),
        (TABLE, b"customer,sku,at,sku\n1,2,3,4\n"),
        (TABLE, b'customer,"sku,at\n1,2,3\n'),
        (TABLE, b"customer,sku,at\n,,\n"),
    ],
    ids=[
        *("missing", "empty", "blank", "UTF-16", "no header", "other columns", "header alone"),
        *("no valid rating", "column missing", "column twice", "quotes of header", "no valid row"),
    ],
)
def test_clean__refusals(
    spark: SparkSessionBeside, tmp_path: Path, source: Any, content: bytes | None
) -> None:
    known = None if source is TABLE else KNOWN_MOVIES
    message = check_same(spark, Case("interactions", source, content, known=known), tmp_path)
    assert isinstance(message, str)


def test_clean__replaces_what_was_there(spark: SparkSessionBeside, tmp_path: Path) -> None:
    """Fewer parts than before, no quarantine, and nothing written but the header."""
    many = Case("interactions", layout("u"), ratings("u", ROWS, seed=7), ALL, KNOWN_MOVIES)
    assert isinstance(check_same(spark, many, tmp_path), Report)
    none_left = Case("interactions", layout("u"), b"1\t2\t0.5\t7\n", known=KNOWN_MOVIES)
    report = check_same(spark, none_left, tmp_path)
    assert isinstance(report, Report)
    assert (report.accounts["written"], report.accounts["below_rule"]) == (0, 1)
    refused = Case("interactions", layout("u"), b"", known=KNOWN_MOVIES)
    assert isinstance(check_same(spark, refused, tmp_path), str)


def check_release(spark: SparkSessionBeside, folder: Path, tmp_path: Path) -> dict[str, Report]:
    source = find_layout([str(path) for path in folder.iterdir()])
    reports: dict[str, Report] = {}
    known: list[str] | None = None
    for dataset, name in layout_files(source).items():
        work = tmp_path / dataset
        work.mkdir()
        case = Case(dataset, source, Path(name).read_bytes(), known=known)
        report = check_same(spark, case, work)
        assert isinstance(report, Report)
        reports[dataset] = report
        ids = (work / "arrow" / f"{dataset}.csv").read_text(encoding="utf-8").splitlines()[1:]
        known = [line.partition(",")[0] for line in ids]
    return reports


def test_clean__sample(spark: SparkSessionBeside, tmp_path: Path) -> None:
    assert check_release(spark, SAMPLE, tmp_path)["interactions"].accounts["written"] > 0


@pytest.mark.realdata
@pytest.mark.skipif(TEST_DATA is None, reason="PERSONALIZE_ASSETS_TEST_DATA names no folder")
def test_clean__ml_latest_small(spark: SparkSessionBeside, tmp_path: Path) -> None:
    assert TEST_DATA is not None
    folder = next(Path(TEST_DATA).glob("**/ml-latest-small"), Path(TEST_DATA))
    reports = check_release(spark, folder, tmp_path)
    assert reports["interactions"].accounts["read"] == 100_836
