"""The state folder of a running engine: usable, and used by no other engine.

Checked before anything is opened, so that a read-only or full disk is one clear line and not a
traceback from deep below. Knows nothing of what is kept in the folder.
"""

import fcntl
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

_LEAST_FREE_BYTES = 16 * 2**20
_PROBE_BYTES = 64 * 2**10


class StateFolderError(Exception):
    """The state folder cannot be used; the text says which one and why."""


@contextmanager
def claim_state_folder(state_dir: Path) -> Generator[None]:
    """Make ``state_dir`` and hold it for this process.

    Two engines on one folder would run each job twice. The claim ends with the process, however
    that ends.

    Raises:
        StateFolderError: Not writable, full, or held by another engine.
    """
    folder = state_dir / "engine"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _probe(folder)
        lock = (folder / "engine.lock").open("a+", encoding="ascii")
    except OSError as error:
        raise StateFolderError(
            f"the state folder {state_dir} cannot be written: {error.strerror or error}; "
            "choose another one with --state-dir"
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateFolderError(
                f"the state folder {state_dir} is in use by another engine (process "
                f"{_holder(folder)}): stop that one or choose another --state-dir"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _probe(folder: Path) -> None:
    """Write and remove a file; refuse a disk with hardly any space left."""
    free = shutil.disk_usage(folder).free
    if free < _LEAST_FREE_BYTES:
        raise OSError(0, f"only {free / 2**20:.1f} MiB are free on its disk")
    probe = folder / f".probe-{os.getpid()}"
    try:
        with probe.open("wb") as file:
            file.write(bytes(_PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
    finally:
        probe.unlink(missing_ok=True)


def _holder(folder: Path) -> str:
    return (folder / "engine.lock").read_text(encoding="ascii").strip() or "unknown"
