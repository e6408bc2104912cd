"""Cleaning ratings from file to files: every layout, every account, every refusal."""

import hashlib
import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from personalize_assets.core.cleaning import (
    CleaningReport,
    CleaningRules,
    OutputPaths,
    clean_movies,
    clean_ratings,
    clean_users,
)
from personalize_assets.core.cleaning import ratings as ratings_module
from personalize_assets.core.cleaning.rating_lines import explain_line
from personalize_assets.core.cleaning.sampling import kept
from personalize_assets.core.movielens import (
    Layout,
    LayoutKind,
    RawDataError,
    find_layout,
    open_release,
)
from personalize_assets.core.movielens.formats import RATINGS

HEADER = "userId,movieId,rating,timestamp\n"
KNOWN = np.array([1, 2, 3, 10])
LAYOUT = Layout("csv", "ratings.csv", "movies.csv")
TEST_DATA = os.environ.get("PERSONALIZE_ASSETS_TEST_DATA")

# Two users out of order, equal times, one duplicate with a higher rating, one below the rule, one
# line of garbage, one unknown movie.
ROWS = """\
10,2,4.0,1000
9,10,2.5,1000
9,2,5,1000
9,2,4.5,1000
9,1,1.0,900
garbage
9,4,3.0,900
9,3,3.0,4102444800
"""
STRONGEST = """\
USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE
9,2,1000,watch,5.0
9,10,1000,click,2.5
10,2,1000,watch,4.0
9,3,4102444800,click,3.0
"""
ALL = """\
USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE
9,2,1000,click,5.0
9,2,1000,watch,5.0
9,10,1000,click,2.5
10,2,1000,click,4.0
10,2,1000,watch,4.0
9,3,4102444800,click,3.0
"""


def clean(text: str | bytes, folder: Path, **rules: Any) -> CleaningReport:
    content = text.encode() if isinstance(text, str) else text
    out = OutputPaths.in_folder(folder, "interactions")
    return clean_ratings(io.BytesIO(content), LAYOUT, KNOWN, CleaningRules(**rules), out)


def test_clean_ratings__strongest(tmp_path: Path) -> None:
    report = clean(HEADER + ROWS, tmp_path)
    assert (tmp_path / "interactions.csv").read_text() == STRONGEST
    assert (tmp_path / "interactions_quarantine.csv").read_text() == (
        "line,reason,text\n"
        '7,wrong number of fields,"garbage"\n'
        '8,item is not among the items,"9,4,3.0,900"\n'
    )
    accounts = report.accounts
    assert (accounts.read, accounts.written, accounts.duplicates) == (8, 4, 1)
    assert (accounts.quarantined, accounts.below_rule) == (2, 1)
    assert (accounts.not_sampled, accounts.extra_events, accounts.unaccounted) == (0, 0, 0)
    assert report.event_counts == {"click": 2, "watch": 2}
    assert (report.users, report.items, report.users_with_two_or_more) == (2, 3, 1)
    assert (report.min_timestamp, report.max_timestamp) == (1000, 4_102_444_800)
    assert report.reasons == {"wrong number of fields": 1, "item is not among the items": 1}


def test_clean_ratings__all(tmp_path: Path) -> None:
    report = clean(HEADER + ROWS, tmp_path, mode="all")
    assert (tmp_path / "interactions.csv").read_text() == ALL
    # Valid rows 10,2 and 9,2 (twice) meet both rules: three extra events; the second 9,2 gives two
    # duplicates.
    accounts = report.accounts
    assert (accounts.extra_events, accounts.duplicates, accounts.unaccounted) == (3, 2, 0)


def test_clean_ratings__parquet_holds_the_same(tmp_path: Path) -> None:
    report = clean(HEADER + ROWS, tmp_path)
    table = pq.read_table(tmp_path / "interactions.parquet")
    assert table.schema == report.schema
    assert [field.nullable for field in table.schema] == [False, False, False, False, True]
    lines = [",".join(str(value) for value in row.values()) for row in table.to_pylist()]
    assert "\n".join(lines) + "\n" == STRONGEST.partition("\n")[2]
    assert report.preview.to_pylist() == table.to_pylist()


def test_clean_ratings__report_is_json_and_names_files(tmp_path: Path) -> None:
    report = clean(HEADER + ROWS, tmp_path)
    content = json.loads(json.dumps(report.as_dict()))
    assert content["accounts"]["read"] == 8
    digest = hashlib.sha256(STRONGEST.encode()).hexdigest()
    assert content["files"]["csv"]["sha256"] == digest
    assert set(content["files"]) == {"csv", "parquet", "quarantine"}
    assert content["columns"]["EVENT_VALUE"] == "float"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("kind", ["csv", "dat", "u"])
def test_clean_ratings__layouts_give_the_same(tmp_path: Path, kind: LayoutKind, end: str) -> None:
    form = RATINGS[kind]
    content = (HEADER if form.has_header else "") + ROWS
    content = content.replace(",", form.delimiter).replace("\n", end)
    layout = Layout(kind, "ratings", "movies")
    out = OutputPaths.in_folder(tmp_path, "interactions")
    path = tmp_path / "raw"
    path.write_text(content, newline="")
    report = clean_ratings(path, layout, KNOWN, CleaningRules(), out)
    assert out.csv.read_text() == STRONGEST
    first_bad = 7 if form.has_header else 6
    assert out.quarantine.read_text().splitlines()[1].startswith(f"{first_bad},")
    assert report.accounts.unaccounted == 0


def test_clean_ratings__from_a_zip_of_ml_1m(tmp_path: Path) -> None:
    path = tmp_path / "ml-1m.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ml-1m/README", "about")
        archive.writestr("ml-1m/ratings.dat", ROWS.replace(",", "::"))
        archive.writestr("ml-1m/movies.dat", "".join(f"{n}::T::x\n" for n in (1, 2, 3, 10)))
        archive.writestr("ml-1m/users.dat", "9::F::1::10::48067\n")
    with open_release(path) as release:
        layout = find_layout(release.names)
        assert layout.users is not None
        with release.open(layout.movies) as movies:
            items = clean_movies(movies, layout, OutputPaths.in_folder(tmp_path, "items"))
        with release.open(layout.users) as users:
            clean_users(users, layout, OutputPaths.in_folder(tmp_path, "users"))
        with release.open(layout.ratings) as ratings:
            out = OutputPaths.in_folder(tmp_path, "interactions")
            clean_ratings(ratings, layout, items.numeric_ids(), CleaningRules(), out)
    assert out.csv.read_text() == STRONGEST
    assert (tmp_path / "users.csv").read_text().endswith("\n9,1,F,K-12 student\n")


def test_clean_ratings__blocks_do_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = clean(HEADER + ROWS, tmp_path / "whole")
    read_blocks = ratings_module.read_blocks
    monkeypatch.setattr(
        ratings_module, "read_blocks", lambda *args: read_blocks(*args, block_bytes=20)
    )
    cut = clean(HEADER + ROWS, tmp_path / "cut")
    for name in whole.files:
        assert whole.files[name].sha256 == cut.files[name].sha256, name


def test_clean_ratings__stray_quote_and_nul_cost_one_row(tmp_path: Path) -> None:
    rows = '1,1,3.0,5\n1,2,"3.0,6\n1,3,3.0,7\n1,10,\0,8\n2,1,3.0,9\n'
    report = clean(HEADER + rows, tmp_path)
    assert report.accounts.written == 3
    assert (tmp_path / "interactions_quarantine.csv").read_bytes() == (
        b'line,reason,text\n3,value is not a decimal number,"1,2,""3.0,6"\n'
        b'5,value is not a decimal number,"1,10,\0,8"\n'
    )


@pytest.mark.parametrize("fraction", [0.3, 0.5])
def test_clean_ratings__sample(tmp_path: Path, fraction: float) -> None:
    rows = "".join(f"{user},{item},4.0,{user}\n" for user in range(1, 60) for item in (1, 2, 3, 10))
    report = clean(HEADER + rows, tmp_path, fraction=fraction)
    expected = [
        f"{user},{item},{user},watch,4.0"
        for user in range(1, 60)
        for item in (1, 2, 3, 10)
        if kept(np.array([user]), np.array([item]), fraction)[0]
    ]
    assert (tmp_path / "interactions.csv").read_text().splitlines()[1:] == expected
    assert report.accounts.not_sampled == 59 * 4 - len(expected)
    assert report.accounts.unaccounted == 0


def test_clean_ratings__all_below_the_rule_is_an_empty_file(tmp_path: Path) -> None:
    report = clean(HEADER + "1,1,1.0,5\n", tmp_path)
    assert (tmp_path / "interactions.csv").read_text() == STRONGEST.partition("\n")[0] + "\n"
    assert pq.read_table(tmp_path / "interactions.parquet").num_rows == 0
    assert report.accounts.below_rule == 1
    assert report.min_timestamp is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "ratings.csv is empty"),
        (b"1,1,3.0,5\n", "ratings.csv has no header: its first line is '1,1,3.0,5'"),
        (b"movieId,title,genres\n1,a,b\n", "ratings.csv has other columns: found 'movieId,title"),
        ((HEADER + ROWS).encode("utf-16"), "ratings.csv is in UTF-16"),
        (HEADER.encode(), "ratings.csv has no valid rating: nothing was in quarantine"),
        (
            HEADER.encode() + b"1,1,3.0,1700000000000\n2,1,3.0,1700000000000\n",
            "ratings.csv has no valid rating: 2 in quarantine, 2 of them because: timestamp is in "
            "milliseconds; the first is line 2, timestamp is in milliseconds: "
            "'1,1,3.0,1700000000000'",
        ),
    ],
)
def test_clean_ratings__refused_and_nothing_written(
    tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "interactions.csv").write_text("of an earlier run")
    with pytest.raises(RawDataError) as caught:
        clean(content, tmp_path)
    assert message in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["interactions.csv"]
    assert (tmp_path / "interactions.csv").read_text() == "of an earlier run"


def test_clean_ratings__missing_file(tmp_path: Path) -> None:
    out = OutputPaths.in_folder(tmp_path / "out", "interactions")
    with pytest.raises(RawDataError, match=r"ratings.csv is missing: .* is no file"):
        clean_ratings(tmp_path / "ratings.csv", LAYOUT, KNOWN, CleaningRules(), out)


def test_clean_ratings__progress(tmp_path: Path) -> None:
    seen: list[tuple[str, int]] = []
    clean_ratings(
        io.BytesIO((HEADER + ROWS).encode()),
        LAYOUT,
        KNOWN,
        CleaningRules(),
        OutputPaths.in_folder(tmp_path, "interactions"),
        lambda stage, rows: seen.append((stage, rows)),
    )
    assert seen == [("read", 8), ("sort", 4), ("write", 4)]


CELL = st.sampled_from(
    ["1", "2", "3", "10", "4", "007", "", "3.5", "5", "0.5", '"', "x\r", "99999999999"]
)
LINE = st.lists(CELL, min_size=3, max_size=5).map(",".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(LINE, max_size=12),
    mode=st.sampled_from(["strongest", "all"]),
    fraction=st.sampled_from([1.0, 0.5]),
)
def test_clean_ratings__agrees_with_plain_python(
    tmp_path: Path, lines: list[str], mode: str, fraction: float
) -> None:
    lines = ["1,1,5,1", *lines]
    report = clean(HEADER + "\n".join(lines) + "\n", tmp_path, mode=mode, fraction=fraction)
    assert report.accounts.unaccounted == 0
    events: dict[tuple[int, int, int, str], float] = {}
    for line in (line.removesuffix("\r") for line in lines):
        if explain_line(line.encode(), RATINGS["csv"]) is not None:
            continue
        user, item, rating, time = line.split(",")
        if int(item) not in KNOWN or not 0.5 <= float(rating) <= 5 or int(time) > 4_102_444_800:
            continue
        if not kept(np.array([int(user)]), np.array([int(item)]), fraction)[0]:
            continue
        names = [name for name, above in (("watch", 3), ("click", 1)) if float(rating) > above]
        for name in names if mode == "all" else names[:1]:
            key = (int(time), int(user), int(item), name)
            events[key] = max(float(rating), events.get(key, 0))
    expected = [f"{u},{i},{t},{name},{value}" for (t, u, i, name), value in sorted(events.items())]
    assert (tmp_path / "interactions.csv").read_text().splitlines()[1:] == expected


@pytest.mark.realdata
@pytest.mark.skipif(TEST_DATA is None, reason="PERSONALIZE_ASSETS_TEST_DATA names no folder")
def test_clean_ratings__ml_latest_small(tmp_path: Path) -> None:
    folder = Path(TEST_DATA or "") / "ml-latest-small"
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing")
    layout = find_layout(path.name for path in folder.iterdir())
    items = clean_movies(folder / layout.movies, layout, OutputPaths.in_folder(tmp_path, "items"))
    assert (items.accounts.written, items.accounts.quarantined) == (9742, 0)
    assert items.missing == {"GENRES": 34, "YEAR": 12, "TITLE": 0}
    out = OutputPaths.in_folder(tmp_path, "interactions")
    ratings = folder / layout.ratings
    report = clean_ratings(ratings, layout, items.numeric_ids(), CleaningRules(), out)
    # 61,716 ratings are above 3, 96,655 above 1: awk -F, '$3>3' and '$3>1' over the file.
    assert report.event_counts == {"click": 96_655 - 61_716, "watch": 61_716}
    assert (report.accounts.read, report.accounts.below_rule) == (100_836, 4_181)
    both = clean_ratings(ratings, layout, items.numeric_ids(), CleaningRules(mode="all"), out)
    # The 158,371 rows of Amazon's own preparation of this file.
    assert both.accounts.written == 158_371
