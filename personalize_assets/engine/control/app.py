"""The paths ``/_personalize/...`` as one table, and their ASGI edge.

They need no signature: who can reach loopback may use them, web pages excepted. No fault on
purpose meets them, and they answer while the services are paused. What each does is in the modules
beside this one.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from personalize_assets.engine.clock import ClockError
from personalize_assets.engine.control import changes
from personalize_assets.engine.control.answers import ControlError, check, error_answer, read_json
from personalize_assets.engine.control.archive import ArchiveError, export_state, unpack_state
from personalize_assets.engine.control.guard import refuse_web_pages
from personalize_assets.engine.control.health import (
    Health,
    report_clock,
    report_faults,
    report_jobs,
)
from personalize_assets.engine.faults import FaultRule
from personalize_assets.engine.running import RunningEngine
from personalize_assets.engine.settings import EngineSettings

log = logging.getLogger(__name__)

CONTROL_PREFIX: Final = "/_personalize/"
_Handler = Callable[[Request], Awaitable[Response]]


class ControlApp:
    """An ASGI application: the control paths of an engine before its services.

    Args:
        engine: Open.
        settings: Of the engine.
        new_id: Fresh identifiers, for temporary folders.
    """

    def __init__(
        self, engine: RunningEngine, settings: EngineSettings, new_id: Callable[[], str]
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._new_id = new_id
        self._health = Health(engine, settings)
        self._changing = asyncio.Lock()  # one export or change of the whole state at a time
        self._routes: dict[str, dict[str, _Handler]] = {
            "health": {"GET": self._get_health},
            "info": {"GET": self._get_info},
            "jobs": {"GET": self._get_jobs},
            "clock": {"GET": self._get_clock, "POST": self._post_clock},
            "faults": {
                "GET": self._get_faults,
                "POST": self._post_faults,
                "DELETE": self._delete_faults,
            },
            "reset": {"POST": self._post_reset},
            "state": {"GET": self._get_state, "PUT": self._put_state},
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event as ASGI prescribes."""
        if scope["type"] != "http" or not scope["path"].startswith(CONTROL_PREFIX):
            await self._engine.app(scope, receive, send)
            return
        try:
            response = await self._answer(Request(scope, receive))
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        name, _, rest = request.url.path.removeprefix(CONTROL_PREFIX).partition("/")
        try:
            refuse_web_pages(request.headers, allow_remote=self._settings.allow_remote)
            return await self._route(name, rest, request)
        except ControlError as error:
            return error_answer(error)
        except ClientDisconnect:
            raise
        except Exception as error:
            log.exception("%s %s failed", request.method, request.url.path)
            return error_answer(ControlError(500, f"{type(error).__name__}: {error}"))

    async def _route(self, name: str, rest: str, request: Request) -> Response:
        methods = self._routes.get(name, {})
        if not methods or (rest and name != "faults"):
            known = ", ".join(CONTROL_PREFIX + each for each in self._routes)
            raise ControlError(404, f"nothing at {request.url.path}; there are {known}")
        handler = methods.get(request.method)
        if handler is None:
            raise ControlError(405, f"{request.url.path} takes {', '.join(methods)}")
        request.scope["path_params"] = {"rest": rest}
        return await handler(request)

    async def _get_health(self, _request: Request) -> Response:
        async with self._engine.app.gate.passed():
            return JSONResponse(self._health.health())

    async def _get_info(self, _request: Request) -> Response:
        async with self._engine.app.gate.passed():
            return JSONResponse(await asyncio.to_thread(self._health.info))

    async def _get_jobs(self, _request: Request) -> Response:
        async with self._engine.app.gate.passed():
            return JSONResponse(await asyncio.to_thread(report_jobs, self._engine))

    async def _get_clock(self, _request: Request) -> Response:
        return JSONResponse(report_clock(self._engine.clock))

    async def _post_clock(self, request: Request) -> Response:
        change = check(changes.ClockChange, await read_json(request))
        async with self._engine.app.gate.passed():
            try:
                await asyncio.to_thread(changes.move_clock, self._engine, change)
            except ClockError as error:
                raise ControlError(400, str(error)) from None
        return JSONResponse(report_clock(self._engine.clock))

    async def _get_faults(self, _request: Request) -> Response:
        return JSONResponse({"rules": report_faults(self._engine.faults)})

    async def _post_faults(self, request: Request) -> Response:
        given: Any = await read_json(request)
        rules = cast("list[Any]", given) if isinstance(given, list) else [given]
        checked = [changes.check_operation(check(FaultRule, rule)) for rule in rules]
        numbers = [self._engine.faults.add(rule) for rule in checked]
        return JSONResponse({"ids": numbers, "rules": report_faults(self._engine.faults)})

    async def _delete_faults(self, request: Request) -> Response:
        number = request.path_params["rest"]
        faults = self._engine.faults
        if not number:
            return JSONResponse({"removed": faults.clear()})
        if not number.isdecimal() or not faults.remove(int(number)):
            raise ControlError(404, f"there is no rule {number!r}")
        return JSONResponse({"removed": 1})

    async def _post_reset(self, request: Request) -> Response:
        scope = check(changes.Scope, await read_json(request))
        async with self._changing:
            if not scope.is_everything:
                remove = partial(changes.remove_resources, self._engine.store, scope)
                return JSONResponse({"removed": await asyncio.to_thread(remove)})
            removed = self._engine.store.resources.statistics().total()
            await self._engine.exchange(self._make_folder())
            self._engine.faults.clear()
            return JSONResponse({"removed": removed})

    async def _get_state(self, _request: Request) -> Response:
        async with self._changing:
            store, now = self._engine.store, self._engine.clock()
            workspace = self._make_folder()
            discard = partial(store.artifacts.discard, workspace)
            try:
                file = await asyncio.to_thread(export_state, store, workspace, now)
            except BaseException:
                discard()
                raise
        return FileResponse(
            file,
            media_type="application/gzip",
            filename="personalize-state.tar.gz",
            background=BackgroundTask(discard),
        )

    async def _put_state(self, request: Request) -> Response:
        async with self._changing:
            workspace = self._make_folder()
            try:
                archive = await _save(request, workspace / "received")
                made = await asyncio.to_thread(unpack_state, archive, workspace)
                await self._engine.exchange(made)
            except ArchiveError as error:
                raise ControlError(400, str(error)) from None
            finally:
                self._engine.store.artifacts.discard(workspace)
            imported = self._engine.store.resources.statistics().total()
            return JSONResponse({"imported": imported})

    def _make_folder(self) -> Path:
        return self._engine.store.artifacts.make_temporary(f"control-{self._new_id()}")


async def _save(request: Request, path: Path) -> Path:
    with path.open("wb") as file:
        async for chunk in request.stream():
            file.write(chunk)
    return path
