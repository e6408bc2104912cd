"""One running engine: state folder, store, job runner and HTTP server, from start to clean end."""

import gc
import logging
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from personalize_assets.core.log_format import LogFormatError, configure_logging
from personalize_assets.engine.clock import ClockError
from personalize_assets.engine.control import ControlApp
from personalize_assets.engine.listening import (
    StartError,
    StopSignals,
    address_of,
    listen,
    print_address,
)
from personalize_assets.engine.running import RunningEngine, new_id
from personalize_assets.engine.settings import EngineSettings
from personalize_assets.engine.state_folder import StateFolderError, claim_state_folder
from personalize_assets.engine.store import StoreError
from personalize_assets.engine.wire.app import ABORT_EXTENSION

log = logging.getLogger(__name__)

EXIT_CANNOT_START = 2
_GRACE_S = 10
# Longer than the gaps between a client's polls: who reuses a connection just as it closes fails.
_KEEP_ALIVE_S = 75


def serve(settings: EngineSettings, announce: Callable[[str], None] | None = None) -> int:
    """Run an engine in the foreground until SIGTERM or SIGINT.

    Args:
        settings: How.
        announce: Takes the address once connections are accepted; by default it becomes the first
            line of stdout.

    Returns:
        Exit code: 0 after a clean stop, 2 if the engine could not start (stderr says why).
    """
    try:
        configure_logging(
            os.environ, "%(asctime)s %(levelname)s %(name)s %(message)s", settings.log_level
        )
    except LogFormatError as error:
        sys.stderr.write(f"personalize engine: {error}\n")
        return EXIT_CANNOT_START
    stop = StopSignals()
    try:
        with ExitStack() as stack:
            stack.enter_context(claim_state_folder(settings.state_dir))
            listener = stack.enter_context(listen(settings.host, settings.port))
            app = _open_app(settings, stack)
            # Modules stay: going through their 100,000 objects holds answers up for 70 ms.
            gc.freeze()
            (announce or print_address)(address_of(listener))
            stop.run(_make_server(app), listener)
            log.info("Stopping")
    except (StartError, StateFolderError) as error:
        sys.stderr.write(f"personalize engine: {error}\n")
        return EXIT_CANNOT_START
    return 0


def _open_app(settings: EngineSettings, stack: ExitStack) -> ControlApp:
    """Open what the app works on; ``stack`` closes it."""
    try:
        engine = RunningEngine(settings)
    except (StoreError, ClockError) as error:
        raise StartError(str(error)) from None
    stack.callback(engine.close)
    return ControlApp(engine, settings, new_id)


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol, with a way to close a connection without an answer."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {ABORT_EXTENSION: self.transport.abort}  # type: ignore[typeddict-item]


def _make_server(app: ControlApp) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=_Protocol,
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_GRACE_S,
        )
    )
