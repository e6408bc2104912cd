"""Starting a supervisor in the background and waiting for what it reports.

The caller holds the lock and hands it down, so that from the first moment on nobody else starts
one.
"""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from personalize_assets.aws.endpoints import Endpoints
from personalize_assets.local.lock import StackLock
from personalize_assets.local.log_file import LOG_NAME, last_lines, open_log
from personalize_assets.local.processes import clean_environment
from personalize_assets.local.settings import StackError, StackOptions

_REPORT_BYTES = 65536


class SupervisorVanished(StackError):
    """The supervisor ended without a word, as after a kill; starting another one may help."""


def launch_supervisor(
    state_dir: Path,
    options: StackOptions,
    lock: StackLock,
    fingerprint: str,
    environ: Mapping[str, str],
    timeout_s: float,
) -> Endpoints:
    """Start the supervisor of ``state_dir`` and wait until its services answer.

    Args:
        state_dir: The folder, resolved.
        options: How to run the stack.
        lock: Held by the caller, who may let go afterwards.
        fingerprint: Digest of the code that the stack will run.
        environ: Environment to clean and hand on.
        timeout_s: Seconds to wait.

    Raises:
        SupervisorVanished: It ended without giving a reason.
        StackError: It could not start; the message holds its reason.
    """
    report_fd, write_fd = os.pipe()
    try:
        try:
            _spawn(state_dir, options, lock, fingerprint, environ, write_fd)
        except OSError as error:
            reason = error.strerror or error
            raise StackError(f"the stack of {state_dir} cannot be started: {reason}") from error
        finally:
            os.close(write_fd)
        report = _read_report(report_fd, timeout_s)
    finally:
        os.close(report_fd)
    if report is None:
        raise StackError(f"the stack of {state_dir} was not ready in {timeout_s:.0f} s")
    return _as_endpoints(state_dir, report)


def _spawn(
    state_dir: Path,
    options: StackOptions,
    lock: StackLock,
    fingerprint: str,
    environ: Mapping[str, str],
    report_fd: int,
) -> None:
    command = [
        *(sys.executable, "-m", "personalize_assets.local"),
        *("--state-dir", str(state_dir)),
        *("--engine-port", str(options.engine_port)),
        *("--s3-port", str(options.s3_port)),
        *("--idle-stop-s", str(options.idle_stop_s)),
        *("--fingerprint", fingerprint),
        *("--lock-fd", str(lock.fd)),
        *("--report-fd", str(report_fd)),
        *("--", *options.engine_command),
    ]
    log_fd = open_log(state_dir)
    try:
        # The process started here forks and ends at once, so nothing has to be waited for later.
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log_fd,
            stderr=log_fd,
            cwd=state_dir,
            env=clean_environment(environ),
            pass_fds=(lock.fd, report_fd),
            start_new_session=True,
            check=False,
        )
    finally:
        os.close(log_fd)


def _read_report(fd: int, timeout_s: float) -> bytes | None:
    """What the supervisor reports: empty if it ended without a word, None if it took too long."""
    deadline = time.monotonic() + timeout_s
    parts: list[bytes] = []
    while (left_s := deadline - time.monotonic()) > 0:
        if not select.select([fd], [], [], left_s)[0]:
            break
        part = os.read(fd, _REPORT_BYTES)
        if not part:
            return b"".join(parts)
        parts.append(part)
    return None


def _as_endpoints(state_dir: Path, report: bytes) -> Endpoints:
    outcome = json.loads(report) if report else {}
    if "personalize" in outcome:
        return Endpoints(**outcome)
    failure = StackError if report else SupervisorVanished
    reason = outcome.get("error") or "; ".join(last_lines(state_dir, 3)) or "it gave no reason"
    raise failure(f"the stack of {state_dir} did not start: {reason} (log: {state_dir / LOG_NAME})")
