"""The log of a stack: one file, and the one before it, neither of which grows without end."""

import os
import shutil
import stat
from collections import deque
from contextlib import suppress
from pathlib import Path

LOG_NAME = "stack.log"
_MAX_BYTES = 20 * 1024 * 1024
_STDERR = 2


def open_log(state_dir: Path) -> int:
    """Open the log for appending; the caller closes the descriptor.

    Raises:
        OSError: The folder cannot be written.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    return os.open(state_dir / LOG_NAME, flags, 0o644)


def trim_log(fd: int = _STDERR, folder: Path = Path(), max_bytes: int = _MAX_BYTES) -> None:
    """Move what was written to ``stack.log.1`` once it is large.

    The file is emptied in place, because several processes have it open for appending.

    Args:
        fd: Descriptor that the log is written through; nothing happens if it is no file.
        folder: State folder; the supervisor's working folder by default.
        max_bytes: Size from which on it is trimmed.
    """
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode) or status.st_size < max_bytes:
        return
    with suppress(OSError):
        shutil.copyfile(folder / LOG_NAME, folder / f"{LOG_NAME}.1")
        os.ftruncate(fd, 0)


def last_lines(state_dir: Path, count: int) -> list[str]:
    """The last ``count`` lines of the log; none where there is no log."""
    try:
        with (state_dir / LOG_NAME).open(encoding="utf-8", errors="replace") as file:
            return [line.rstrip("\n") for line in deque(file, maxlen=count)]
    except FileNotFoundError:
        return []
