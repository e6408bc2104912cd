"""The lock of a state folder: whoever holds it, and all its children, are the stack.

An advisory lock on an open file, handed down to the supervisor, the engine and S3: the system
releases it by itself when the last of them has gone, so it can be neither stale nor forgotten.
"""

import fcntl
import os
from pathlib import Path

LOCK_NAME = "stack.lock"


class StackLock:
    """The held lock of one state folder."""

    def __init__(self, path: Path, fd: int) -> None:
        self._path = path
        self.fd = fd

    @staticmethod
    def try_acquire(state_dir: Path) -> "StackLock | None":
        """Take the lock if it is free.

        Raises:
            OSError: The folder cannot be written.
        """
        path = state_dir / LOCK_NAME
        while True:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(fd)
                return None
            lock = StackLock(path, fd)
            if lock.is_in_place:
                return lock
            # The folder was emptied between open and lock: what is locked is no longer there.
            lock.close()

    @property
    def is_in_place(self) -> bool:
        """Whether the path still leads to the file that is locked."""
        try:
            return os.path.samestat(self._path.stat(), os.fstat(self.fd))
        except OSError:
            return False

    def close(self) -> None:
        """Let go; processes that inherited the lock go on holding it."""
        os.close(self.fd)

    def __enter__(self) -> "StackLock":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
