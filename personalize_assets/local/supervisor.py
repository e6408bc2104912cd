"""The supervisor of one state folder: starts engine and S3, restarts what dies, stops when idle.

Runs in a process of its own that holds the lock of the folder. Everything it learns it learns by
looking, a few times a second: exit codes, health, the time of the last touch; so there is no
message that could be lost.
"""

import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from personalize_assets.local.child import Child
from personalize_assets.local.health import ENGINE_HEALTH, S3_HEALTH
from personalize_assets.local.lock import StackLock
from personalize_assets.local.log_file import trim_log
from personalize_assets.local.ports import HOST, choose_port, listen
from personalize_assets.local.processes import clean_environment, describe_process
from personalize_assets.local.record import RecordFile, StackRecord, read_record
from personalize_assets.local.service import GaveUp, Service
from personalize_assets.local.settings import StackError, StackOptions

log = logging.getLogger(__name__)

_TICK_S = 0.2
_STARTING_TICK_S = 0.02
_HEALTH_EVERY_S = 2.0
_STOP_GRACE_S = 20.0


class Supervisor:
    """Keeps engine and S3 of one state folder running until it is told, or is idle.

    Args:
        state_dir: The folder, absolute.
        options: Ports, idle time, engine program.
        lock: The held lock; inherited by both children.
        fingerprint: Digest of the code that runs, for the record.
        stop_requested: Tells whether somebody asked for the end.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        state_dir: Path,
        options: StackOptions,
        lock: StackLock,
        fingerprint: str,
        stop_requested: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._state_dir = state_dir
        self._options = options
        self._lock = lock
        self._stop_requested = stop_requested
        self._clock = clock
        self._environ = clean_environment(os.environ)
        last = read_record(state_dir)
        self._last_engine_port, self._last_s3_port = (
            (_port(last.personalize), _port(last.s3)) if last is not None else (0, 0)
        )
        me = describe_process("supervisor", os.getpid())
        record = StackRecord("starting", me, fingerprint=fingerprint)
        self._file = RecordFile(state_dir, record)
        self._engine = Service("engine", ENGINE_HEALTH, clock)
        self._s3 = Service("s3", S3_HEALTH, clock)
        self._running_jobs: int | None = None
        self._touched_ns = 0
        self._touched_at = clock()

    def run(self, on_ready: Callable[[StackRecord], None]) -> None:
        """Run until stopped or idle.

        Args:
            on_ready: Called once, when both services answer.

        Raises:
            StackError: The folder cannot be used, a port is taken, or a service does not start.
        """
        try:
            self._file.write(self._file.record)
            (self._state_dir / "s3").mkdir(exist_ok=True)
        except OSError as error:
            reason = error.strerror or error
            raise StackError(
                f"the state folder {self._state_dir} cannot be written: {reason}"
            ) from error
        failure = "it ended unexpectedly, see stack.log"
        try:
            with listen(self._options.s3_port, self._last_s3_port) as self._listener:
                self._keep_running(on_ready)
            failure = ""
        except StackError as error:
            failure = str(error)
            raise
        finally:
            self._shut_down(failure)

    def _keep_running(self, on_ready: Callable[[StackRecord], None]) -> None:
        self._s3.address = f"http://{HOST}:{self._listener.getsockname()[1]}"
        self._start_s3()
        self._start_engine(self._last_engine_port)
        while not self._look():
            if self._stop_requested():
                return
            self._revive(starting=True)
            time.sleep(_STARTING_TICK_S)
        self._update(state="ready", personalize=self._engine.address, s3=self._s3.address)
        self._touched_ns, self._touched_at = self._file.touched_ns, self._clock()
        log.info("ready: engine %s, S3 %s", self._engine.address, self._s3.address)
        on_ready(self._file.record)
        self._watch()

    def _watch(self) -> None:
        looked_at = self._clock()
        every_s = min(_HEALTH_EVERY_S, self._options.idle_stop_s / 4 or _HEALTH_EVERY_S)
        while not self._stop_requested():
            time.sleep(_TICK_S)
            if not self._is_in_place():
                return
            self._revive(starting=False)
            if self._clock() - looked_at < every_s:
                continue
            looked_at = self._clock()
            self._look()
            trim_log()
            if self._is_idle() and self._file.stop_unless_touched():
                log.info("idle for %g s", self._options.idle_stop_s)
                return

    def _start_engine(self, last_port: int) -> None:
        port = choose_port(self._options.engine_port, last_port)
        command = [
            *self._options.engine_command,
            *("--host", HOST, "--port", str(port)),
            *("--state-dir", str(self._state_dir)),
            *("--s3-endpoint", self._s3.address),
        ]
        self._start(self._engine, command, (self._lock.fd,))

    def _start_s3(self) -> None:
        fd = self._listener.fileno()
        command = [
            *(sys.executable, "-m", "personalize_assets.local.s3"),
            *("--root", str(self._state_dir / "s3")),
            *("--fd", str(fd)),
        ]
        self._start(self._s3, command, (self._lock.fd, fd))

    def _start(self, service: Service, command: list[str], pass_fds: tuple[int, ...]) -> None:
        try:
            child = Child(
                service.name,
                command,
                environ=self._environ,
                folder=self._state_dir,
                pass_fds=pass_fds,
            )
        except OSError as error:
            raise GaveUp(f"the {service.name} cannot be started: {error}") from error
        service.adopt(child)
        services = (self._engine, self._s3)
        self._update(children=tuple(s.child.record for s in services if s.child is not None))

    def _revive(self, *, starting: bool) -> None:
        """Start what has died once more; at the first start only for want of a port."""
        if self._s3.clear_if_dead():
            self._s3.count_death(starting=starting)
            self._start_s3()
        if self._engine.clear_if_dead():
            # A port that was free a moment ago may be taken now.
            by_chance = not self._options.engine_port and self._last_engine_port > 0
            self._engine.count_death(starting=starting, by_chance=by_chance)
            self._start_engine(0 if starting else _port(self._engine.address))

    def _look(self) -> bool:
        """Ask both services for their health; tell whether both answered."""
        child = self._engine.child
        if child is None or child.first_line is None:
            return False
        if child.first_line != self._engine.address:
            self._engine.address = child.first_line
            if self._file.record.state == "ready":
                self._update(personalize=self._engine.address)
        health = self._engine.look()
        if health is not None:
            self._running_jobs = int(health.get("running_jobs") or 0)
        return (self._s3.look() is not None) and health is not None

    def _is_idle(self) -> bool:
        if self._file.touched_ns != self._touched_ns:
            self._touched_ns, self._touched_at = self._file.touched_ns, self._clock()
        if self._running_jobs != 0 or self._options.idle_stop_s <= 0:
            return False
        active_at = max(self._touched_at, self._engine.active_at, self._s3.active_at)
        return self._clock() - active_at >= self._options.idle_stop_s

    def _is_in_place(self) -> bool:
        """Put the record back if somebody spoiled it; False where the folder itself is gone."""
        if self._file.is_in_place:
            return True
        if not self._lock.is_in_place:
            log.warning("the state folder %s is gone", self._state_dir)
            return False
        log.warning("somebody replaced the record, writing it again")
        self._update()
        return True

    def _update(self, **changes: Any) -> None:
        try:
            self._file.update(**changes)
        except OSError as error:
            # The services are worth more than the note about them; the next look writes it again.
            log.error("the record cannot be written: %s", error)

    def _shut_down(self, failure: str) -> None:
        """End both services, the engine first because it may be writing to S3."""
        log.info("stopping")
        in_place = self._lock.is_in_place
        if in_place:
            self._update(state="stopping")
        self._engine.end(_STOP_GRACE_S)
        self._s3.end(_STOP_GRACE_S)
        if in_place:
            state = "failed" if failure else "stopped"
            self._update(state=state, children=(), error=failure)
        log.info("stopped")


def _port(address: str) -> int:
    try:
        return urlsplit(address).port or 0
    except ValueError:
        return 0
