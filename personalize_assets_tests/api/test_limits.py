"""Limits before a request is read, and the line that it leaves in the log."""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI, Request
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from personalize_assets.api.limits import KnownHosts, Rate, RateLimit, SizeLimit, TokenBuckets
from personalize_assets.api.refusing import add_refusals
from personalize_assets.api.request_log import RequestIds, RequestLog, note, request_id
from personalize_assets.core.log_format import JsonFormatter

RATE = Rate(per_second=2, burst=3)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def app_with(*middleware: Middleware) -> TestClient:
    app = FastAPI(middleware=list(middleware))

    @app.post("/echo")
    async def echo(request: Request) -> int:
        note(asked="echo")
        return len(await request.body())

    @app.get("/health")
    async def health() -> str:
        return "ok"

    @app.get("/fail")
    async def fail() -> None:
        raise RuntimeError("nobody expected this")

    add_refusals(app)
    return TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)


def test_buckets__a_burst_and_then_the_rate(clock: Clock) -> None:
    buckets = TokenBuckets(RATE, clock)

    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert buckets.take("b") == 0
    clock.now = 0.5
    assert [buckets.take("a") for _ in range(2)] == [0, 0.5]
    clock.now = 100
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 0.5]


def test_buckets__are_bounded(clock: Clock) -> None:
    buckets = TokenBuckets(Rate(1, 1), clock, most=2)
    for client in ("a", "b", "c"):
        buckets.take(client)

    assert len(buckets._buckets) == 2
    assert buckets.take("c") == 1


def test_rate_limit__says_when_to_ask_again_and_lets_health_through(clock: Clock) -> None:
    client = app_with(Middleware(RateLimit, buckets=TokenBuckets(RATE, clock), rate=RATE))
    statuses = [client.post("/echo").status_code for _ in range(4)]
    refused = client.post("/echo")

    assert statuses == [200, 200, 200, 429]
    assert refused.headers["Retry-After"] == "1"
    assert refused.json()["error"]["message"] == (
        "one address may ask 2 times a second, and 3 times at once"
    )
    assert client.get("/health").status_code == 200


def test_rate_limit__zero_is_no_limit(clock: Clock) -> None:
    none = Rate(0, 0)
    client = app_with(Middleware(RateLimit, buckets=TokenBuckets(none, clock), rate=none))

    assert {client.post("/echo").status_code for _ in range(20)} == {200}


@pytest.mark.parametrize("chunked", [False, True])
def test_size_limit__bodies(chunked: bool) -> None:
    client = app_with(Middleware(SizeLimit, body=10, query=10))

    def send(size: int) -> Any:
        content = b"x" * size
        return client.post(
            "/echo", content=iter([content[:5], content[5:]]) if chunked else content
        )

    assert send(10).json() == 10
    refused = send(11)
    assert refused.status_code == 413
    assert refused.json()["error"]["code"] == "body_too_large"
    assert "a body may have 10 bytes" in refused.json()["error"]["message"]


def test_size_limit__queries() -> None:
    client = app_with(Middleware(SizeLimit, body=10, query=10))

    assert client.get("/health?a=12345678").status_code == 200
    assert client.get("/health?a=123456789").status_code == 414


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("LOCALHOST", 200),
        ("[::1]:8000", 200),
        ("evil.example", 400),
        ("127.0.0.1.evil.example:80", 400),
        ("", 400),
    ],
)
def test_known_hosts(host: str, status: int) -> None:
    client = app_with(Middleware(KnownHosts, hosts=("127.0.0.1", "localhost", "::1")))

    assert client.get("/health", headers={"Host": host}).status_code == status


def test_known_hosts__any() -> None:
    client = app_with(Middleware(KnownHosts, hosts=("*",)))

    assert client.get("/health", headers={"Host": "shop.example"}).status_code == 200


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What the service's loggers write, read back."""
    written: list[str] = []
    handler = logging.Handler()
    handler.setFormatter(JsonFormatter())
    handler.addFilter(RequestIds())
    handler.emit = lambda record: written.append(handler.format(record))  # type: ignore[method-assign]
    logger = logging.getLogger("personalize_assets.api")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in written]
    logger.removeHandler(handler)
    logger.setLevel(level)


def test_request_log__one_line_with_the_id_that_the_answer_has(lines: Any) -> None:
    client = app_with(Middleware(RequestLog))
    answer = client.post("/echo?user_id=secret", headers={"X-Request-Id": "given-1"})

    (line,) = lines()
    assert answer.headers["X-Request-Id"] == line["request_id"] == "given-1"
    assert (line["method"], line["route"], line["status"]) == ("POST", "/echo", 200)
    assert line["asked"] == "echo"
    assert line["level"] == "INFO"
    assert line["ms"] >= 0
    assert "secret" not in json.dumps(line)


@pytest.mark.parametrize("given_id", ["", "a b", "x" * 65, 'a"b'])
def test_request_log__an_id_that_looks_like_none_is_replaced(given_id: str) -> None:
    client = app_with(Middleware(RequestLog))
    answer = client.get("/health", headers={"X-Request-Id": given_id})

    assert len(answer.headers["X-Request-Id"]) == 32


def test_request_log__what_nobody_expected_is_answered_and_logged(lines: Any) -> None:
    answer = app_with(Middleware(RequestLog)).get("/fail")
    failure, line = lines()

    assert answer.status_code == line["status"] == 500
    assert answer.json()["error"]["message"] == "an error of this service; its log says which"
    assert "nobody expected this" in failure["exception"]
    assert failure["request_id"] == line["request_id"] == answer.headers["X-Request-Id"]


def test_note__outside_of_any_request_is_nothing() -> None:
    note(asked="x")

    assert request_id() == ""
