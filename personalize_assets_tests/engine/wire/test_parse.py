import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_assets.engine.errors import InvalidInput, SerializationFailure
from personalize_assets.engine.wire.parse import parse
from personalize_assets.engine.wire.shapes import Shape

SHAPE = Shape(
    "Request",
    "structure",
    members={
        "text": Shape("S", "string"),
        "count": Shape("I", "integer"),
        "share": Shape("D", "double"),
        "flag": Shape("B", "boolean"),
        "moment": Shape("T", "timestamp"),
        "names": Shape("L", "list", element=Shape("S", "string")),
        "pairs": Shape("M", "map", key=Shape("S", "string"), element=Shape("I", "integer")),
        "inner": Shape("X", "structure", members={"text": Shape("S", "string")}),
    },
)


@pytest.mark.parametrize(
    ("member", "value", "expected"),
    [
        ("text", "ä\u0000", "ä\u0000"),
        ("text", "\U0001d48c", "\U0001d48c"),
        ("count", -(2**31), -(2**31)),
        ("share", 1, 1.0),
        ("share", 0.1, 0.1),
        ("flag", False, False),
        ("moment", 0, datetime(1970, 1, 1, tzinfo=UTC)),
        ("moment", 1542392161.837, datetime(2018, 11, 16, 18, 16, 1, 837000, tzinfo=UTC)),
        ("names", [], []),
        ("names", ["a", None], ["a", None]),  # refused later, where the position is known
        ("pairs", {"a": 1}, {"a": 1}),
        ("inner", {"text": "x", "other": 5}, {"text": "x"}),
    ],
)
def test_parse__values(member: str, value: Any, expected: Any) -> None:
    assert parse(SHAPE, json.dumps({member: value}).encode()) == {member: expected}


@pytest.mark.parametrize(
    ("member", "text", "wanted"),
    [
        ("text", "5", "a string"),
        ("text", '"\\ud800"', "a string of Unicode characters"),
        ("count", "5.5", "an integer"),
        ("count", '"5"', "an integer"),
        ("count", "true", "an integer"),
        ("count", "2147483648", "an integer of 32 bits"),
        ("share", '"NaN"', "a finite number"),
        ("share", "1e999", "a finite number"),
        ("share", "9" * 400, "a finite number"),
        ("share", "false", "a finite number"),
        ("flag", "1", "true or false"),
        ("moment", '"2024-01-01T00:00:00Z"', "a moment in seconds since 1970"),
        ("moment", "1e17", "a moment in seconds since 1970"),
        ("names", '"a"', "a list"),
        ("names", '{"1": "a"}', "a list"),
        ("pairs", "[]", "a map"),
        ("inner", "[]", "a structure"),
    ],
)
def test_parse__wrong_types(member: str, text: str, wanted: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(SHAPE, f'{{"{member}": {text}}}'.encode())
    assert f" at '{member}' failed to satisfy constraint: Member must be " in caught.value.message
    assert wanted in caught.value.message


def test_parse__names_all_wrong_members_and_their_place() -> None:
    body = b'{"count": "x", "names": ["a", 2], "pairs": {"k": "v"}, "inner": {"text": 1}}'
    with pytest.raises(InvalidInput) as caught:
        parse(SHAPE, body)
    assert caught.value.message.startswith("4 validation errors detected: Value 'x' at 'count' ")
    for path in ("'names.2.member'", "'pairs.k.member'", "'inner.text'"):
        assert path in caught.value.message


@pytest.mark.parametrize("body", [b"", b"  ", b"{}", b'{"text": null}', b'{"unknown": {"a": [1]}}'])
def test_parse__nothing_given(body: bytes) -> None:
    assert parse(SHAPE, body) == {}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"\xff{}",
        b'{"share": NaN}',
        b'{"share": -Infinity}',
        b"a=1&b=2",
        b'{"text": "a"} {"text": "b"}',
        b'{"inner":' * 100_000,
        b'{"count": ' + b"9" * 5000 + b"}",
        "{}".encode("utf-16"),
    ],
    ids=range(12),
)
def test_parse__not_a_json_object(body: bytes) -> None:
    with pytest.raises(SerializationFailure, match=r"The request body (is not|must be) "):
        parse(SHAPE, body)


@given(st.text(), st.integers(-(2**31), 2**31 - 1), st.lists(st.text()))
def test_parse__reads_what_json_writes(text: str, count: int, names: list[str]) -> None:
    document = {"text": text, "count": count, "names": names}
    assert parse(SHAPE, json.dumps(document, ensure_ascii=False).encode()) == document
