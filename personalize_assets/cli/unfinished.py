"""Runs that `dev` has in work: cancelled when it stops, and settled when it was killed.

Without this a run whose process went away with `dev` would be shown as running for ever, and keep
its place in a pool. Only runs that a code server started are touched; a run of
`personalize-assets run` belongs to another process.
"""

import json
import logging
import socket
import time

import dagster as dg

log = logging.getLogger(__name__)

CODE_SERVER_TAG = ".dagster/grpc_info"
"""Tag in which Dagster's default launcher keeps the address of the code server of a run."""

_IN_WORK = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_GONE = (
    "The process of this run ended with `personalize-assets dev`. What it had begun in Personalize "
    "goes on; run the job again to take that up."
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
    """Mark runs as CANCELED whose code server is no longer there; return how many."""
    abandoned = [
        run for run in _in_work(instance) if CODE_SERVER_TAG in run.tags and not _is_served(run)
    ]
    for run in abandoned:
        log.info("run %s was abandoned", run.run_id)
        instance.report_run_canceled(run, _GONE)
    return len(abandoned)


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
