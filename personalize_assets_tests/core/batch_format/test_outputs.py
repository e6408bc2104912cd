"""Reading what a batch job answered: each good line, and why the others are none."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from personalize_assets.core.batch_format import outputs
from personalize_assets.core.batch_format.outputs import OutputReader
from personalize_assets_tests.core.batch_format.lines import (
    REQUIRED,
    answer,
    dump,
    failure,
    write_lines,
)

Rows = list[tuple[str, list[str], list[float | None]]]
Failures = list[tuple[int, str]]


def read(path: Path, field: Any = None) -> tuple[Rows, Failures]:
    rows: Rows = []
    failed: Failures = []
    for block in OutputReader(field).read(path):
        start = 0
        items, scores = block.answers.items.to_pylist(), block.answers.scores.to_pylist()
        assert len(items) == len(scores) == block.answers.counts.sum()
        for key, count in zip(block.answers.keys.to_pylist(), block.answers.counts, strict=True):
            rows.append((key, items[start : start + count], scores[start : start + count]))
            start += count
        failed.extend((line.line, line.reason) for line in block.failed)
    return rows, failed


def test_output_reader__good_lines(tmp_path: Path) -> None:
    lines = [answer("15000", ["1620", "1407"], [0.0183162, 0.0138807]), answer("7", ["9"], [1])]
    assert read(write_lines(tmp_path / "users.json.out", lines)) == (
        [("15000", ["1620", "1407"], [0.0183162, 0.0138807]), ("7", ["9"], [1.0])],
        [],
    )


def test_output_reader__recipes_without_scores(tmp_path: Path) -> None:
    lines = [answer("105", ["1", "2"], field="itemId"), answer("106", [], field="itemId")]
    path = write_lines(tmp_path / "items.json.out", lines)
    assert read(path) == ([("105", ["1", "2"], [None, None]), ("106", [], [])], [])


def test_output_reader__some_lines_without_scores(tmp_path: Path) -> None:
    lines = [answer("1", ["a", "b"]), answer("2", ["c"], [0.5]), answer("3", ["d"])]
    rows, _ = read(write_lines(tmp_path / "f", lines))
    assert rows == [("1", ["a", "b"], [None, None]), ("2", ["c"], [0.5]), ("3", ["d"], [None])]


def test_output_reader__failed_lines_keep_number_and_reason(tmp_path: Path) -> None:
    lines = [answer("1", ["a"], [1.0]), failure({"itemId": "7"}), "", answer("2", ["b"], [1.0])]
    rows, failed = read(write_lines(tmp_path / "f", lines))
    assert [key for key, _, _ in rows] == ["1", "2"]
    assert failed == [(2, REQUIRED)]


GOOD_OUTPUT = {"recommendedItems": ["a"], "scores": [0.5]}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"input":{"userId":"1"},"output":', "not JSON: Expecting value at column 34"),
        (dump({"input": {"userId": "1"}}), "the output has no list recommendedItems"),
        (
            dump({"input": {"userId": "1"}, "output": {"usersList": ["1"]}}),
            "the output has no list",
        ),
        (dump({"output": GOOD_OUTPUT}), "expected a query object, got null"),
        (dump({"input": {}, "output": GOOD_OUTPUT}), "neither userId nor itemId"),
        (dump({"input": {"userId": ""}, "output": GOOD_OUTPUT}), "userId is empty"),
        (answer("1", ["a", "b"], [0.5]), "expected 2 scores, one an item"),
        (answer("1", [None], [0.5]), "recommendedItems holds something that is no item id"),  # type: ignore[list-item]
        (answer("1", [""], [0.5]), "recommendedItems holds something that is no item id"),
        (answer("1", ["a"], ["0.5"]), "scores holds something that is no finite number"),  # type: ignore[list-item]
        (answer("1", ["a"], [True]), "scores holds something that is no finite number"),
        (answer("1", ["a"], [10**400]), "scores holds something that is no finite number"),
        (answer("1", ["a"], [float("nan")]), "not JSON: NaN"),
        (answer("1", ["a"], [float("inf")]), "not JSON: Infinity"),
        (failure({"userId": "1"}, {"code": 5}), '{"code": 5}'),  # type: ignore[arg-type]
        (failure({"userId": "1"}, ""), ""),
        (answer("1", ["a"], [0.5], field="itemId"), "answers a query by itemId in a job that is"),
        (answer("1", ["a"], [0.5]) * 2, "not JSON: Extra data"),
    ],
)
def test_output_reader__line_that_is_no_answer(tmp_path: Path, line: str, reason: str) -> None:
    good = answer("8", ["z"], [0.25])
    rows, failed = read(write_lines(tmp_path / "f", [good, line, good]))
    assert rows == [("8", ["z"], [0.25])] * 2
    assert [number for number, _ in failed] == [2]
    assert failed[0][1].startswith(reason)


def test_output_reader__whole_numbers_as_ids_are_taken(tmp_path: Path) -> None:
    line = dump({"input": {"userId": 12}, "output": GOOD_OUTPUT, "error": None})
    assert read(write_lines(tmp_path / "f", [answer("1", ["b"]), line])) == (
        [("1", ["b"], [None]), ("12", ["a"], [0.5])],
        [],
    )


def test_output_reader__members_it_does_not_know(tmp_path: Path) -> None:
    output = GOOD_OUTPUT | {"reasons": [["POPULAR"]], "theme": "x"}
    ranking = {"userId": "1", "itemList": ["a", "b"]}
    line = dump({"input": ranking, "output": output, "error": None, "more": {}})
    assert read(write_lines(tmp_path / "f", [line])) == ([("1", ["a"], [0.5])], [])


def test_output_reader__field_given(tmp_path: Path) -> None:
    both = dump({"input": {"itemId": "3", "userId": "4"}, "output": GOOD_OUTPUT, "error": None})
    lines = [answer("1", ["a"]), answer("2", ["b"], field="itemId"), both]
    rows, failed = read(write_lines(tmp_path / "f", lines), field="itemId")
    assert [key for key, _, _ in rows] == ["2"]
    reason = "answers a query by userId in a job that is asked by itemId"
    assert failed == [(1, reason), (3, reason)]


def test_output_reader__first_good_line_decides(tmp_path: Path) -> None:
    reader = OutputReader()
    lines = [failure({"userId": "1"}), "x", answer("2", ["b"], field="itemId")]
    blocks = list(reader.read(write_lines(tmp_path / "f", lines)))
    assert reader.field == "itemId"
    assert [len(block.answers.keys) for block in blocks] == [1]


ids = st.text(min_size=0, max_size=3)
answers = st.builds(
    answer,
    ids,
    st.lists(ids, max_size=3),
    st.none() | st.lists(st.floats(allow_nan=True), max_size=3),
    st.sampled_from(["userId", "userId", "userId", "itemId"]),
)
any_line = st.one_of(
    answers,
    answers,
    st.builds(failure, st.dictionaries(st.sampled_from(["userId", "itemId", "x"]), ids)),
    st.text(st.characters(blacklist_characters="\r\n", blacklist_categories=["Cs"]), max_size=9),
    st.recursive(
        st.none() | st.booleans() | st.integers() | ids,
        lambda inner: st.dictionaries(
            st.sampled_from(["input", "output", "error", "userId", "recommendedItems"]), inner
        ),
    ).map(json.dumps),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(any_line, max_size=8))
def test_output_reader__fast_and_slow_ways_agree(
    lines: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_lines(tmp_path / "f", lines)
    fast = read(path)
    with monkeypatch.context() as patch:
        patch.setattr(outputs, "parse_block", lambda *_: None)
        assert read(path) == fast
    assert len(fast[0]) + len(fast[1]) == sum(1 for line in lines if line.strip(" \t\v\f"))
