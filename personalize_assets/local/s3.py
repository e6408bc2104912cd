"""The local S3: ``localbucket`` on a socket that the supervisor keeps open.

Objects are plain files under one folder. Around localbucket's handler this adds what a service
that a browser could reach needs: it refuses requests made by web pages of other hosts, answers
with an S3 error where the file system refuses, and tells its health and when it was last used.
Because the supervisor holds the socket, a crash loses the requests in work but neither the port
nor those that wait.
"""

import argparse
import errno
import json
import logging
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import localbucket

from personalize_assets.core.log_format import configure_logging
from personalize_assets.local.health import S3_HEALTH, is_local_origin
from personalize_assets.local.processes import exit_with_parent

log = logging.getLogger(__name__)

_BAD_KEY = (errno.ENAMETOOLONG, errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.EINVAL)


class LocalS3Handler(localbucket.S3Handler):
    """localbucket's handler behind a guard."""

    last_request_at = 0.0

    def do_GET(self) -> None:
        """Read an object or a listing, or tell the health of the service."""
        if self.path == S3_HEALTH:
            self._send_health()
        else:
            self._guard(super().do_GET)

    def do_PUT(self) -> None:
        """Write an object or make a bucket."""
        self._guard(super().do_PUT)

    def do_HEAD(self) -> None:
        """Look at an object or a bucket."""
        self._guard(super().do_HEAD)

    def do_POST(self) -> None:
        """Begin or complete an upload in parts."""
        self._guard(super().do_POST)

    def do_DELETE(self) -> None:
        """Delete an object or an empty bucket."""
        self._guard(super().do_DELETE)

    def do_OPTIONS(self) -> None:
        """Answer what browsers ask before a request."""
        self._guard(super().do_OPTIONS)

    def _guard(self, action: Callable[[], None]) -> None:
        LocalS3Handler.last_request_at = time.time()
        if not self._is_from_here():
            self._send_error(
                localbucket.S3Error(
                    HTTPStatus.FORBIDDEN,
                    "AccessDenied",
                    "This S3 answers only requests from this machine, not from web pages.",
                )
            )
            return
        try:
            action()
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        except OSError as error:
            log.warning("%s %s: %s", self.command, self.path, error)
            self._send_error(_as_s3_error(error, self.command))

    def _is_from_here(self) -> bool:
        # A page elsewhere can make a browser send requests here, under a name that it made
        # resolve to loopback as well: Origin and Host give it away.
        origin, host = self.headers.get("Origin"), self.headers.get("Host")
        return (origin is None or is_local_origin(origin)) and (
            host is None or is_local_origin(f"//{host}")
        )

    def _send_health(self) -> None:
        health = {
            "status": "ok",
            "pid": os.getpid(),
            "root": str(self.data_root),
            "last_request_at": LocalS3Handler.last_request_at,
        }
        body = json.dumps(health).encode()
        self._send(HTTPStatus.OK, body, {"Content-Type": "application/json"})


def _as_s3_error(error: OSError, command: str) -> localbucket.S3Error:
    reason = error.strerror or str(error)
    if error.errno in _BAD_KEY:
        return localbucket.S3Error(
            HTTPStatus.BAD_REQUEST,
            "InvalidArgument",
            f"The key cannot be a file in a folder here: {reason}.",
        )
    if error.errno == errno.ENOENT and command in ("GET", "HEAD"):
        return localbucket.S3Error(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "InternalError",
            "A file of the bucket went away while it was looked at. Please try again.",
        )
    # 507 and not 500, because clients try again after a 500.
    return localbucket.S3Error(
        HTTPStatus.INSUFFICIENT_STORAGE,
        "InsufficientStorage",
        f"The folder of the bucket cannot be used: {reason}.",
    )


class _Server(ThreadingHTTPServer):
    """A threading server on a socket that exists already."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, handler: type[LocalS3Handler]) -> None:
        super().__init__(listener.getsockname()[:2], handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.server_name, self.server_port = listener.getsockname()[:2]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what a handler did not expect, with its traceback."""
        log.exception("request from %s failed", client_address)


def main() -> None:
    """Serve the folder ``--root`` on the inherited socket ``--fd`` until told to stop."""
    parser = argparse.ArgumentParser(description="The local S3 of one state folder.")
    parser.add_argument("--root", type=Path, required=True, help="folder of the buckets")
    parser.add_argument("--fd", type=int, required=True, help="listening socket to serve")
    options = parser.parse_args()
    configure_logging(os.environ, "%(levelname)s %(name)s: %(message)s", "WARNING")
    exit_with_parent()
    options.root.mkdir(parents=True, exist_ok=True)
    LocalS3Handler.data_root = options.root
    server = _Server(socket.socket(fileno=options.fd), LocalS3Handler)
    log.debug("serving %s", options.root)
    with suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == "__main__":
    main()
