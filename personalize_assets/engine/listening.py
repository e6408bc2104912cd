"""What every server of this project does alike: it listens, tells its address and ends politely.

Knows nothing of what is served.
"""

import signal
import socket
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn


class StartError(Exception):
    """The server cannot start; the text is one line for the user."""


@contextmanager
def listen(host: str, port: int) -> Generator[socket.socket]:
    """Listen on ``host``, at any free port where ``port`` is 0.

    Raises:
        StartError: The host is unknown, or the port taken or not allowed.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise StartError(f"cannot listen on {host}: {error.strerror or error}") from None
    with listener:
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(128)
        except OSError as error:
            raise StartError(
                f"cannot listen on {host} port {port}: {error.strerror or error}; "
                "--port 0 takes any free port"
            ) from None
        yield listener


def address_of(listener: socket.socket) -> str:
    """The address of a listening socket, such as ``http://127.0.0.1:8080``."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def print_address(address: str) -> None:
    """Make the address the first line of stdout, at once."""
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()


class StopSignals:
    """Remembers that SIGTERM or SIGINT came, from the first moment on, and tells the server."""

    def __init__(self) -> None:
        self._requested = False
        self._server: uvicorn.Server | None = None
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, self._note)

    def _note(self, _number: int, _frame: object) -> None:
        # uvicorn has handlers of its own while it runs; then it restores this one and raises the
        # signal once more, which without it would end the process before anything is closed.
        self._requested = True
        if self._server is not None:
            self._server.should_exit = True

    def run(self, server: uvicorn.Server, listener: socket.socket) -> None:
        """Serve until the signal, however early it came."""
        self._server = server
        if not self._requested:
            server.run(sockets=[listener])
