"""The way of a request through the engine, as one list of steps, and its ASGI edge.

``EngineApp._perform`` is the whole architecture: identify, route, parse, validate, dispatch,
serialize; ``_finish`` turns failures into answers and logs. That is plain blocking code and runs in
a small pool of threads, so that no operation has to know of the event loop. Only recommendations
are answered on the event loop itself as long as all that they need is in memory.
"""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from personalize_assets.engine.context import Clock, MustWait, NewId, RequestContext
from personalize_assets.engine.errors import InternalFailure, RequestEntityTooLarge, ServiceError
from personalize_assets.engine.faults import CallFault, Faults
from personalize_assets.engine.operations.registry import lookup as registered_handler
from personalize_assets.engine.settings import EngineSettings
from personalize_assets.engine.wire.dispatch import Lookup, dispatch
from personalize_assets.engine.wire.gate import Gate
from personalize_assets.engine.wire.identify import Caller, identify
from personalize_assets.engine.wire.messages import HttpRequest, HttpResponse
from personalize_assets.engine.wire.model import Operation, Protocol, load_operations
from personalize_assets.engine.wire.output import check_output
from personalize_assets.engine.wire.parse import parse
from personalize_assets.engine.wire.route import requested, route
from personalize_assets.engine.wire.serialize import serialize, serialize_error
from personalize_assets.engine.wire.validate import validate

if TYPE_CHECKING:
    from personalize_assets.engine.jobs import JobRunner
    from personalize_assets.engine.serving import Serving
    from personalize_assets.engine.store import Store

log = logging.getLogger(__name__)

# The largest valid request is ten items of 32,000 characters, at worst 6 bytes each as \uXXXX.
MAX_BODY_BYTES = 4 * 2**20
_THREADS = 8
_RUNTIME = "personalize-runtime"
_NO_FAULT = CallFault()
ABORT_EXTENSION = "personalize.abort"
"""ASGI extension of the server: closes the connection without an answer."""


class EngineApp:
    """Answers requests to the three services; an ASGI application.

    Args:
        store: Control plane and artifacts.
        jobs: Takes asynchronous work.
        clock: The present moment.
        new_id: Fresh identifiers for resources.
        settings: Of this engine.
        serving: Answers runtime requests.
        faults: What goes wrong on purpose; None for nothing.
        lookup: Finds the function for an operation.
        strict_output: Fail where an operation gives what the model does not allow; for tests.

    Attributes:
        gate: Closed while the state is exchanged.
        serving: Answers runtime requests now.
        last_request_at: When the last API call came; None if none did.
    """

    def __init__(
        self,
        store: "Store",
        jobs: "JobRunner",
        clock: Clock,
        new_id: NewId,
        settings: EngineSettings,
        serving: "Serving",
        *,
        faults: Faults | None = None,
        lookup: Lookup = registered_handler,
        strict_output: bool = False,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._clock = clock
        self._new_id = new_id
        self._settings = settings
        self.serving = serving
        self._lookup = lookup
        self._strict_output = strict_output
        self._operations = load_operations()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="operation")
        self._faults = faults or Faults()
        self.gate = Gate()
        self.last_request_at: datetime | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event as ASGI prescribes; only HTTP is known."""
        if scope["type"] != "http":
            return
        try:
            request = await _read(scope, receive)
        except ClientDisconnect:
            return
        answer = await self._respond(request)
        if answer.delay_s:
            await asyncio.sleep(answer.delay_s)
        if answer.lost and ABORT_EXTENSION in scope.get("extensions", {}):
            await _abort(scope, receive)
            return
        await _write(answer, send)

    async def _respond(self, request: HttpRequest) -> HttpResponse:
        await self.gate.enter()
        try:
            call = self._begin(request)
            if call.operation is not None and call.operation.service == _RUNTIME:
                # Handing over to a thread and back takes as long as such an answer.
                answer = self._finish(call, may_wait=False)
                if answer is not None:
                    return answer
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self._wait_for, call)
        finally:
            self.gate.leave()

    def use(self, store: "Store", jobs: "JobRunner", serving: "Serving") -> None:
        """Answer from another state from now on; only while the gate is closed."""
        self._store, self._jobs, self.serving = store, jobs, serving

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer one API request. Never raises: failures are answers too."""
        return self._wait_for(self._begin(request))

    def _begin(self, request: HttpRequest) -> "_Call":
        self.last_request_at = self._clock()
        operation, protocol = requested(request, self._operations)
        fault = self._fault_of(operation)
        return _Call(request, str(uuid4()), operation, protocol, fault, time.perf_counter())

    def _wait_for(self, call: "_Call") -> HttpResponse:
        answer = self._finish(call, may_wait=True)
        assert answer is not None, "only who may not wait goes without an answer"
        return answer

    def _finish(self, call: "_Call", *, may_wait: bool) -> HttpResponse | None:
        """Answer a call; None if it may not wait and would have to."""
        code, operation, fault = "ok", call.operation, call.fault
        try:
            if fault.error is not None:
                raise fault.error
            response = self._perform(call, may_wait=may_wait)
        except MustWait:
            return None
        except ServiceError as error:
            code = error.code
            response = serialize_error(operation, call.protocol, error, call.request_id)
        except Exception as error:
            log.exception("Request %s failed", call.request_id)
            failure = InternalFailure(
                f"The engine failed with {type(error).__name__}: {error}. "
                f"Its log has the traceback of request {call.request_id}."
            )
            code = failure.code
            response = serialize_error(operation, call.protocol, failure, call.request_id)
        _log(call, response.status, code)
        if fault is _NO_FAULT:
            return response
        return replace(response, delay_s=fault.delay_s, lost=fault.lost)

    def _fault_of(self, operation: Operation | None) -> CallFault:
        if operation is None:
            return _NO_FAULT
        return self._faults.on_call(operation.service, operation.name) or _NO_FAULT

    def _perform(self, call: "_Call", *, may_wait: bool) -> HttpResponse:
        request = call.request
        if len(request.body) > MAX_BODY_BYTES:
            raise RequestEntityTooLarge(f"The body is larger than {MAX_BODY_BYTES} bytes")
        caller = identify(request)
        operation = route(request, self._operations)
        parameters = parse(operation.request, request.body)
        validate(operation.request, parameters)
        context = self._context(caller, call.request_id, may_wait=may_wait)
        result = dispatch(operation, parameters, context, self._lookup)
        if self._strict_output:
            check_output(operation, result)
        return serialize(operation, result, call.request_id)

    def _context(self, caller: Caller, request_id: str, *, may_wait: bool) -> RequestContext:
        return RequestContext(
            account=caller.account,
            region=caller.region,
            request_id=request_id,
            store=self._store,
            jobs=self._jobs,
            clock=self._clock,
            new_id=self._new_id,
            settings=self._settings,
            serving=self.serving,
            may_wait=may_wait,
        )

    def close(self) -> None:
        """Wait for the requests in work and end the threads."""
        self._threads.shutdown(wait=True)
        self.serving.close()


@dataclass(frozen=True, slots=True)
class _Call:
    """A request that is being answered."""

    request: HttpRequest
    request_id: str
    operation: Operation | None
    protocol: Protocol
    fault: CallFault
    started: float


def _log(call: _Call, status: int, code: str) -> None:
    operation, request = call.operation, call.request
    # Recommendations are asked for so often that a line for each is a good part of the work.
    level = logging.DEBUG if operation and operation.service == _RUNTIME else logging.INFO
    if log.isEnabledFor(level):
        name = operation.name if operation else f"{request.method} {request.path}"
        elapsed_ms = (time.perf_counter() - call.started) * 1000
        facts = {"request_id": call.request_id, "operation": name, "http_status": status}
        log.log(level, "%s %d %s %.1f ms", name, status, code, elapsed_ms, extra={"facts": facts})


async def _read(scope: Scope, receive: Receive) -> HttpRequest:
    """Read a complete request.

    Raises:
        ClientDisconnect: The client went away before its end.
    """
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        if len(body) <= MAX_BODY_BYTES:  # the rest is read and dropped, to be able to answer
            body += message.get("body", b"")
        more = message.get("more_body", False)
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1"), value.decode("latin-1"))
    return HttpRequest(scope["method"], scope["path"], headers, bytes(body))


async def _write(answer: HttpResponse, send: Send) -> None:
    headers = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _abort(scope: Scope, receive: Receive) -> None:
    """Close the connection and wait until the server has seen it, else it would answer 500."""
    scope["extensions"][ABORT_EXTENSION]()
    while (await receive())["type"] != "http.disconnect":
        pass
