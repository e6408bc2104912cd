"""``python -m personalize_assets.local``: the supervisor as a process of its own.

Started by ``ensure_stack`` with the lock already held it goes to the background; started by hand
it takes the lock and stays in the foreground.
"""

import argparse
import json
import logging
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from personalize_assets.core.log_format import configure_logging, log_format
from personalize_assets.engine.fingerprint import code_fingerprint
from personalize_assets.local.child import ChildFormatter, output
from personalize_assets.local.lock import LOCK_NAME, StackLock
from personalize_assets.local.record import StackRecord
from personalize_assets.local.settings import ENGINE_COMMAND, StackError, StackOptions
from personalize_assets.local.supervisor import Supervisor

log = logging.getLogger("personalize_assets.local")


class _Signals:
    """Remembers that a signal asked for the end.

    A plain flag: a handler that took a lock could meet the main thread holding it.
    """

    def __init__(self) -> None:
        self._requested = False
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._note)

    def _note(self, *_: object) -> None:
        self._requested = True

    def requested(self) -> bool:
        return self._requested


class _Report:
    """Tells the caller the outcome of the start, once."""

    def __init__(self, fd: int | None) -> None:
        self._fd = fd
        if fd is not None:
            os.set_inheritable(fd, False)

    def tell(self, outcome: dict[str, object]) -> None:
        fd, self._fd = self._fd, None
        if fd is None:
            return
        with suppress(OSError):  # the caller may have gone
            os.write(fd, json.dumps(outcome).encode())
        os.close(fd)

    def tell_ready(self, record: StackRecord) -> None:
        self.tell({"personalize": record.personalize, "s3": record.s3, "pid": os.getpid()})


def main() -> None:
    """Run the supervisor with the options of the command line."""
    options = _parse()
    if options.lock_fd is not None and os.fork() > 0:
        # The caller waits for this process; its child belongs to nobody and lives on.
        os._exit(0)
    logging.raiseExceptions = False  # a full disk must not stop what still runs
    configure_logging(os.environ, "%(asctime)s %(levelname)s supervisor: %(message)s")
    children = logging.StreamHandler(sys.stderr)
    if log_format(os.environ) == "json":
        children.setFormatter(ChildFormatter())
    output.addHandler(children)
    output.propagate = False
    sys.exit(_run(options))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m personalize_assets.local")
    parser.add_argument("--state-dir", type=Path, default=Path(".personalize"))
    parser.add_argument("--engine-port", type=int, default=0)
    parser.add_argument("--s3-port", type=int, default=0)
    parser.add_argument("--idle-stop-s", type=float, default=1800)
    parser.add_argument("--fingerprint", help="digest of the code, as the caller computed it")
    parser.add_argument("--lock-fd", type=int, help="held lock, inherited from the caller")
    parser.add_argument("--report-fd", type=int, help="pipe that is told the outcome of the start")
    parser.add_argument("engine_command", nargs="*", help="program that serves the engine")
    return parser.parse_args()


def _run(options: argparse.Namespace) -> int:
    signals = _Signals()
    report = _Report(options.report_fd)
    state_dir: Path = options.state_dir.absolute()
    try:
        lock = _take_lock(state_dir, options.lock_fd)
        supervisor = Supervisor(
            state_dir,
            StackOptions(
                options.engine_port,
                options.s3_port,
                options.idle_stop_s,
                tuple(options.engine_command) or ENGINE_COMMAND,
            ),
            lock,
            options.fingerprint or code_fingerprint(),
            signals.requested,
        )
        supervisor.run(report.tell_ready)
    except (StackError, OSError) as error:
        log.error("%s", error)
        report.tell({"error": str(error)})
        return 1
    report.tell({"error": "it was stopped before it was ready"})
    return 0


def _take_lock(state_dir: Path, fd: int | None) -> StackLock:
    if fd is not None:
        os.set_inheritable(fd, False)
        return StackLock(state_dir / LOCK_NAME, fd)
    state_dir.mkdir(parents=True, exist_ok=True)
    lock = StackLock.try_acquire(state_dir)
    if lock is None:
        raise StackError(f"a stack of {state_dir} is running already")
    return lock


if __name__ == "__main__":
    main()
