"""Every call of a service in the log: what was asked, which request it was, how it went.

The request id is what AWS's support asks for. Calls that change something are logged with INFO,
those that look with DEBUG, and so are the many small ones that one transfer or one stream is made
of. Neither parameters nor headers are ever logged: they hold data, and credentials.
"""

import logging
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError

log = logging.getLogger(__name__)

_STARTED: Final = "personalize_assets.started"
_LOOKING: Final = (
    "BatchGet", "Describe", "Get", "Head", "List", "Lookup", "Query", "Receive", "Select",
    "Simulate",
)  # fmt: skip
_MANY: Final = frozenset(
    {
        "ChangeMessageVisibility",
        "DeleteMessage",
        "DeleteMessageBatch",
        "PutEvents",
        "UploadPart",
        "UploadPartCopy",
    }
)
_MESSAGE: Final = re.compile(r"[a-z][a-z0-9-]* [A-Z][A-Za-z0-9]+: (\d{3}|no answer), ")
_ERROR: Final = 400
_NOT_FOUND: Final = 404


@dataclass(frozen=True)
class Call:
    """One call of a service, with all its attempts.

    Attributes:
        service: Such as ``personalize``.
        operation: Such as ``CreateSolution``.
        request_id: Of the last attempt; None where nobody answered.
        http_status: Of the last attempt; None where nobody answered.
        error: Code of the error, or name of the exception; None after success.
        ms: Milliseconds in all.
        attempts: How often it was sent.
        ended_at: Seconds since the epoch.
    """

    service: str
    operation: str
    request_id: str | None
    http_status: int | None
    error: str | None
    ms: float
    attempts: int
    ended_at: float

    @property
    def level(self) -> int:
        """INFO for what changes something or was refused, else DEBUG."""
        looks = self.operation.startswith(_LOOKING)
        if self.error is not None and not (looks and self.http_status == _NOT_FOUND):
            return logging.INFO
        return logging.DEBUG if looks or self.operation in _MANY else logging.INFO

    def __str__(self) -> str:
        """Such as ``personalize CreateSolution: 200, 35 ms, request 1f0c, 2 attempts``."""
        parts = [str(self.http_status or "no answer")]
        parts += [] if self.error is None else [self.error]
        parts += [f"{self.ms:.0f} ms"]
        parts += [] if self.request_id is None else [f"request {self.request_id}"]
        parts += [] if self.attempts == 1 else [f"{self.attempts} attempts"]
        return f"{self.service} {self.operation}: {', '.join(parts)}"


def is_call(message: str) -> bool:
    """Whether a message of a log is that of a call."""
    return _MESSAGE.match(message) is not None


observers: Final[list[Callable[[Call], None]]] = []
"""Are told of every call, whatever its level, on the thread that made it."""


def log_calls(client: Any) -> None:
    """Log every call of a boto3 client; to say so twice changes nothing."""
    events = client.meta.events
    events.register_first("before-call", _begin, unique_id="call-log-begin")
    events.register_last("after-call", _end, unique_id="call-log-end")
    events.register_last("after-call-error", _fail, unique_id="call-log-fail")


def _begin(context: dict[str, Any], **_: Any) -> None:
    context[_STARTED] = time.perf_counter()


def _end(parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
    metadata = parsed.get("ResponseMetadata", {})
    status = metadata.get("HTTPStatusCode")
    failed = status is not None and status >= _ERROR
    _tell(
        context,
        service=model.service_model.service_name,
        operation=model.name,
        request_id=metadata.get("RequestId"),
        http_status=status,
        error=str(parsed.get("Error", {}).get("Code", status)) if failed else None,
        attempts=metadata.get("RetryAttempts", 0) + 1,
    )


def _fail(exception: Exception, context: dict[str, Any], event_name: str, **_: Any) -> None:
    service, operation = event_name.split(".")[1:]
    known = isinstance(exception, BotoCoreError)
    name = type(exception).__name__ if known else f"unexpected {type(exception).__name__}"
    _tell(
        context,
        service=service,
        operation=operation,
        request_id=None,
        http_status=None,
        error=name,
        attempts=context.get("retries", {}).get("attempt", 1),
    )


def _tell(context: dict[str, Any], **facts: Any) -> None:
    now = time.perf_counter()
    ms = round(1000 * (now - context.get(_STARTED, now)), 1)
    call = Call(**facts, ms=ms, ended_at=time.time())
    for observe in observers:
        observe(call)
    if log.isEnabledFor(call.level):
        log.log(call.level, "%s", call, extra={"facts": _members(call)})


def _members(call: Call) -> dict[str, Any]:
    return {name: value for name, value in asdict(call).items() if name != "ended_at"}
