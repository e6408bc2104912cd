"""Reading what a batch job is asked."""

from pathlib import Path

import pytest

from personalize_assets.core.batch_format import read_inputs, sniff_query_field
from personalize_assets_tests.core.batch_format.lines import write_lines


def test_read_inputs__users(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "users.json", ['{"userId": "4638"}', "", '{"userId": "663"}'])
    inputs = read_inputs(path)
    assert {field: ids.to_pylist() for field, ids in inputs.queries.items()} == {
        "userId": ["4638", "663"]
    }
    assert inputs.numbers["userId"].tolist() == [1, 3]
    assert inputs.broken == ()
    assert inputs.lines == 2


def test_read_inputs__broken_lines_are_told(tmp_path: Path) -> None:
    lines = [
        '{"userId": "1"}',
        '{"userId": "2"',
        '{"userId": 3}',
        '{"itemId": "4"}',
        '{"user": "5"}',
    ]
    inputs = read_inputs(write_lines(tmp_path / "users.json", lines))
    assert {field: ids.to_pylist() for field, ids in inputs.queries.items()} == {
        "userId": ["1", "3"],
        "itemId": ["4"],
    }
    assert inputs.numbers["userId"].tolist() == [1, 3]
    assert inputs.numbers["itemId"].tolist() == [4]
    assert [(line.file, line.line, line.reason, line.text) for line in inputs.broken] == [
        ("users.json", 2, "not JSON: Expecting ',' delimiter at column 15", '{"userId": "2"'),
        (
            "users.json",
            5,
            "neither userId nor itemId nor itemAttributes; found user",
            '{"user": "5"}',
        ),
    ]
    assert inputs.lines == 5


def test_read_inputs__array_instead_of_lines(tmp_path: Path) -> None:
    inputs = read_inputs(write_lines(tmp_path / "users.json", ['[{"userId": "1"}]']))
    assert inputs.queries == {}
    assert inputs.broken[0].reason == "expected a JSON object, got a list"


@pytest.mark.parametrize("lines", [[], ["", " "]])
def test_read_inputs__empty(tmp_path: Path, lines: list[str]) -> None:
    inputs = read_inputs(write_lines(tmp_path / "users.json", lines))
    assert (inputs.lines, inputs.queries, inputs.broken) == (0, {}, ())
    assert sniff_query_field([inputs]) is None


def test_read_inputs__empty_id_among_good_ones(tmp_path: Path) -> None:
    inputs = read_inputs(write_lines(tmp_path / "f", ['{"userId":"1"}', '{"userId":""}']))
    assert inputs.queries["userId"].to_pylist() == ["1"]
    assert inputs.broken[0].reason == "userId is empty"


def test_read_inputs__joined_files_with_marks(tmp_path: Path) -> None:
    path = tmp_path / "users.json"
    path.write_bytes(b'\xef\xbb\xbf{"userId":"1"}\n\xef\xbb\xbf{"userId":"2"}\n')
    assert read_inputs(path).queries["userId"].to_pylist() == ["1", "2"]


def test_read_inputs__no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_inputs(tmp_path / "users.json")


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        (['{"userId":"1"}', '{"itemId":"1"}', '{"itemId":"2"}'], "itemId"),
        (['{"userId":"1"}', '{"itemId":"1"}', '{"userId":"2"}'], "userId"),
        (['{"userId":"1"}', '{"itemId":"1"}'], "userId"),
        (["x"], None),
    ],
)
def test_sniff_query_field(tmp_path: Path, lines: list[str], field: str | None) -> None:
    assert sniff_query_field([read_inputs(write_lines(tmp_path / "f", lines))]) == field
