"""Runs in work: cancelled when `dev` stops, and settled when the process that ran them was killed.

Without this a run whose process went away would be shown as running for ever, and keep its place
in a pool. Whether a process lives is told by the address where its code server listens, or by the
lock that `personalize-assets run` holds while it works.
"""

import fcntl
import json
import logging
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

log = logging.getLogger(__name__)

CODE_SERVER_TAG = ".dagster/grpc_info"
"""Tag in which Dagster's default launcher keeps the address of the code server of a run."""

LOCK_TAG = "personalize/lock"
"""Tag in which `personalize-assets run` keeps the file that it holds the lock of."""

_IN_WORK = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_GONE = (
    "The process of this run was ended from outside. What it had begun in Personalize goes on; "
    "run the job again to take that up."
)


def cancel_unfinished(instance: dg.DagsterInstance, timeout_s: float) -> int:
    """Ask the runs in work to end as CANCELED, and wait until they have.

    Args:
        instance: Dagster's instance; nothing is done where it has a launcher of its own.
        timeout_s: Longest time to wait.

    Returns:
        How many were asked.
    """
    if not isinstance(instance.run_launcher, dg.DefaultRunLauncher):
        return 0
    asked = [run.run_id for run in _in_work(instance) if _is_served(run)]
    for run_id in asked:
        instance.run_launcher.terminate(run_id)
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and any(r.run_id in asked for r in _in_work(instance)):
        time.sleep(0.1)
    return len(asked)


def settle_abandoned(instance: dg.DagsterInstance) -> int:
    """Mark runs as CANCELED whose process is gone, and free their pools; return how many."""
    abandoned = [run for run in _in_work(instance) if _is_abandoned(run)]
    for run in abandoned:
        log.info("run %s was abandoned", run.run_id)
        instance.report_run_canceled(run, _GONE)
        if instance.event_log_storage.supports_global_concurrency_limits:
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return len(abandoned)


@contextmanager
def locked_run(home: Path, run_id: str) -> Iterator[Mapping[str, str]]:
    """Hold a lock while this process executes the run ``run_id``; gives the tags that say so.

    The system frees the lock when the process ends, however that comes about.
    """
    path = home / "executing" / run_id
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield {LOCK_TAG: str(path.absolute())}
    path.unlink(missing_ok=True)


def _is_abandoned(run: dg.DagsterRun) -> bool:
    lock = Path(run.tags.get(LOCK_TAG, ""))
    if lock.name == run.run_id:  # a run that repeats another one bears its tags
        return not _is_locked(lock)
    return CODE_SERVER_TAG in run.tags and not _is_served(run)


def _is_locked(path: Path) -> bool:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _in_work(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    return list(instance.get_runs(dg.RunsFilter(statuses=_IN_WORK)))


def _is_served(run: dg.DagsterRun) -> bool:
    """Whether the code server that started a run still listens."""
    address = json.loads(run.tags.get(CODE_SERVER_TAG, "{}"))
    if path := address.get("socket"):
        family, where = socket.AF_UNIX, path
    elif port := address.get("port"):
        family, where = socket.AF_INET, (address.get("host", "localhost"), port)
    else:
        return False
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(2)
        try:
            probe.connect(where)
        except OSError:
            return False
    return True
