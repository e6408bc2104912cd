import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from personalize_assets.engine.errors import InvalidInput, ResourceNotFound
from personalize_assets.engine.wire.model import Operation, load_operations
from personalize_assets.engine.wire.output import OutputError, check_output
from personalize_assets.engine.wire.serialize import serialize, serialize_error


def _operation(service: str, name: str) -> Operation:
    return load_operations().by_name[service, name]


DESCRIBE = _operation("personalize", "DescribeDatasetGroup")
RUNTIME = _operation("personalize-runtime", "GetRecommendations")


def _body(**group: Any) -> Any:
    return json.loads(serialize(DESCRIBE, {"datasetGroup": group}, "id").body)["datasetGroup"]


def test_serialize__json() -> None:
    response = serialize(DESCRIBE, {"datasetGroup": {"name": "größe"}}, "the-id")
    assert response.status == 200
    assert response.headers == {
        "content-type": "application/x-amz-json-1.1",
        "x-amzn-requestid": "the-id",
    }
    assert response.body == b'{"datasetGroup":{"name":"gr\\u00f6\\u00dfe"}}'


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), 1.0),
        (datetime(2018, 11, 16, 18, 16, 1, 837499, tzinfo=UTC), 1542392161.837),
        (datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), 0.0),
    ],
)
def test_serialize__timestamps_are_seconds(moment: datetime, expected: float) -> None:
    assert _body(creationDateTime=moment) == {"creationDateTime": expected}


def test_serialize__naive_timestamps_are_refused() -> None:
    with pytest.raises(TypeError, match="2024-01-01 00:00:00 has no time zone"):
        _body(creationDateTime=datetime(2024, 1, 1))


def test_serialize__absent_and_unknown_members_are_left_out() -> None:
    assert _body(name="a", failureReason=None, secret="s") == {"name": "a"}


def test_serialize__no_output_shape_is_no_body() -> None:
    response = serialize(_operation("personalize", "DeleteSchema"), {}, "id")
    assert (response.status, response.body) == (200, b"")


def test_serialize__empty_output_shape_is_an_empty_object() -> None:
    assert serialize(_operation("personalize", "TagResource"), {}, "id").body == b"{}"


def test_serialize__numbers_that_json_lacks_are_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        serialize(RUNTIME, {"itemList": [{"itemId": "1", "score": float("nan")}]}, "id")


def test_serialize_error__json() -> None:
    response = serialize_error(DESCRIBE, "json", ResourceNotFound("gone"), "id")
    assert response.status == 400
    assert response.body == b'{"__type":"ResourceNotFoundException","message":"gone"}'
    assert response.headers["content-type"] == "application/x-amz-json-1.1"


def test_serialize_error__rest_json() -> None:
    response = serialize_error(RUNTIME, "rest-json", ResourceNotFound("gone"), "id")
    assert response.status == 404
    assert response.body == b'{"message":"gone"}'
    assert response.headers["x-amzn-errortype"] == "ResourceNotFoundException"
    assert response.headers["content-type"] == "application/json"


def test_serialize_error__of_a_list_that_declares_no_invalid_input() -> None:
    operation = _operation("personalize", "ListSchemas")
    response = serialize_error(operation, "json", InvalidInput("too many"), "id")
    assert response.status == 400
    assert response.body == b'{"__type":"ValidationError","message":"too many"}'


@pytest.mark.parametrize(
    ("operation", "result", "fault"),
    [
        (DESCRIBE, {"datasetGroups": {}}, "datasetGroups is not in the model"),
        (DESCRIBE, {"datasetGroup": {"name": 5}}, "datasetGroup.name is int, not str"),
        (DESCRIBE, {"datasetGroup": {"name": "a b"}}, "at 'datasetGroup.name' failed to satisfy"),
        (DESCRIBE, {"datasetGroup": {"creationDateTime": 5}}, "is int, not datetime"),
        (DESCRIBE, {"datasetGroup": []}, "datasetGroup is list, not Mapping"),
        (RUNTIME, {"itemList": "ab"}, "itemList is str, not list"),
        (RUNTIME, {"itemList": [{"score": True}]}, "itemList.1.member.score is bool, not float"),
        (_operation("personalize", "DeleteSchema"), {"a": 1}, "a is not in the model"),
    ],
)
def test_check_output__faults(operation: Operation, result: Any, fault: str) -> None:
    with pytest.raises(OutputError) as caught:
        check_output(operation, result)
    assert str(caught.value).startswith(f"{operation.name} answered outside its model: ")
    assert fault in str(caught.value)


def test_check_output__none_is_absent() -> None:
    check_output(DESCRIBE, {"datasetGroup": {"name": "a", "failureReason": None}})
