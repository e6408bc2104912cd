"""HTTP requests and responses as plain values, apart from any server."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A complete request.

    Attributes:
        method: In upper case.
        path: Without query.
        headers: By name in lower case.
        body: As sent.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A complete answer; the server adds length and date.

    Attributes:
        status: HTTP status.
        headers: By name in lower case.
        body: To send.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
