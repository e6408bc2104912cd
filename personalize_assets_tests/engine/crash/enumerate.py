"""Kills an engine at every write that lasts, in a whole life cycle, and starts it again.

    python -m personalize_assets_tests.engine.crash.enumerate [--only NAME ...]

Each step of `steps` is begun from the state that the steps before left, in a forked process that
ends itself by SIGKILL at the first, second, third ... of the moments that the engine marks, until
the step comes to its end. After each kill another process opens what is left, checks it and does
the step again. Ends with status 1 where anything was wrong.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path

import localbucket

from personalize_assets.engine.store import crash_points
from personalize_assets.engine.wire.model import load_operations
from personalize_assets_tests.engine.crash.inspection import inspect
from personalize_assets_tests.engine.crash.site import Switchboard, open_site
from personalize_assets_tests.engine.crash.steps import STEPS, Do
from personalize_assets_tests.engine.operations.conftest import interactions_csv

BUCKET = "crash"
FILES = {
    "interactions.csv": interactions_csv(),
    "items.csv": "ITEM_ID,GENRES,PRICE\n"
    + "".join(f"i{n},{'War|Crime' if n % 2 else 'Drama'},2.5\n" for n in range(80)),
    "users.json": '{"userId": "u1"}\n{"userId": "u2"}\n',
    "items.json": '{"itemId": "i1"}\n',
    "leaving.csv": "USER_ID\nu3\n",
}
_CHILD_FAILED = 3


@dataclass
class Result:
    """What an enumeration came to.

    Attributes:
        kills: How often the engine was killed, by step.
        faults: What was wrong, with step and moment.
        seconds: Wall seconds.
    """

    kills: dict[str, int] = field(default_factory=dict[str, int])
    faults: list[str] = field(default_factory=list[str])
    seconds: float = 0.0


class Enumeration:
    """One life cycle.

    Args:
        folder: Empty; for states.
        s3_endpoint: Of an S3 with the data.
    """

    def __init__(self, folder: Path, s3_endpoint: str) -> None:
        self._folder = folder
        self._s3 = s3_endpoint
        self._switchboard = Switchboard()
        load_operations()  # here once, else in each forked process
        self.result = Result()

    def run(self, only: Collection[str] = ()) -> Result:
        """Kill at every moment of every step, or of those in ``only``; those before just happen."""
        began = time.perf_counter()
        base, work = self._folder / "base", self._folder / "work"
        base.mkdir()
        for name, do in STEPS:
            number = 0
            while not only or name in only:
                number += 1
                if not self._kill(base, work, do, name, number):
                    break
                self.result.kills[name] = number
            if only and set(only) <= set(self.result.kills):
                break
            self._finish(base, do, name)
        self.result.seconds = time.perf_counter() - began
        return self.result

    def _kill(self, base: Path, work: Path, do: Do, name: str, number: int) -> bool:
        """Kill at the ``number``-th moment; False if the step had fewer."""
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(base, work)
        status = _forked(lambda: self._do(work, do, number))
        if status == 0:
            return False
        where = f"{name}, moment {number}"
        if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
            self.result.faults.append(f"{where}: the step itself failed")
        elif _forked(lambda: self._look(work, where)) != 0:
            self.result.faults.append(f"{where}: see above")
        elif _forked(lambda: self._do(work, do, 0)) != 0:
            self.result.faults.append(f"{where}: the step cannot be done again")
        elif _forked(lambda: self._look(work, f"{where}, again")) != 0:
            self.result.faults.append(f"{where}, again: see above")
        return len(self.result.faults) < 50

    def _finish(self, base: Path, do: Do, name: str) -> None:
        if _forked(lambda: self._do(base, do, 0)) != 0:
            raise RuntimeError(f"the step {name} fails without any kill")

    def _do(self, folder: Path, do: Do, kill_at: int) -> None:
        with open_site(self._switchboard, folder, self._s3, BUCKET) as site:
            if kill_at:
                crash_points.arm(_Countdown(kill_at))
            do(site)
            crash_points.arm(None)

    def _look(self, folder: Path, where: str) -> None:
        with open_site(self._switchboard, folder, self._s3, BUCKET) as site:
            faults = inspect(site)
        for fault in faults:
            sys.stderr.write(f"{where}: {fault}\n")
        if faults:
            os._exit(_CHILD_FAILED)


class _Countdown:
    """Kills this process at the n-th moment."""

    def __init__(self, moments: int) -> None:
        self._left = moments

    def __call__(self, name: str) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def _forked(work: Callable[[], None]) -> int:
    """Do ``work`` in a child of this process and give its wait status."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(_CHILD_FAILED)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def serve_s3(folder: Path) -> tuple[str, int]:
    """Serve the data from a process of its own; gives its address and process id."""
    (folder / BUCKET).mkdir(parents=True)
    for name, text in FILES.items():
        (folder / BUCKET / name).write_text(text)
    handler = type("Handler", (localbucket.S3Handler,), {"data_root": folder})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    child = os.fork()
    if child == 0:
        server.serve_forever()
    server.socket.close()
    return f"http://127.0.0.1:{server.server_address[1]}", child


def enumerate_crashes(only: Collection[str] = ()) -> Result:
    """Run a whole enumeration in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        endpoint, server = serve_s3(Path(folder, "s3"))
        try:
            states = Path(folder, "states")
            states.mkdir()
            return Enumeration(states, endpoint).run(only)
        finally:
            os.kill(server, signal.SIGKILL)
            os.waitpid(server, 0)


def main() -> int:
    """Run, print the counts and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=(), help="names of steps to kill in")
    result = enumerate_crashes(parser.parse_args().only)
    for name, count in result.kills.items():
        sys.stdout.write(f"{name:28} {count:4} kills\n")
    for fault in result.faults:
        sys.stdout.write(f"FAULT {fault}\n")
    total = sum(result.kills.values())
    sys.stdout.write(
        f"killed at {total} moments of {len(result.kills)} steps in {result.seconds:.0f} s: "
        f"{len(result.faults)} faults\n"
    )
    return 1 if result.faults or not total else 0


if __name__ == "__main__":
    sys.exit(main())
