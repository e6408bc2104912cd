"""A stand-in for the engine: same command line, first line and health, nothing behind it.

What it should do wrong stands in the variables FAKE_ENGINE_FAIL (a complaint; it ends with code 2),
FAKE_ENGINE_JOBS (number of running jobs), FAKE_ENGINE_STUBBORN (it ignores SIGTERM and the end of
its parent) and FAKE_ENGINE_CHILD (it starts a child of its own and writes its id to that file).
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

from personalize_assets.local.processes import exit_with_parent


class Handler(BaseHTTPRequestHandler):
    """Health, and any POST as an API request."""

    protocol_version = "HTTP/1.1"
    state: ClassVar[dict[str, object]] = {"last_request_at": None}

    def do_GET(self) -> None:
        """Tell the health."""
        jobs_file = os.environ.get("FAKE_ENGINE_JOBS", "")
        jobs = int(Path(jobs_file).read_text()) if jobs_file else 0
        self._answer({"status": "ok", "running_jobs": jobs, **self.state})

    def do_POST(self) -> None:
        """Take any API request."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.state["last_request_at"] = os.urandom(4).hex()
        self._answer({"environ": dict(os.environ), "pid": os.getpid()})

    def _answer(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    parser.add_argument("--state-dir", type=Path)
    parser.add_argument("--s3-endpoint")
    options = parser.parse_args()
    complaint = os.environ.get("FAKE_ENGINE_FAIL")
    if complaint:
        sys.stderr.write(f"{complaint}\n")
        sys.exit(2)
    stubborn = "FAKE_ENGINE_STUBBORN" in os.environ
    if not stubborn:
        exit_with_parent()
    server = ThreadingHTTPServer((options.host, options.port), Handler)
    server.daemon_threads = True
    Handler.state |= {
        "pid": os.getpid(),
        "state_dir": str(options.state_dir),
        "s3_endpoint": options.s3_endpoint,
        "uptime_s": 1.5,
    }
    if child_file := os.environ.get("FAKE_ENGINE_CHILD"):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        Path(child_file).write_text(str(child.pid))
    sys.stdout.write(f"http://{options.host}:{server.server_port}\n")
    sys.stdout.flush()

    def stop(*_: object) -> None:
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, signal.SIG_IGN if stubborn else stop)
    server.serve_forever()


if __name__ == "__main__":
    main()
