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
        delay_s: How long it is held back; a fault on purpose.
        lost: Whether the connection is closed in place of it; a fault on purpose.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    delay_s: float = 0.0
    lost: bool = False
