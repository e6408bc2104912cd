"""Loopback ports: the one that was asked for, the last one used, or any."""

import errno
import socket

from personalize_assets.local.settings import StackError

HOST = "127.0.0.1"


def listen(fixed_port: int, last_port: int) -> socket.socket:
    """Open a listening socket on loopback.

    Args:
        fixed_port: Port that it must be, or 0.
        last_port: Port that it should be if it is free, or 0.

    Raises:
        StackError: ``fixed_port`` is taken.
    """
    for port in dict.fromkeys((fixed_port or last_port, fixed_port)):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((HOST, port))
            listener.listen(128)
        except OSError as error:
            listener.close()
            if port == fixed_port:
                raise StackError(_refusal(port, error)) from error
        else:
            return listener
    raise AssertionError("unreachable: the last port tried is the fixed one")


def choose_port(fixed_port: int, last_port: int) -> int:
    """Find the port for a service that opens its socket itself: checked now, taken later.

    Raises:
        StackError: ``fixed_port`` is taken.
    """
    with listen(fixed_port, last_port) as listener:
        return listener.getsockname()[1]


def _refusal(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {HOST} is taken by another program; choose another one, or 0"
    return f"cannot listen on {HOST} port {port}: {error.strerror}"
