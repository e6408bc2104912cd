"""Calls of the service out of an event loop: a few threads, a deadline, and clear refusals.

boto3 blocks, so each call has a thread for as long as it takes. What goes wrong becomes one of
three things: the caller asked for something wrong, the service is not there now, or it does not
let this process do that.
"""

import asyncio
import contextvars
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    ParamValidationError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError

from personalize_assets.api.request_log import note
from personalize_assets.aws.clients import CallLimits
from personalize_assets.aws.kinds import error_code
from personalize_assets.aws.waiters import THROTTLED
from personalize_assets.local.settings import StackError

log = logging.getLogger(__name__)

T = TypeVar("T")

THREADS: Final = 16
DEADLINE_S: Final = 10.0
CALL_LIMITS: Final = CallLimits(
    connect_timeout_s=2, read_timeout_s=4, attempts=3, connections=THREADS, checked=False
)
"""Somebody waits for the answer: three attempts fit into the deadline where they fail at once.

Requests were checked when they came, and the service checks them again; boto3 need not.
"""

_WAITING_PER_THREAD: Final = 8
_INVALID: Final = ("InvalidInputException", "ValidationException")
_MISSING: Final = "ResourceNotFoundException"


class CallFailed(Exception):
    """A call of the service gave no answer; the text is for whoever asked this process."""


class Unavailable(CallFailed):
    """The service cannot answer now.

    Attributes:
        code: One word for programs.
        retry_after_s: When to ask again.
    """

    def __init__(self, code: str, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.code, self.retry_after_s = code, retry_after_s


class Invalid(CallFailed):
    """The service says that what it was asked is not allowed."""


class Forbidden(CallFailed):
    """The service does not let this process do that: a matter of its rights."""


class Calls:
    """Calls of the service, at most so many at a time.

    Args:
        threads: Calls at the same time; as many connections should be allowed.
        deadline_s: Seconds after which the caller hears that there is no answer. The call itself
            may go on in its thread until its own timeouts end it.
    """

    def __init__(self, threads: int = THREADS, deadline_s: float = DEADLINE_S) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="call")
        self._deadline_s = deadline_s
        self._most = threads * (1 + _WAITING_PER_THREAD)
        self._pending, self._lock = 0, threading.Lock()

    async def run(self, call: Callable[[], T]) -> T:
        """Call the service in a thread and wait for its answer.

        Raises:
            Unavailable: It could not be reached, throttled, failed, took too long, or there is no
                such resource yet.
            Invalid: It refused the request.
            Forbidden: It refuses this process.
        """
        if self._pending >= self._most:
            raise Unavailable("overloaded", f"{self._pending} requests wait already", 1)
        self._count(1)
        # Logs of the thread know which request they belong to.
        context = contextvars.copy_context()
        started = time.perf_counter()
        future = self._pool.submit(context.run, call)
        future.add_done_callback(lambda _: self._count(-1))
        try:
            async with asyncio.timeout(self._deadline_s):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            raise Unavailable(
                "timeout", f"Amazon Personalize gave no answer in {self._deadline_s:g} s", 5
            ) from None
        except (BotoCoreError, ClientError, StackError) as error:
            raise explain(error) from error
        finally:
            note(service_ms=round(1000 * (time.perf_counter() - started), 1))

    def close(self) -> None:
        """Begin no call any more; those that run end by themselves."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _count(self, difference: int) -> None:
        with self._lock:  # calls end in their threads
            self._pending += difference


def explain(error: BotoCoreError | ClientError | StackError) -> CallFailed:
    """What an error of boto3 or of the local stack means to whoever asked."""
    if isinstance(error, ClientError):
        return _refusal(error)
    if isinstance(error, ParamValidationError):
        return Invalid(str(error))
    if isinstance(error, (HTTPClientError, BotoConnectionError)):
        # Its text holds an address that is nobody's business.
        return Unavailable("unreachable", "Amazon Personalize cannot be reached", 5)
    return Unavailable("unreachable", f"Amazon Personalize cannot be asked: {error}", 5)


def answer_of(answer: Any) -> Any:
    """Note the service's id of the request in the log, and pass its answer on."""
    meta: dict[str, Any] = answer.get("ResponseMetadata", {})
    note(service_request_id=meta.get("RequestId"), service_retries=meta.get("RetryAttempts"))
    return answer


def _refusal(error: ClientError) -> CallFailed:
    code = error_code(error)
    details: Any = error.response
    said = str(details.get("Error", {}).get("Message", "")) or code
    status = int(details.get("ResponseMetadata", {}).get("HTTPStatusCode", 400))
    if code in _INVALID:
        # The service says that something is not active in the words of any other refusal.
        if "must be ACTIVE" in said:
            return Unavailable("not_ready", said, 30)
        return Invalid(said)
    if code == _MISSING:
        return Unavailable("not_ready", f"{said}; `make run` makes what is declared", 30)
    if code in THROTTLED or status == 429:
        return Unavailable("throttled", f"Amazon Personalize throttles: {said}", 1)
    if status >= 500:
        return Unavailable("failing", f"Amazon Personalize fails: {said}", 5)
    return Forbidden(f"Amazon Personalize refuses this service: {code}: {said}")
