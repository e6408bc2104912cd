"""boto3 clients of an engine in this process: what they would send goes straight to its app."""

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from botocore.config import Config

from personalize_assets.engine.wire.messages import HttpRequest, HttpResponse

Answer = Callable[[HttpRequest], HttpResponse]

# Nothing listens there: a request that escapes fails at once.
NOWHERE = "http://127.0.0.1:9"


class _Raw(BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def make_client(
    service: Any,
    endpoint: str | Answer,
    *,
    access_key: str = "123456789012",
    region: str = "us-east-1",
    validate: bool = True,
) -> Any:
    """Make a boto3 client of ``service``.

    Args:
        service: Name of the service as boto3 knows it.
        endpoint: Answers in this process, or the address of a server.
        access_key: Signs with this.
        region: Signs for this.
        validate: Whether botocore checks parameters before it sends.
    """
    session = boto3.Session(access_key, "local", region_name=region)
    client = session.client(
        service,
        endpoint_url=endpoint if isinstance(endpoint, str) else NOWHERE,
        config=Config(
            parameter_validation=validate,
            proxies={},
            retries={"total_max_attempts": 1},
            user_agent="tests",  # its own is put together anew for each request
        ),
    )
    if not isinstance(endpoint, str):
        client.meta.events.register("before-send.*.*", _Sender(endpoint))
    return client


class _Sender:
    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __call__(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        url = str(request.url)
        body = request.body or b""
        answer = self._answer(
            HttpRequest(
                method=str(request.method),
                path=urlsplit(url).path or "/",
                headers={name.lower(): _text(value) for name, value in request.headers.items()},
                body=body.encode() if isinstance(body, str) else body,
            )
        )
        headers: Any = HeadersDict(answer.headers)
        return AWSResponse(url, answer.status, headers, _Raw(answer.body))


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
