"""kill -9 of a teardown at every request: the next one goes on, ours is gone, others' is not.

An engine of its own holds a group with one of everything that is ours, and another with one of
everything that is not. Its state is kept once and put back for every point. A teardown is killed
before its so-many-th request leaves, or after the service has answered and before it knows.
"""

import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from personalize_assets.aws.listing import COLLECTIONS, list_all
from personalize_assets.aws.objects import Bucket
from personalize_assets.aws.teardown import TornDown, take_down
from personalize_assets.testing import LocalPersonalize, local_personalize
from personalize_assets_tests.aws.estates import PATIENCE, Estate
from personalize_assets_tests.prove_operations.rows import Row
from personalize_assets_tests.prove_operations.shops import Kill, Moment, counted

MOMENTS: tuple[Moment, ...] = ("before", "after")
MOST_RUNS = 3
OURS, OTHERS = "films", "others"

There = Mapping[str, Sequence[tuple[str, str]]]


def prove(*, every: int = 1) -> list[Row]:
    """Kill at every ``every``-th request, before and after it."""
    with local_personalize() as local, tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state.tar.gz"
        _furnish(local, state)
        calls = _undisturbed(local)
        wanted = _there(local)
        local.import_state(state)
        print(f"  {len(calls)} requests: {', '.join(dict.fromkeys(calls))}", flush=True)
        points = range(1, len(calls) + 1, every)
        return [_row(local, state, moment, points, calls, wanted) for moment in MOMENTS]


def _furnish(local: LocalPersonalize, state: Path) -> None:
    local.s3.create_bucket(Bucket="estates")
    bucket = Bucket(local.s3, "estates")
    Estate(local.personalize, bucket, OTHERS, {"owner": "somebody"}).everything()
    Estate.ours(local.personalize, bucket, OURS).everything()
    local.wait_until_idle()
    local.export_state(state)


def _undisturbed(local: LocalPersonalize) -> list[str]:
    """The requests of a teardown that nothing disturbs.

    Raises:
        RuntimeError: It left something.
    """
    with counted(None) as calls:
        torn_down = _take_down(local)
        if not torn_down.clean:
            raise RuntimeError(f"the undisturbed teardown left {torn_down.left}")
        return list(calls)


def _row(
    local: LocalPersonalize,
    state: Path,
    moment: Moment,
    points: Sequence[int],
    calls: Sequence[str],
    wanted: There,
) -> Row:
    runs = lost = 0
    for point in points:
        local.import_state(state)
        _killed(local, Kill(point, moment))
        took, faults = _go_on(local, wanted)
        runs += took
        lost += len(faults)
        for fault in faults:
            print(f"  {moment} request {point}, {calls[point - 1]}: {fault}", flush=True)
    return Row(f"kill -9 of a teardown {moment} a request", len(points), runs, lost, 0)


def _killed(local: LocalPersonalize, kill: Kill) -> None:
    """Begin a teardown in a child process that dies where ``kill`` says."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        with counted(kill):
            _take_down(local)
        os.kill(os.getpid(), signal.SIGKILL)  # the pace of waiting may save a request
    os.waitpid(child, 0)


def _go_on(local: LocalPersonalize, wanted: There) -> tuple[int, list[str]]:
    """Take down until nothing is left; how often it took, and what is wrong then."""
    for runs in range(1, MOST_RUNS + 1):
        if _take_down(local).clean:
            there = _there(local)
            return runs, [
                f"{label}: {json.dumps(found)} instead of {json.dumps(wanted[label])}"
                for label, found in there.items()
                if found != wanted[label]
            ]
    return MOST_RUNS, ["something of ours is left"]


def _take_down(local: LocalPersonalize) -> TornDown:
    # Connections of the process before a fork are not its child's.
    return take_down(local.client("personalize"), OURS, PATIENCE, lambda _: None)


def _there(local: LocalPersonalize) -> dict[str, list[tuple[str, str]]]:
    """Name and status of everything in the account, by kind."""
    client: Any = local.client("personalize")
    return {
        one.label: sorted((found.name, found.status) for found in list_all(client, one))
        for one in COLLECTIONS
    }
