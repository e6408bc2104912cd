"""One child of the supervisor: started, watched, its output logged, its whole group ended.

A child says its address in its first line of output, and ends by itself when its standard input
is closed (``processes.exit_with_parent``). Knows nothing of what the child does.
"""

import logging
import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from personalize_assets.core.log_format import JsonFormatter
from personalize_assets.local.processes import describe_process
from personalize_assets.local.record import ProcessRecord

log = logging.getLogger(__name__)
output = logging.getLogger("personalize_assets.local.output")  # lines of children, as they are

_TAIL_LINES = 20


class ChildFormatter(JsonFormatter):
    """Lines of children where all is JSON: those that are stay as they are."""

    def format(self, record: logging.LogRecord) -> str:
        """The child's own line, or one of JSON with its text."""
        message = record.getMessage()
        line = message.partition(": ")[2]
        return line if line.startswith("{") else super().format(record)


class Child:
    """A running child process.

    Attributes:
        name: For logs.
        record: Its identity.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environ: Mapping[str, str],
        folder: Path,
        pass_fds: Sequence[int],
    ) -> None:
        """Start it.

        Raises:
            OSError: The program cannot be started.
        """
        self.name = name
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=dict(environ),
            pass_fds=tuple(pass_fds),
            process_group=0,
        )
        self.record: ProcessRecord = describe_process(name, self._process.pid)
        self._first_line: str | None = None
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._pumps = [
            threading.Thread(target=pump, daemon=True)
            for pump in (self._pump_stdout, self._pump_stderr)
        ]
        for pump in self._pumps:
            pump.start()
        log.info("started %s as process %d", name, self._process.pid)

    @property
    def first_line(self) -> str | None:
        """Its first line of output, once there is one."""
        return self._first_line

    @property
    def exit_code(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        return self._process.poll()

    def complaint(self) -> str:
        """What it wrote to standard error at last, in one line."""
        for pump in self._pumps:
            pump.join(timeout=1)
        lines = [line for line in self._tail if line.strip()]
        return lines[-1].strip() if lines else f"it ended with code {self.exit_code}"

    def terminate(self) -> None:
        """Ask it politely to end."""
        if self.exit_code is None:
            self._process.terminate()

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end; tell whether it came in time."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_s)
        return self.exit_code is not None

    def clear_away(self) -> None:
        """Kill it, if it still runs, and whatever of its process group is left."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def _pump_stdout(self) -> None:
        for line in _lines(self._process.stdout):
            if self._first_line is None:
                self._first_line = line
            else:
                output.info("%s: %s", self.name, line)

    def _pump_stderr(self) -> None:
        for line in _lines(self._process.stderr):
            self._tail.append(line)
            output.info("%s: %s", self.name, line)


def _lines(stream: IO[bytes] | None) -> Iterator[str]:
    if stream is None:
        return
    with stream:
        for raw in stream:
            yield raw.decode(errors="replace").rstrip()
