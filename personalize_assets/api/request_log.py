"""One line of JSON a request, and an id that binds all lines and the answer together.

The line names the route and not the path, because paths hold ids of people; nor does it hold the
query. What a request's handler finds out goes into the line by ``note``.
"""

import logging
import re
import sys
import time
import uuid
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from personalize_assets.api.refusals import send_refusal
from personalize_assets.core.log_format import JsonFormatter

log = logging.getLogger(__name__)

HEADER: Final = "X-Request-Id"
_GIVEN: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_facts: ContextVar[MutableMapping[str, Any] | None] = ContextVar("facts", default=None)


def note(**facts: Any) -> None:
    """Put facts into the line of the request that is being answered; None is left out."""
    known = _facts.get()
    if known is not None:
        known.update({name: value for name, value in facts.items() if value is not None})


def request_id() -> str:
    """Id of the request that is being answered; empty outside of any."""
    return str((_facts.get() or {}).get("request_id", ""))


class RequestLog:
    """Gives each request an id, writes its line, and answers what nobody expected with 500."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        facts: dict[str, Any] = {"request_id": _id_of(scope), "method": scope["method"]}
        token, started = _facts.set(facts), time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                header = (HEADER.lower().encode(), facts["request_id"].encode())
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception:
            log.exception("request %s failed", facts["request_id"])
            if status:
                raise  # the connection is cut: half an answer must not pass for one
            await send_refusal(
                send_with_id, 500, "internal", "an error of this service; its log says which"
            )
        finally:
            route = getattr(scope.get("route"), "path", None) or "(none)"
            ms = round(1000 * (time.perf_counter() - started), 1)
            facts |= {"route": route, "status": status, "ms": ms}
            log.info("%s %s %d", scope["method"], route, status, extra={"facts": facts})
            _facts.reset(token)


class RequestIds(logging.Filter):
    """Gives every record that is written while a request is answered the id of that request."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let everything pass."""
        if (found := request_id()) and not hasattr(record, "facts"):
            record.facts = {"request_id": found}
        return True


def log_lines(level: str) -> None:
    """Write all logs of this process to stderr, one line of JSON each, whatever was set before."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(RequestIds())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def _id_of(scope: Scope) -> str:
    """The id that the request brings, if it looks like one, or a new one."""
    given: Mapping[bytes, bytes] = dict(scope["headers"])
    found = given.get(HEADER.lower().encode(), b"")
    return found.decode() if _GIVEN.fullmatch(found) else uuid.uuid4().hex
