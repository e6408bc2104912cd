"""The local stack as callers see it: make sure it runs, stop it, look at it.

One supervisor process per state folder keeps the engine and the local S3 running
(``supervisor``). Whoever needs them calls ``ensure_stack``; the lock in the state folder sees to
it that only one is started. Knows neither Dagster nor boto3.
"""

import logging
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from personalize_assets.aws.endpoints import Endpoints
from personalize_assets.engine.fingerprint import code_fingerprint
from personalize_assets.local.health import ENGINE_HEALTH, S3_HEALTH, read_health
from personalize_assets.local.launch import SupervisorVanished, launch_supervisor
from personalize_assets.local.lock import LOCK_NAME, StackLock
from personalize_assets.local.processes import is_alive, send_signal
from personalize_assets.local.record import StackRecord, read_record, touch_record
from personalize_assets.local.settings import StackError, StackOptions

__all__ = [
    "Endpoints",
    "StackError",
    "StackOptions",
    "StackStatus",
    "ensure_stack",
    "hold_stopped",
    "stack_status",
    "stop_stack",
]

log = logging.getLogger(__name__)

_POLL_S = 0.05
_LEFTOVER_GRACE_S = 3.0
_SILENCE_S = 25.0
_MAX_VANISHED = 5


@dataclass(frozen=True)
class StackStatus:
    """What is known of the stack of one state folder.

    Attributes:
        running: Whether engine and S3 answer.
        state: ``ready``, ``starting``, ``stopping``, ``stopped``, ``failed``, ``crashed`` or
            ``absent``.
        endpoints: Addresses, None where nothing runs.
        running_jobs: Jobs of the engine in work.
        uptime_s: Seconds since the engine started.
        error: Why it failed, or empty.
        state_dir: The folder.
    """

    running: bool
    state: str
    endpoints: Endpoints | None
    running_jobs: int
    uptime_s: float
    error: str
    state_dir: Path


def ensure_stack(
    state_dir: Path,
    options: StackOptions | None = None,
    *,
    timeout_s: float = 60,
    environ: Mapping[str, str] | None = None,
) -> Endpoints:
    """Make sure that the stack of ``state_dir`` runs, and tell where.

    Quick (some milliseconds) where it runs already. Any number of processes may call this at
    once; one stack is started. What was left by a crash is cleared away first. A stack that runs
    older code is replaced, unless it has jobs in work.

    Args:
        state_dir: Folder of the stack; made where missing.
        options: Used only by the call that starts the stack; the defaults where None.
        timeout_s: Seconds to wait until both services answer.
        environ: Environment for the stack; the caller's own where None. Variables of AWS and of
            proxies are not handed on.

    Raises:
        StackError: It cannot run: folder not writable, port taken, the engine fails to start.
    """
    state_dir = state_dir.expanduser().resolve()
    started_at = time.monotonic()
    deadline = started_at + timeout_s
    vanished = 0
    while True:
        endpoints = _use_running(state_dir)
        if endpoints is not None:
            return endpoints
        lock = _try_lock(state_dir)
        if lock is not None:
            left_s = deadline - time.monotonic()
            try:
                return _launch(state_dir, options, lock, environ, left_s)
            except SupervisorVanished:
                vanished += 1
                if vanished == _MAX_VANISHED:
                    raise
        _unblock(state_dir, time.monotonic() - started_at)
        if time.monotonic() > deadline:
            raise StackError(_why_late(state_dir, timeout_s))
        time.sleep(_POLL_S)


def stop_stack(state_dir: Path, *, timeout_s: float = 30) -> bool:
    """Stop the stack of ``state_dir`` and wait until all its processes are gone.

    Returns:
        Whether there was one to stop.

    Raises:
        StackError: It could not be stopped in time, or the folder cannot be used.
    """
    state_dir = state_dir.expanduser().resolve()
    if not (state_dir / LOCK_NAME).exists():
        return False
    deadline = time.monotonic() + timeout_s
    found = False
    while True:
        lock = _try_lock(state_dir)
        if lock is not None:
            lock.close()
            return found
        record = read_record(state_dir)
        late = time.monotonic() > deadline
        if record is not None and is_alive(record.supervisor) and not late:
            if not found:
                send_signal(record.supervisor, signal.SIGTERM)
        else:
            _end_all(record, signal.SIGKILL if late else signal.SIGTERM)
        found = True
        if time.monotonic() > deadline + _LEFTOVER_GRACE_S:
            raise StackError(
                f"the stack of {state_dir} did not stop in {timeout_s:g} s; "
                f"{_holder(record)} still holds {LOCK_NAME}"
            )
        time.sleep(_POLL_S)


def hold_stopped(state_dir: Path, *, timeout_s: float = 30) -> StackLock:
    """Stop the stack and keep it from starting until the returned lock is closed.

    Raises:
        StackError: It could not be stopped, or somebody starts it again and again.
    """
    state_dir = state_dir.expanduser().resolve()
    for _ in range(3):
        stop_stack(state_dir, timeout_s=timeout_s)
        lock = _try_lock(state_dir)
        if lock is not None:
            return lock
    raise StackError(f"something starts the stack of {state_dir} again whenever it is stopped")


def stack_status(state_dir: Path) -> StackStatus:
    """Look at the stack of ``state_dir`` without starting, stopping or touching it."""
    state_dir = state_dir.expanduser().resolve()
    record = read_record(state_dir)
    if record is None:
        return StackStatus(False, "absent", None, 0, 0.0, "", state_dir)
    alive = is_alive(record.supervisor)
    engine = _engine_health(state_dir, record) if alive else None
    s3 = _s3_health(state_dir, record) if alive else None
    state = record.state
    if not alive and state not in ("stopped", "failed"):
        state = "crashed"
    return StackStatus(
        running=engine is not None and s3 is not None,
        state=state,
        endpoints=_endpoints(record) if alive and record.personalize else None,
        running_jobs=int((engine or {}).get("running_jobs") or 0),
        uptime_s=float((engine or {}).get("uptime_s") or 0.0),
        error=record.error,
        state_dir=state_dir,
    )


def _launch(
    state_dir: Path,
    options: StackOptions | None,
    lock: StackLock,
    environ: Mapping[str, str] | None,
    timeout_s: float,
) -> Endpoints:
    with lock:
        return launch_supervisor(
            state_dir,
            options or StackOptions(),
            lock,
            code_fingerprint(),
            os.environ if environ is None else environ,
            timeout_s,
        )


def _use_running(state_dir: Path) -> Endpoints | None:
    """The endpoints of a stack that runs, is well and runs the code at hand; else None."""
    # The touch comes before the look: see RecordFile.stop_unless_touched.
    touch_record(state_dir)
    record = read_record(state_dir)
    if record is None or record.state != "ready":
        return None
    engine, s3 = _engine_health(state_dir, record), _s3_health(state_dir, record)
    # Services that still answer without their supervisor are about to end.
    if engine is None or s3 is None or not is_alive(record.supervisor):
        return None
    if record.fingerprint == code_fingerprint():
        return _endpoints(record)
    if engine.get("running_jobs"):
        log.warning("the stack runs older code; it is replaced when its jobs are done")
        return _endpoints(record)
    log.info("the stack runs older code, replacing it")
    send_signal(record.supervisor, signal.SIGTERM)
    return None


def _engine_health(state_dir: Path, record: StackRecord) -> dict[str, Any] | None:
    """Health of this folder's engine; another one may have got its port."""
    health = read_health(record.personalize, ENGINE_HEALTH)
    return health if health and health.get("state_dir") == str(state_dir) else None


def _s3_health(state_dir: Path, record: StackRecord) -> dict[str, Any] | None:
    health = read_health(record.s3, S3_HEALTH)
    return health if health and health.get("root") == str(state_dir / "s3") else None


def _endpoints(record: StackRecord) -> Endpoints:
    return Endpoints(record.personalize, record.s3, record.supervisor.pid)


def _try_lock(state_dir: Path) -> StackLock | None:
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        return StackLock.try_acquire(state_dir)
    except OSError as error:
        raise StackError(
            f"the state folder {state_dir} cannot be written: {error.strerror or error}; "
            "choose another one (PERSONALIZE_ASSETS_STATE_DIR)"
        ) from error


def _unblock(state_dir: Path, waited_s: float) -> None:
    """Clear away whoever holds the lock without serving: leftovers of a crash, or the hung."""
    record = read_record(state_dir)
    if record is None or record.state in ("stopped", "failed"):
        return  # of an earlier stack: the new one has not written its record yet
    if not is_alive(record.supervisor):
        _end_all(record, signal.SIGTERM if waited_s < _LEFTOVER_GRACE_S else signal.SIGKILL)
    elif record.state == "ready" and waited_s > _SILENCE_S:
        log.error("the stack has not answered for %g s, killing it", waited_s)
        _end_all(record, signal.SIGKILL)


def _end_all(record: StackRecord | None, number: int) -> None:
    if record is not None:
        for process in (record.supervisor, *record.children):
            send_signal(process, number)


def _why_late(state_dir: Path, timeout_s: float) -> str:
    record = read_record(state_dir)
    return (
        f"the stack of {state_dir} was not ready in {timeout_s:g} s; {_holder(record)} holds "
        f"{LOCK_NAME} (perhaps in another container or on another machine); see stack.log"
    )


def _holder(record: StackRecord | None) -> str:
    if record is None:
        return "an unknown process"
    alive = [p for p in (record.supervisor, *record.children) if is_alive(p)]
    return ", ".join(f"{p.name} (process {p.pid})" for p in alive) or "an unknown process"
