"""Processes of the stack: told apart from strangers with the same id, ended, kept clean.

A process id alone is no identity, because the system gives it out again; together with the start
time it is.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import personalize_assets
from personalize_assets.local.record import ProcessRecord

_START_TIME = 22 - 4  # proc(5): field 22, counted from the fourth, the first after the state


def describe_process(name: str, pid: int) -> ProcessRecord:
    """Write down a process that runs now."""
    return ProcessRecord(name, pid, start_token(pid) or "")


def start_token(pid: int) -> str | None:
    """When process ``pid`` started, as text to compare; None if it is gone or a zombie."""
    if pid <= 0:
        return None
    if not Path("/proc/self/stat").exists():
        return _start_token_of_ps(pid)
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, *fields = text.rpartition(")")[2].split()
    return None if state in "ZX" else fields[_START_TIME]


def _start_token_of_ps(pid: int) -> str | None:
    shown = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    state, _, started = shown.partition(" ")
    return None if not shown or state.startswith("Z") else started.strip()


def is_alive(process: ProcessRecord) -> bool:
    """Whether this very process still runs, and not another that got its id."""
    return bool(process.start_token) and start_token(process.pid) == process.start_token


def send_signal(process: ProcessRecord, number: int) -> None:
    """Send a signal to the process if it is still the one that was written down.

    SIGKILL goes to the whole group that it leads, if it leads one, because whoever is killed
    cannot clear away its own children.
    """
    if not is_alive(process):
        return
    with suppress(ProcessLookupError):
        if number == signal.SIGKILL and os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, number)
        else:
            os.kill(process.pid, number)


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without what could lead a request away: AWS settings and proxies.

    Where this package was found through the working folder alone, its place is added to
    ``PYTHONPATH``, because the stack runs elsewhere.
    """
    kept = {
        name: value
        for name, value in environ.items()
        if not name.upper().startswith(("AWS_", "BOTO_")) and not name.upper().endswith("_PROXY")
    }
    root = str(Path(personalize_assets.__file__).resolve().parents[1])
    if not root.endswith(("site-packages", "dist-packages")):
        kept["PYTHONPATH"] = os.pathsep.join(filter(None, (root, kept.get("PYTHONPATH"))))
    return kept


def exit_with_parent(grace_s: float = 15) -> None:
    """End this process when its standard input is closed, as it is when the parent dies.

    The parent holds the other end of the pipe and writes nothing. A polite SIGTERM comes first;
    what still runs after ``grace_s`` seconds is killed.
    """

    def watch() -> None:
        with suppress(OSError):
            while os.read(0, 4096):
                pass
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(grace_s)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="exit-with-parent", daemon=True).start()
