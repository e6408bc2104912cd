import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.types import Message

from personalize_assets.engine.wire.app import MAX_BODY_BYTES, EngineApp
from personalize_assets.engine.wire.messages import HttpRequest, HttpResponse
from personalize_assets_tests.engine.clients import make_client
from personalize_assets_tests.engine.fakes import NOW, make_wire_app

AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential={key}/20261121/eu-west-1/personalize/aws4_request, "
    "SignedHeaders=host, Signature=0f"
)


def _call(app: EngineApp, *, key: str = "test", body: bytes = b"{}", **headers: str) -> Any:
    given = {"authorization": AUTHORIZATION.format(key=key)}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    return app.answer(HttpRequest("POST", "/", given, body))


def _list_recipes(app: EngineApp, **rest: Any) -> HttpResponse:
    return _call(app, x_amz_target="AmazonPersonalize.ListRecipes", **rest)


def test_answer__gives_the_operation_its_context() -> None:
    seen: list[Any] = []

    def handler(context: Any, request: Any) -> dict[str, Any]:
        seen.append((context, request))
        return {"recipes": []}

    client = make_client(
        "personalize", make_wire_app(handler).answer, access_key="000000000007", region="eu-west-2"
    )
    answer = client.list_recipes(maxResults=3)
    [(context, request)] = seen
    assert (context.account, context.region) == ("000000000007", "eu-west-2")
    assert context.request_id == answer["ResponseMetadata"]["RequestId"]
    assert (context.clock(), context.new_id()) == (NOW, "0123abcd")
    assert context.settings.s3_endpoint == "http://127.0.0.1:9001"
    assert request == {"maxResults": 3}


def test_answer__logs_one_line_without_keys(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    app = make_wire_app(lambda *_: {"recipes": []})
    for key in ("AKIAIOSFODNN7EXAMPLE", "000000000007"):
        _list_recipes(app, key=key)
    assert "AKIA" not in caplog.text
    assert "000000000007" not in caplog.text
    lines = [record.getMessage() for record in caplog.records]
    assert lines[0].startswith("ListRecipes 403 UnrecognizedClientException ")
    assert lines[1].startswith("ListRecipes 200 ok ")
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("headers", "status", "body"),
    [
        ({"authorization": ""}, 403, {"__type": "MissingAuthenticationTokenException"}),
        ({"authorization": "Basic x"}, 403, {"__type": "IncompleteSignature"}),
        ({"key": "ASIAIOSFODNN7EXAMPLE"}, 403, {"__type": "UnrecognizedClientException"}),
        ({"body": b"{"}, 400, {"__type": "SerializationException"}),
        ({"body": b'{"maxResults": 101}'}, 400, {"__type": "InvalidInputException"}),
        ({"body": b" " * (MAX_BODY_BYTES + 1)}, 413, {"__type": "RequestEntityTooLargeException"}),
        ({"x_amz_target": "AmazonPersonalize.X"}, 404, {"__type": "UnknownOperationException"}),
    ],
)
def test_answer__common_errors(headers: dict, status: int, body: dict) -> None:
    app = make_wire_app(lambda *_: {"recipes": []})
    answer = _call(app, **{"x_amz_target": "AmazonPersonalize.ListRecipes", **headers})
    document = json.loads(answer.body)
    assert document.pop("message")
    assert (answer.status, document) == (status, body)


def test_answer__unknown_path_is_told_in_rest_json() -> None:
    answer = _call(make_wire_app(None))
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (404, "UnknownOperationException")
    assert json.loads(answer.body).keys() == {"message"}


def test_answer__failure_is_500_with_traceback_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def handler(*_: Any) -> dict[str, Any]:
        raise OSError(28, "No space left on device")

    answer = _list_recipes(make_wire_app(handler))
    document = json.loads(answer.body)
    assert (answer.status, document["__type"]) == (500, "InternalFailure")
    assert "OSError: [Errno 28] No space left on device" in document["message"]
    assert answer.headers["x-amzn-requestid"] in document["message"]
    assert "Traceback" in caplog.text


def test_answer__output_outside_the_model_fails_when_strict() -> None:
    answer = _list_recipes(make_wire_app(lambda *_: {"recipe": []}))
    assert answer.status == 500
    assert "ListRecipes answered outside its model: recipe is not in" in answer.body.decode()
    answer = _list_recipes(make_wire_app(lambda *_: {"recipe": []}, strict_output=False))
    assert (answer.status, answer.body) == (200, b"{}")


async def _asgi(app: EngineApp, method: str, path: str, received: list[Message]) -> list[Message]:
    sent: list[Message] = []

    async def receive() -> Message:
        return received.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"authorization", AUTHORIZATION.format(key="test").encode())]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": headers,
    }
    await app(scope, receive, send)
    return sent


def _run(app: EngineApp, method: str, path: str, received: list[Message]) -> list[Message]:
    import asyncio

    return asyncio.run(_asgi(app, method, path, received))


def test_asgi__reads_the_body_in_parts() -> None:
    seen: list[Any] = []

    def handler(_context: Any, request: Any) -> dict[str, Any]:
        seen.append(request)
        return {}

    chunks = [b'{"trackingId": "t", "sessionId": "s", "eventList": ', b'[{"eventType": "e", ', b""]
    received: list[Message] = [
        {"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks
    ]
    received.append({"type": "http.request", "body": b'"sentAt": 5}]}'})
    start, body = _run(make_wire_app(handler), "POST", "/events", received)
    assert (start["status"], body["body"]) == (200, b"")
    moment = datetime.fromtimestamp(5, UTC)
    assert seen[0]["eventList"] == [{"eventType": "e", "sentAt": moment}]


def test_asgi__too_large_a_body_is_not_kept() -> None:
    received: list[Message] = [
        {"type": "http.request", "body": b" " * MAX_BODY_BYTES, "more_body": True}
    ] * 3
    received = [*received, {"type": "http.request", "body": b""}]
    start, _ = _run(make_wire_app(None), "POST", "/events", received)
    assert start["status"] == 413


def test_asgi__a_client_that_leaves_is_no_error() -> None:
    assert _run(make_wire_app(None), "POST", "/events", [{"type": "http.disconnect"}]) == []
