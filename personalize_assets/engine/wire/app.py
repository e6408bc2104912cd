"""The way of a request through the engine, as one list of steps, and its ASGI edge.

``EngineApp._perform`` is the whole architecture: identify, route, parse, validate, dispatch,
serialize; ``answer`` turns failures into answers and logs. That is plain blocking code and runs in
a small pool of threads, so that no operation has to know of the event loop.
"""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from personalize_assets.engine.context import Clock, NewId, RequestContext
from personalize_assets.engine.errors import InternalFailure, RequestEntityTooLarge, ServiceError
from personalize_assets.engine.faults import CallFault, Faults
from personalize_assets.engine.operations.registry import lookup as registered_handler
from personalize_assets.engine.settings import EngineSettings
from personalize_assets.engine.wire.dispatch import Lookup, dispatch
from personalize_assets.engine.wire.gate import Gate
from personalize_assets.engine.wire.identify import Caller, identify
from personalize_assets.engine.wire.messages import HttpRequest, HttpResponse
from personalize_assets.engine.wire.model import Operation, load_operations
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
            answer = await self._respond(Request(scope, receive))
        except ClientDisconnect:
            return
        if answer.delay_s:
            await asyncio.sleep(answer.delay_s)
        if answer.lost and ABORT_EXTENSION in scope.get("extensions", {}):
            await _abort(scope, receive)
            return
        response = Response(answer.body, answer.status, dict(answer.headers))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> HttpResponse:
        body = bytearray()
        async for chunk in request.stream():
            if len(body) <= MAX_BODY_BYTES:  # the rest is read and dropped, to be able to answer
                body += chunk
        complete = HttpRequest(request.method, request.scope["path"], request.headers, bytes(body))
        await self.gate.enter()
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self.answer, complete)
        finally:
            self.gate.leave()

    def use(self, store: "Store", jobs: "JobRunner", serving: "Serving") -> None:
        """Answer from another state from now on; only while the gate is closed."""
        self._store, self._jobs, self.serving = store, jobs, serving

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer one API request. Never raises: failures are answers too."""
        started = time.perf_counter()
        self.last_request_at = self._clock()
        request_id = str(uuid4())
        operation, protocol = requested(request, self._operations)
        fault = self._fault_of(operation)
        code = "ok"
        try:
            if fault.error is not None:
                raise fault.error
            response = self._perform(request, request_id)
        except ServiceError as error:
            code = error.code
            response = serialize_error(operation, protocol, error, request_id)
        except Exception as error:
            log.exception("Request %s failed", request_id)
            failure = InternalFailure(
                f"The engine failed with {type(error).__name__}: {error}. "
                f"Its log has the traceback of request {request_id}."
            )
            code = failure.code
            response = serialize_error(operation, protocol, failure, request_id)
        name = operation.name if operation else f"{request.method} {request.path}"
        elapsed_ms = (time.perf_counter() - started) * 1000
        log.info("%s %d %s %.1f ms", name, response.status, code, elapsed_ms)
        if fault is _NO_FAULT:
            return response
        return replace(response, delay_s=fault.delay_s, lost=fault.lost)

    def _fault_of(self, operation: Operation | None) -> CallFault:
        if operation is None:
            return _NO_FAULT
        return self._faults.on_call(operation.service, operation.name) or _NO_FAULT

    def _perform(self, request: HttpRequest, request_id: str) -> HttpResponse:
        if len(request.body) > MAX_BODY_BYTES:
            raise RequestEntityTooLarge(f"The body is larger than {MAX_BODY_BYTES} bytes")
        caller = identify(request)
        operation = route(request, self._operations)
        parameters = parse(operation.request, request.body)
        validate(operation.request, parameters)
        result = dispatch(operation, parameters, self._context(caller, request_id), self._lookup)
        if self._strict_output:
            check_output(operation, result)
        return serialize(operation, result, request_id)

    def _context(self, caller: Caller, request_id: str) -> RequestContext:
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
        )

    def close(self) -> None:
        """Wait for the requests in work and end the threads."""
        self._threads.shutdown(wait=True)
        self.serving.close()


async def _abort(scope: Scope, receive: Receive) -> None:
    """Close the connection and wait until the server has seen it, else it would answer 500."""
    scope["extensions"][ABORT_EXTENSION]()
    while (await receive())["type"] != "http.disconnect":
        pass
