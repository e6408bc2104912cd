"""Every line of the input is somewhere: answered or failed, wherever the output puts it."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from personalize_assets.core.batch_format.accounting import Account, account_for
from personalize_assets.core.batch_format.inputs import read_inputs
from personalize_assets.core.batch_format.queries import FailedLine
from personalize_assets_tests.core.batch_format.lines import write_lines

SILENT = "no line of the output answers it"


def asked(*ids: str) -> list[str]:
    return [f'{{"userId": "{key}"}}' for key in ids]


def account(
    tmp_path: Path, inputs: list[str], answered: list[str], failed: list[FailedLine]
) -> Account:
    path = write_lines(tmp_path / "users.json", inputs)
    return account_for([read_inputs(path)], "userId", pa.array(answered, pa.string()), failed)


def failed_output(number: int, key: str | None, reason: str) -> FailedLine:
    query = None if key is None else ("userId", key)
    return FailedLine("users.json.out", number, reason, "?", query)


def reasons(account: Account) -> list[tuple[str, int, str]]:
    return [(line.file, line.line, line.reason) for line in account.failed]


def test_account__order_means_nothing(tmp_path: Path) -> None:
    assert account(tmp_path, asked("1", "2", "3"), ["3", "1", "2"], []) == Account(3, (), 0)


def test_account__failed_line_told_by_its_place_in_the_input(tmp_path: Path) -> None:
    result = account(tmp_path, asked("1", "2", "3"), ["3", "1"], [failed_output(1, "2", "why")])
    assert reasons(result) == [("users.json", 2, "why")]
    assert result.failed[0].text == '{"userId": "2"}'
    assert (result.inputs, result.unexpected) == (3, 0)


def test_account__line_nobody_answered(tmp_path: Path) -> None:
    result = account(tmp_path, asked("1", "2", "3"), ["3", "1"], [])
    assert reasons(result) == [("users.json", 2, SILENT)]


def test_account__twice_asked_once_answered(tmp_path: Path) -> None:
    result = account(tmp_path, asked("1", "2", "1"), ["1", "2"], [])
    assert reasons(result) == [("users.json", 3, SILENT)]
    assert account(tmp_path, asked("1", "2", "1"), ["1", "1", "2"], []).failed == ()


def test_account__answer_nobody_asked_for(tmp_path: Path) -> None:
    result = account(tmp_path, asked("1"), ["1", "2", "1"], [failed_output(4, "9", "why")])
    assert reasons(result) == [("users.json.out", 4, "why")]
    assert result.unexpected == 3


def test_account__broken_line_and_what_the_service_says_of_it_are_one(tmp_path: Path) -> None:
    broken = failed_output(2, None, "User error: not JSON")
    result = account(tmp_path, [*asked("1"), "{", *asked("2")], ["1", "2"], [broken])
    assert [(file, line) for file, line, _ in reasons(result)] == [("users.json", 2)]
    assert result.failed[0].reason.startswith("not JSON: Expecting property name")
    assert (result.inputs, result.unexpected) == (3, 0)


def test_account__unreadable_output_explains_a_silence(tmp_path: Path) -> None:
    result = account(tmp_path, asked("1", "2"), ["1"], [failed_output(2, None, "not JSON: x")])
    assert reasons(result) == [
        (
            "users.json",
            2,
            "no readable line of the output answers it; "
            "line 2 of users.json.out is unreadable: not JSON: x",
        )
    ]
    assert result.unexpected == 0


def test_account__query_of_another_kind(tmp_path: Path) -> None:
    lines = [*asked("1"), '{"itemId": "1"}', '{"itemId": "2"}']
    error = FailedLine("users.json.out", 2, "Required fields", "?", ("itemId", "1"))
    result = account(tmp_path, lines, ["1"], [error])
    assert reasons(result) == [
        ("users.json", 2, "Required fields"),
        ("users.json", 3, SILENT),
    ]


def test_account__several_files(tmp_path: Path) -> None:
    first = read_inputs(write_lines(tmp_path / "a.json", asked("1", "2")))
    empty = read_inputs(write_lines(tmp_path / "b.json", []))
    last = read_inputs(write_lines(tmp_path / "c.json", ["", *asked("3", "2")]))
    result = account_for([first, empty, last], "userId", pa.array(["2", "1"]), [])
    assert reasons(result) == [("c.json", 2, SILENT), ("c.json", 3, SILENT)]
    assert result.inputs == 4


@pytest.mark.parametrize("answered", [[], ["1"]])
def test_account__empty_input(tmp_path: Path, answered: list[str]) -> None:
    assert account(tmp_path, [], answered, []) == Account(0, (), len(answered))


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_account__whatever_the_service_does_with_each_line(
    data: st.DataObject, tmp_path: Path
) -> None:
    lines: list[str] = []
    answered: list[str] = []
    failed: list[FailedLine] = []
    fates = st.sampled_from(["answered", "answered", "failed", "silent", "unreadable", "broken"])
    for number, fate in enumerate(data.draw(st.lists(fates, max_size=12)), 1):
        key = str(data.draw(st.integers(1, 3)))
        lines.append("{broken" if fate == "broken" else asked(key)[0])
        if fate == "answered":
            answered.append(key)
        elif fate == "failed":
            failed.append(failed_output(number, key, "why"))
        elif fate in {"unreadable", "broken"}:
            failed.append(failed_output(number, None, "not JSON"))
    result = account(
        tmp_path, lines, data.draw(st.permutations(answered)), data.draw(st.permutations(failed))
    )
    assert result.inputs == len(lines) == len(answered) + len(result.failed)
    assert result.unexpected == 0
    assert len({line.line for line in result.failed}) == len(result.failed)
