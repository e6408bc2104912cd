"""What a line asks, and why some ask nothing."""

import json
from typing import Any

import pytest

from personalize_assets.core.batch_format.queries import (
    FailedLine,
    LineError,
    parse_object,
    parse_query,
)


@pytest.mark.parametrize(
    ("members", "query"),
    [
        ({"userId": "4638"}, ("userId", "4638")),
        ({"itemId": "105"}, ("itemId", "105")),
        ({"itemList": ["27"], "userId": "891"}, ("userId", "891")),
        ({"userId": "891", "itemId": "105"}, ("userId", "891")),
        ({"userId": 4638}, ("userId", "4638")),
        ({"userId": "Zoë 😀"}, ("userId", "Zoë 😀")),
    ],
)
def test_parse_query__good(members: Any, query: tuple[str, str]) -> None:
    assert parse_query(members) == query


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({}, "neither userId nor itemId nor itemAttributes; found no members"),
        ({"ID": "1", "x": 2}, "neither userId nor itemId nor itemAttributes; found ID, x"),
        ({"userId": ""}, "userId is empty"),
        ({"userId": None}, "userId must be a string, got null"),
        ({"userId": 1.5}, "userId must be a string, got a number"),
        ({"userId": True}, "userId must be a string, got true"),
        ({"itemId": ["1"]}, "itemId must be a string, got a list"),
        ({"userId": {}}, "userId must be a string, got an object"),
        ({"userId": "\ud800"}, "userId holds half a surrogate pair, which is no character"),
        ("1", "expected a query object, got a string"),
        (None, "expected a query object, got null"),
    ],
)
def test_parse_query__bad(members: Any, message: str) -> None:
    with pytest.raises(LineError) as caught:
        parse_query(members)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"userId=1", "not JSON: Expecting value at column 1"),
        (b'{"userId": "1"', "not JSON: Expecting ',' delimiter at column 15"),
        (b'{"userId": NaN}', "not JSON: NaN"),
        (b'{"userId": "\xff"}', "not UTF-8 at byte 13"),
        (b'["1"]', "expected a JSON object, got a list"),
        (b"12", "expected a JSON object, got a number"),
        (b'{"a":' + b"[" * 100_000, "not JSON that can be read: "),
        (b'{"userId":' + b"9" * 5000 + b"}", "not JSON that can be read: "),
    ],
)
def test_parse_object__bad(line: bytes, message: str) -> None:
    with pytest.raises(LineError) as caught:
        parse_object(line)
    assert str(caught.value).startswith(message)


def test_failed_line__json_with_all_that_people_need() -> None:
    line = FailedLine("users.json", 3, "not JSON", '{"é"\n', ("userId", "1"))
    text = line.as_json()
    assert "\n" not in text
    assert json.loads(text) == {
        "file": "users.json",
        "line": 3,
        "reason": "not JSON",
        "text": '{"é"\n',
    }
