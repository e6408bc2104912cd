"""The REST service beside Dagster's UI: `personalize-assets dev` starts, names and ends it."""

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

STOP_TIMEOUT_S = 15
_COMMAND = "from personalize_assets.cli.main import main; main()"


@dataclass
class ApiBeside:
    """A running REST service.

    Attributes:
        process: Its process.
        log: Where its log lines and its last words go.
        address: Its first line of output; empty until it listens.
        settled: Set once it listens, or once it never will.
    """

    process: "subprocess.Popen[bytes]"
    log: Path
    address: str = ""
    settled: threading.Event = field(default_factory=threading.Event)

    @property
    def has_settled(self) -> bool:
        """Whether it is known how its start ended."""
        return self.settled.is_set()

    def describe(self) -> str:
        """One line for people: the address, or what went wrong and where to look."""
        if self.address:
            return f"Recommendations {self.address}  (a page, and an API: {self.address}/docs)"
        return f"Recommendations: not started: {self._last_words()} ({self.log})"

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1].removeprefix("Error: ") if lines else "it said nothing"


@contextmanager
def api_beside(
    host: str, port: int, environment: Mapping[str, str], log: Path
) -> Iterator[ApiBeside]:
    """Run the REST service until the end of the block; it ends as well if this process is killed.

    Args:
        host: Where to listen.
        port: Where to listen; where it is taken, any other, since people read the address.
        environment: Of the process.
        log: File of its log lines, written anew.
    """
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [
                *(sys.executable, "-c", _COMMAND, "api", "--exit-with-parent"),
                *("--host", host, "--port", str(port if _is_free(host, port) else 0)),
            ],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    beside = ApiBeside(process, log)
    threading.Thread(target=_read_address, args=(beside,), daemon=True).start()
    try:
        yield beside
    finally:
        _end(process)


def _read_address(beside: ApiBeside) -> None:
    output = beside.process.stdout
    if output is not None:
        beside.address = output.readline().decode().strip()
        if not beside.address:
            beside.process.wait()
        beside.settled.set()
        with suppress(ValueError):
            output.read()  # whatever else it writes must not block it


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
