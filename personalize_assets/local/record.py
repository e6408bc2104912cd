"""What the supervisor writes down about its stack: the file ``stack.json``.

Readers take it as a hint, never as proof: a process id counts only together with the start time
of that process, and an address only when something answers there. The file's time of change says
when somebody last asked for the stack.
"""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

RECORD_NAME = "stack.json"
RECORD_VERSION = 1

State = Literal["starting", "ready", "stopping", "stopped", "failed"]


@dataclass(frozen=True)
class ProcessRecord:
    """One process: its name, its id, and when it started as the system writes it."""

    name: str
    pid: int
    start_token: str


@dataclass(frozen=True)
class StackRecord:
    """The stack of one state folder.

    Attributes:
        state: What it is doing.
        supervisor: The process that keeps it running.
        children: Engine and S3, as far as they have been started.
        personalize: Address of the engine, empty while unknown; kept after a stop, because the
            next start takes the same port if it can.
        s3: Address of the local S3, likewise.
        fingerprint: Digest of the code that runs.
        error: Why it failed, or empty.
        version: Layout of the file.
    """

    state: State
    supervisor: ProcessRecord
    children: tuple[ProcessRecord, ...] = ()
    personalize: str = ""
    s3: str = ""
    fingerprint: str = ""
    error: str = ""
    version: int = RECORD_VERSION


def read_record(state_dir: Path) -> StackRecord | None:
    """Read the record of a state folder; None where it is missing, broken or of another layout."""
    try:
        fields: dict[str, Any] = json.loads((state_dir / RECORD_NAME).read_bytes())
        if fields["version"] != RECORD_VERSION:
            return None
        supervisor = ProcessRecord(**fields.pop("supervisor"))
        children = tuple(ProcessRecord(**child) for child in fields.pop("children"))
        return StackRecord(supervisor=supervisor, children=children, **fields)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def touch_record(state_dir: Path) -> None:
    """Note that somebody wants the stack now."""
    with suppress(OSError):
        os.utime(state_dir / RECORD_NAME)


class RecordFile:
    """The supervisor's side of the record: it alone writes it.

    Keeps the written file open, so that a touch of it is seen even after it has been replaced.
    """

    def __init__(self, state_dir: Path, record: StackRecord) -> None:
        self._path = state_dir / RECORD_NAME
        self._record = record
        self._fd = -1
        self._content = b""

    @property
    def record(self) -> StackRecord:
        """What was last written, or is to be written first."""
        return self._record

    @property
    def touched_ns(self) -> int:
        """When somebody last asked for the stack; nanoseconds since 1970."""
        return os.fstat(self._fd).st_mtime_ns

    @property
    def is_in_place(self) -> bool:
        """Whether the path still leads to what was written here."""
        try:
            same_file = os.path.samestat(self._path.stat(), os.fstat(self._fd))
            return same_file and self._path.read_bytes() == self._content
        except OSError:
            return False

    def update(self, **changes: Any) -> None:
        """Write the record with some members changed.

        Raises:
            OSError: The folder cannot be written.
        """
        self.write(replace(self._record, **changes))

    def write(self, record: StackRecord) -> None:
        """Replace the file in one step.

        Raises:
            OSError: The folder cannot be written.
        """
        temporary = self._path.with_name(f".{RECORD_NAME}.{os.getpid()}")
        fd = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        content = (json.dumps(asdict(record), indent=2) + "\n").encode()
        try:
            os.write(fd, content)
            temporary.replace(self._path)
        except OSError:
            os.close(fd)
            with suppress(OSError):
                temporary.unlink()
            raise
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._record, self._content = fd, record, content

    def stop_unless_touched(self) -> bool:
        """Announce the stop, unless somebody asked for the stack at the last moment.

        Whoever read ``ready`` had touched the file before, and that touch is on the file that is
        replaced here; so nobody is handed a stack that is about to stop.
        """
        old_fd, before = os.dup(self._fd), self.touched_ns
        try:
            self.update(state="stopping")
            if os.fstat(old_fd).st_mtime_ns == before:
                return True
        finally:
            os.close(old_fd)
        self.update(state="ready")
        return False
