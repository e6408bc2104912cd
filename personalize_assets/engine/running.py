"""The parts of one engine together: opened, closed, and exchanged for another state while serving.

Store, job runner and serving belong to one state and are made anew with it; clock, faults and the
application that answers requests stay. Knows nothing of sockets and processes of its own.
"""

import asyncio
import logging
import os
import secrets
import signal
from datetime import timedelta
from pathlib import Path

# Importing the families registers their operations.
import personalize_assets.engine.operations  # noqa: F401 # pyright: ignore[reportUnusedImport]
from personalize_assets.engine import exchange
from personalize_assets.engine.clock import EngineClock
from personalize_assets.engine.context import Clock, NewId
from personalize_assets.engine.faults import Faults
from personalize_assets.engine.jobs import JobRunner, ProcessRunner
from personalize_assets.engine.serving import Serving
from personalize_assets.engine.settings import EngineSettings
from personalize_assets.engine.store import Store
from personalize_assets.engine.wire.app import EngineApp

log = logging.getLogger(__name__)


def make_app(
    store: Store,
    jobs: JobRunner,
    clock: Clock,
    new_id: NewId,
    settings: EngineSettings,
    *,
    faults: Faults | None = None,
    strict_output: bool = False,
) -> EngineApp:
    """Make the ASGI application with all operations that are built.

    Args:
        store: Control plane and artifacts.
        jobs: Takes asynchronous work; started by the caller.
        clock: The present moment.
        new_id: Fresh identifiers for resources.
        settings: Of the engine.
        faults: What goes wrong on purpose; None for nothing.
        strict_output: Fail where an operation gives what the model does not allow; for tests.
    """
    serving = Serving(store, clock, new_id)
    return EngineApp(
        store,
        jobs,
        clock,
        new_id,
        settings,
        serving,
        faults=faults,
        strict_output=strict_output,
    )


def new_id() -> str:
    """Eight random hexadecimal digits."""
    return secrets.token_hex(4)


class RunningEngine:
    """The engine of one state folder, which the caller has claimed.

    Args:
        settings: How.

    Raises:
        StoreError: The state cannot be used.
        ClockError: Nor can the clock's file.

    Attributes:
        store: Control plane and artifacts.
        jobs: Runs.
        clock: May be moved.
        faults: What goes wrong on purpose.
        app: Answers the services.
    """

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._root = settings.state_dir.absolute() / "engine"
        exchange.carry_out(self._root)
        self.clock = EngineClock(self._root)
        self.faults = Faults()
        self.store, self.jobs = self._open()
        self.app = make_app(self.store, self.jobs, self.clock, new_id, settings, faults=self.faults)

    def close(self) -> None:
        """Finish the requests in work, put jobs back and close the state."""
        self.app.close()
        self._close_state()

    async def exchange(self, made: Path) -> None:
        """Answer from another state from now on.

        Requests in work are finished before, later ones wait; jobs at work are dropped with the
        state that they belong to.

        Args:
            made: Folder with the other state, on the same disk; see `exchange.stage`.
        """
        async with self.app.gate.closed():
            await asyncio.to_thread(self._exchange, made)

    def _exchange(self, made: Path) -> None:
        exchange.stage(self._root, made)
        try:
            self.app.serving.close()
            self._close_state()
            exchange.carry_out(self._root)
            self.clock.reload()
            self.store, self.jobs = self._open()
        except BaseException:
            # Nothing is lost: the next start carries the exchange to its end. But this engine
            # has no state to answer from.
            log.critical("the state could not be exchanged; the engine ends")
            os.kill(os.getpid(), signal.SIGTERM)
            raise
        self.app.use(self.store, self.jobs, Serving(self.store, self.clock, new_id))

    def _open(self) -> tuple[Store, ProcessRunner]:
        store = Store.open(self._settings.state_dir)
        jobs = ProcessRunner(
            store,
            clock=self.clock,
            new_id=new_id,
            s3_endpoint=self._settings.s3_endpoint,
            workers=self._settings.workers,
            status_time=timedelta(seconds=self._settings.status_seconds),
            faults=self.faults,
        )
        jobs.start()
        return store, jobs

    def _close_state(self) -> None:
        self.jobs.stop()
        self.store.close()
