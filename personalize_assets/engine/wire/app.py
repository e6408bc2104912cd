"""The way of a request through the engine, as one list of steps, and its ASGI edge.

``EngineApp._perform`` is the whole architecture: identify, route, parse, validate, dispatch,
serialize; ``answer`` turns failures into answers and logs. That is plain blocking code and runs in
a small pool of threads, so that no operation has to know of the event loop.
"""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from personalize_assets.engine.context import Clock, NewId, RequestContext
from personalize_assets.engine.errors import InternalFailure, RequestEntityTooLarge, ServiceError
from personalize_assets.engine.operations.registry import lookup as registered_handler
from personalize_assets.engine.settings import EngineSettings
from personalize_assets.engine.wire.dispatch import Lookup, dispatch
from personalize_assets.engine.wire.health import HEALTH_PATH, Health
from personalize_assets.engine.wire.identify import Caller, identify
from personalize_assets.engine.wire.messages import HttpRequest, HttpResponse
from personalize_assets.engine.wire.model import load_operations
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


class EngineApp:
    """Answers requests to the three services; an ASGI application.

    Args:
        store: Control plane and artifacts.
        jobs: Takes asynchronous work.
        clock: The present moment.
        new_id: Fresh identifiers for resources.
        settings: Of this engine.
        serving: Answers runtime requests.
        lookup: Finds the function for an operation.
        strict_output: Fail where an operation gives what the model does not allow; for tests.
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
        lookup: Lookup = registered_handler,
        strict_output: bool = False,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._clock = clock
        self._new_id = new_id
        self._settings = settings
        self._serving = serving
        self._lookup = lookup
        self._strict_output = strict_output
        self._operations = load_operations()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="operation")
        self._health = Health(settings, jobs, clock)
        self._last_request_at: datetime | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event as ASGI prescribes; only HTTP is known."""
        if scope["type"] != "http":
            return
        if scope["path"] == HEALTH_PATH:
            response: Response = JSONResponse(self._health.report(self._last_request_at))
        else:
            try:
                response = await self._respond(Request(scope, receive))
            except ClientDisconnect:
                return
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        body = bytearray()
        async for chunk in request.stream():
            if len(body) <= MAX_BODY_BYTES:  # the rest is read and dropped, to be able to answer
                body += chunk
        complete = HttpRequest(request.method, request.scope["path"], request.headers, bytes(body))
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self._threads, self.answer, complete)
        return Response(answer.body, answer.status, dict(answer.headers))

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer one API request. Never raises: failures are answers too."""
        started = time.perf_counter()
        self._last_request_at = self._clock()
        request_id = str(uuid4())
        operation, protocol = requested(request, self._operations)
        code = "ok"
        try:
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
        return response

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
            serving=self._serving,
        )

    def close(self) -> None:
        """Wait for the requests in work and end the threads."""
        self._threads.shutdown(wait=True)
        self._serving.close()
