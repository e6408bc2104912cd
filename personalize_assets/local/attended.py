"""Runs a program that must not outlive whoever started it, and keeps the last lines of its errors.

``python attended.py TAIL_FILE PROGRAM [ARGUMENTS]``: the program gets a session of its own, so that
all processes that it starts can be ended with it: when this one is told to end, when whoever
started this one is gone, and when the program itself has ended. Uses the standard library alone and
is run as a file, so that nothing else has to be imported.
"""

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import IO, Final

TAIL_LINES: Final = 60
PATIENCE_S: Final = 10.0
"""So long the program may take to end by itself when it is told to."""

_LOOK_S: Final = 0.2
ENDED: Final = 130
"""Exit status where the program was ended from outside."""


def main(arguments: list[str]) -> int:
    """Run a program to its end; return its exit status."""
    tail_file, *command = arguments
    parent = os.getppid()
    told = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        told.set()

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
        )
    except OSError as error:
        Path(tail_file).write_text(f"{command[0]}: {error.strerror}\n", encoding="utf-8")
        return 127
    tail: deque[bytes] = deque(maxlen=TAIL_LINES)
    assert process.stderr is not None
    reader = threading.Thread(target=_pass_on, args=(process.stderr, tail), daemon=True)
    reader.start()
    status = _wait(process, told, parent)
    _kill(process.pid, signal.SIGKILL)  # What the program started and left behind.
    reader.join(timeout=PATIENCE_S)
    Path(tail_file).write_bytes(b"".join(tail))
    return status


def _wait(process: subprocess.Popen[bytes], told: threading.Event, parent: int) -> int:
    while True:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(timeout=_LOOK_S)
        if told.is_set() or os.getppid() != parent:
            break
    _kill(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=PATIENCE_S)
    return ENDED


def _kill(group: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _pass_on(stream: IO[bytes], tail: "deque[bytes]") -> None:
    for line in stream:
        tail.append(line)
        # Whoever read our own errors may be gone.
        with suppress(OSError, ValueError):
            sys.stderr.buffer.write(line)
            sys.stderr.buffer.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
