"""Segments: files of users for items or attributes, from the lines that the service writes."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from personalize_assets.core.batch_format import (
    ItemTitles,
    ResultPaths,
    TransformReport,
    sniff_question,
    transform_batch_output,
)
from personalize_assets_tests.core.batch_format.lines import dump, write_lines

TITLES = ItemTitles.from_table(
    pa.table({"ITEM_ID": ["858", "1"], "TITLE": ["Godfather, The (1972)", "Toy Story (1995)"]})
)
COMEDIES = 'ITEMS.genres = "Comedy"'


def segment(
    query: dict[str, Any], users: Sequence[str], member: str = "usersList", **more: Any
) -> str:
    return dump({"input": query, "output": {member: list(users)}, "error": None, **more})


def transform(
    folder: Path, lines: list[str], inputs: list[dict[str, Any]] | None = None
) -> tuple[TransformReport, ResultPaths]:
    out = write_lines(folder / "items.json.out", lines)
    expected = None
    if inputs is not None:
        expected = write_lines(folder / "items.json", [dump(line) for line in inputs])
    paths = ResultPaths.in_folder(folder, "segments")
    report = transform_batch_output(
        out, TITLES, paths, expected_inputs=expected, member="usersList"
    )
    return report, paths


def test_segments__the_three_files(tmp_path: Path) -> None:
    failed = segment({"itemId": "x"}, [], error="User error: no such item")
    lines = [
        segment({"itemId": "858"}, ["7", "15"]),
        failed,
        segment({"itemId": "99"}, ["a|b"]),
    ]

    report, paths = transform(
        tmp_path, lines, [{"itemId": "858"}, {"itemId": "99"}, {"itemId": "x"}]
    )

    assert paths.tidy.name == "segments.parquet"
    assert pq.read_table(paths.transformed).to_pydict() == {
        "itemId": [858, 99],
        "Users": ["7 | 15", "a|b"],
    }
    assert pq.read_table(paths.tidy).to_pylist() == [
        {"item_id": "858", "title": "Godfather, The (1972)", "rank": 1, "user_id": "7"},
        {"item_id": "858", "title": "Godfather, The (1972)", "rank": 2, "user_id": "15"},
        {"item_id": "99", "title": "99", "rank": 1, "user_id": "a|b"},
    ]
    assert [json.loads(line)["reason"] for line in paths.failed.read_text().splitlines()] == [
        "User error: no such item"
    ]
    assert report.accounted
    assert (report.inputs, report.users, report.rows, report.failed) == (3, 2, 3, 1)
    assert report.unknown_items == 1
    assert report.preview == (("858", ("7", "15")), ("99", ("a|b",)))


def test_segments__by_attributes(tmp_path: Path) -> None:
    query = {"itemAttributes": COMEDIES}

    report, paths = transform(tmp_path, [segment(query, ["7"])], [query])

    assert report.query == "itemAttributes"
    assert report.accounted
    assert pq.read_table(paths.transformed).to_pydict() == {
        "itemAttributes": [COMEDIES],
        "Users": ["7"],
    }
    assert pq.read_table(paths.tidy).column_names == [
        "item_attributes",
        "title",
        "rank",
        "user_id",
    ]


def test_segments__by_the_name_that_the_guide_has(tmp_path: Path) -> None:
    report, paths = transform(
        tmp_path, [segment({"itemId": "1"}, ["3", "4"], member="recommendedUsers")]
    )

    assert report.users == 1
    assert pq.read_table(paths.tidy)["user_id"].to_pylist() == ["3", "4"]


def test_segments__line_without_answer_is_accounted_for(tmp_path: Path) -> None:
    report, _ = transform(
        tmp_path, [segment({"itemId": "1"}, ["3"])], [{"itemId": "1"}, {"itemId": "2"}]
    )

    assert report.accounted
    assert report.reasons == {"no line of the output answers it": 1}


def test_segments__recommendations_are_no_segments(tmp_path: Path) -> None:
    report, _ = transform(tmp_path, [segment({"itemId": "1"}, ["3"], member="recommendedItems")])

    assert (report.users, report.failed) == (0, 1)
    assert report.reasons == {"the output has no list usersList": 1}


def test_segments__ids_that_become_text(tmp_path: Path) -> None:
    _, paths = transform(
        tmp_path, [segment({"itemId": "1"}, ["3"]), segment({"itemId": "007"}, ["4"])]
    )

    assert pq.read_table(paths.transformed)["itemId"].to_pylist() == ["1", "007"]


def test_segments__empty_output(tmp_path: Path) -> None:
    report, paths = transform(tmp_path, [], [])

    assert report.query == "itemId"
    assert pq.read_table(paths.tidy).num_rows == 0


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ({"userId": "1"}, "userId"),
        ({"itemId": "1"}, "itemId"),
        ({"itemAttributes": COMEDIES}, "itemAttributes"),
        ({"userId": "1", "itemList": ["2"]}, "itemList"),
        ({"itemList": ["2"]}, None),
        ({"userId": "1", "itemList": "2"}, "userId"),
    ],
)
def test_sniff_question__tells_jobs_apart(line: dict[str, Any], kind: str | None) -> None:
    start = b'broken\n{"what": "?"}\n' + dump(line).encode() + b"\n"

    assert sniff_question(start) == kind
