"""Limits that hold before a request is read: who may ask, how often, and how much it may hold."""

import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from math import ceil
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from personalize_assets.api.refusals import send_refusal

MAX_BODY_BYTES: Final = 64 * 1024
MAX_QUERY_BYTES: Final = 8 * 1024
MAX_CLIENTS: Final = 10_000
UNLIMITED_PATHS: Final = frozenset({"/health", "/ready"})


@dataclass(frozen=True)
class Rate:
    """How often one client may ask.

    Attributes:
        per_second: Requests a second in the long run; 0 for no limit.
        burst: Requests at once after a pause.
    """

    per_second: float
    burst: float


class TokenBuckets:
    """A bucket of tokens for each client: a request takes one, time brings them back.

    Args:
        rate: How fast they come, and how many a bucket holds.
        clock: Seconds, never going back.
        most: Buckets that are kept; that of the client who was silent longest goes first.
    """

    def __init__(
        self,
        rate: Rate,
        clock: Callable[[], float] = time.monotonic,
        most: int = MAX_CLIENTS,
    ) -> None:
        self._rate, self._clock, self._most = rate, clock, most
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> float:
        """Take a token of a client.

        Returns:
            0 where there was one; else the seconds until there is.
        """
        if not self._rate.per_second:
            return 0.0
        now = self._clock()
        tokens, since = self._buckets.pop(client, (self._rate.burst, now))
        tokens = min(self._rate.burst, tokens + (now - since) * self._rate.per_second)
        missing = max(0.0, 1 - tokens)
        self._buckets[client] = (tokens if missing else tokens - 1, now)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return missing / self._rate.per_second


class RateLimit:
    """Refuses with 429 and Retry-After who asks too often; health is never refused."""

    def __init__(self, app: ASGIApp, buckets: TokenBuckets, rate: Rate) -> None:
        self._app, self._buckets, self._rate = app, buckets, rate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["path"] not in UNLIMITED_PATHS:
            client = (scope.get("client") or ("",))[0]
            if wait_s := self._buckets.take(client):
                await send_refusal(
                    send,
                    429,
                    "too_many_requests",
                    f"one address may ask {self._rate.per_second:g} times a second, and "
                    f"{self._rate.burst:g} times at once",
                    retry_after_s=max(1, ceil(wait_s)),
                )
                return
        await self._app(scope, receive, send)


class SizeLimit:
    """Refuses long queries with 414 and large bodies with 413, without reading them to the end."""

    def __init__(
        self, app: ASGIApp, body: int = MAX_BODY_BYTES, query: int = MAX_QUERY_BYTES
    ) -> None:
        self._app, self._body, self._query = app, body, query

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if len(scope["query_string"]) > self._query:
            said = f"a query may have {self._query} bytes, got {len(scope['query_string'])}"
            await send_refusal(send, 414, "query_too_long", said)
            return
        said = f"a body may have {self._body} bytes"
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if length.isdigit() and int(length) > self._body:
            await send_refusal(send, 413, "body_too_large", f"{said}, got {int(length)}")
            return
        read = 0

        async def receive_some() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._body:
                raise HTTPException(413, said)
            return message

        await self._app(scope, receive_some, send)


class KnownHosts:
    """Refuses requests for another host with 400.

    A page of another site whose name leads to this machine could else read answers through the
    browser of whoever visits it.

    Args:
        app: What answers.
        hosts: Names and addresses without port, in lower case; ``*`` allows all.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app, self._hosts = app, frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and "*" not in self._hosts:
            given = dict(scope["headers"]).get(b"host", b"").decode("latin-1").lower()
            name = given.rpartition("]")[0].lstrip("[") or given.partition(":")[0]
            if name not in self._hosts:
                await send_refusal(
                    send,
                    400,
                    "unknown_host",
                    f"this service does not answer for the host {name[:100]!r}; "
                    "--allowed-host lets it",
                )
                return
        await self._app(scope, receive, send)
