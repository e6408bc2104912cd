import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize_assets.engine.jobs.batch_lines import (
    Query,
    format_answer,
    format_failure,
    format_score,
    parse_query,
)
from personalize_assets.recipes.spec import QueryField


@settings(deadline=None)
@given(st.text(max_size=60))
def test_parse_query__any_line_gets_an_answer_in_json(line: str) -> None:
    query = parse_query(line, ("userId",))
    text = format_answer(query, [], None) if query.error is None else format_failure(query)
    answer = json.loads(text)
    assert set(answer) == {"input", "output", "error"}
    assert answer["error"] == query.error


def test_parse_query__deep_nesting_is_no_crash() -> None:
    assert parse_query("[" * 200_000, ("userId",)).error is not None


@pytest.mark.parametrize("value", ["NaN", "-Infinity", "1e999", "9" * 5_000])
def test_parse_query__numbers_that_json_does_not_have(value: str) -> None:
    query = parse_query(f'{{"userId": "u", "context": {value}}}', ("userId",))
    assert query.error is not None
    assert str(query.error).startswith("User error: the line is not JSON (")
    assert json.loads(format_failure(query))["input"] == {}


def test_parse_query__half_of_a_surrogate_pair() -> None:
    query = parse_query('{"userId": "\\ud800"}', ("userId",))
    assert query.error == "User error: userId holds half of a surrogate pair"
    assert json.loads(format_failure(query).encode())["input"] == {"userId": "\ud800"}
    fine = parse_query('{"userId": "é", "context": {"A": "\\udfff"}}', ("userId",))
    assert fine.user == "é"
    assert format_answer(fine, [], None).encode()


def test_format_answer__as_the_service_writes_it() -> None:
    query = Query('{"userId":"15000"}', user="15000")
    assert format_answer(query, ['"1620"', '"1407"'], [0.0183162, 0.0138807]) == (
        '{"input":{"userId":"15000"},"output":{"recommendedItems":["1620","1407"],'
        '"scores":[0.0183162,0.0138807]},"error":null}'
    )
    assert format_answer(query, ['"1"'], None) == (
        '{"input":{"userId":"15000"},"output":{"recommendedItems":["1"]},"error":null}'
    )


@pytest.mark.parametrize(
    ("score", "text"),
    [
        (0.009162, "0.009162"),
        (1e-5, "0.00001"),
        (4e-8, "0.0"),
        (1.0, "1.0"),
        (0.12345678, "0.1234568"),
    ],
)
def test_format_score__seven_decimals(score: float, text: str) -> None:
    assert format_score(score) == text


@settings(deadline=None)
@given(st.floats(0, 1))
def test_format_score__is_json(score: float) -> None:
    assert json.loads(format_score(score)) == round(score, 7)


def test_parse_query__line_that_is_not_utf8() -> None:
    line = b'{"userId":"1\xff"}'.decode("utf-8", errors="surrogateescape")

    query = parse_query(line, ("userId",))

    assert query.error is not None
    assert query.error == 'User error: the line is not UTF-8: \'{"userId":"1\\udcff"}\''
    assert format_failure(query).isascii()


RANKING: tuple[QueryField, ...] = ("userId", "itemList")


def test_parse_query__list_to_rank() -> None:
    query = parse_query('{"userId": "u", "itemList": ["a", "b", "a"]}', RANKING)
    assert (query.user, query.items, query.error) == ("u", ("a", "b"), None)


def test_parse_query__values_of_a_filter() -> None:
    query = parse_query('{"itemId": "7", "filterValues": {"G": "\\"War\\""}}', ("itemId",))
    assert (query.item, query.filter_values) == ("7", {"G": '"War"'})


@pytest.mark.parametrize(
    ("line", "fields", "error"),
    [
        ({"userId": "u"}, RANKING, "Required fields for the provided recipe are userId, itemList"),
        ({"userId": "u", "itemList": "a"}, RANKING, "itemList must be a list of at most 500 item"),
        ({"userId": "u", "itemList": ["a"] * 501}, RANKING, "itemList must be a list of at most"),
        ({"userId": "u", "itemList": [1]}, RANKING, "itemList must be a string of at most 256"),
        ({"itemId": "i", "filterValues": []}, ("itemId",), "filterValues must be an object of str"),
        ({"itemId": "i", "filterValues": {"A": 1}}, ("itemId",), "filterValues must be an object"),
        ({"itemAttributes": 3}, ("itemAttributes",), "itemAttributes must be a string of at most"),
    ],
)
def test_parse_query__refuses(
    line: dict[str, Any], fields: tuple[QueryField, ...], error: str
) -> None:
    query = parse_query(json.dumps(line), fields)
    assert str(query.error).startswith(f"User error: {error}")
    assert json.loads(query.echo) == line
