"""The daemon of sensors in child processes that die where a proof wants them to.

Every child is a start of the daemon: it loads the code location, evaluates each sensor once as the
daemon does, with Dagster's own code, and ends. Runs that it asks for stay in the queue.
"""

import logging
import os
import random
import shutil
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import dagster as dg
from alembic.script import ScriptDirectory
from botocore.httpsession import URLLib3Session
from dagster._core.remote_origin import InProcessCodeLocationOrigin  # public nowhere
from dagster._core.test_utils import freeze_time
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster._daemon.sensor import execute_sensor_iteration
from sqlalchemy import event
from sqlalchemy.engine import Engine

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.queue import open_mailbox
from personalize_assets.components.sensors import ARRIVAL_TAG
from personalize_assets.components.sensors.connections import bucket_of
from personalize_assets.resources import S3Resource, resources_of
from personalize_assets_tests.prove_operations import sensor_location

NAMED_POINTS = (
    "TICK_CREATED",
    "TICK_HELD",
    "AUTOMATION_EVALUATIONS_ADDED",
    "RUN_IDS_RESERVED",
    "RUN_CREATED",
    "RUN_LAUNCHED",
    "RUN_IDS_ADDED_TO_EVALUATIONS",
)
"""Where Dagster's own tests kill its daemon of sensors, in the order of a tick."""

_FIRST_START = 1_700_000_000.0
_SETTINGS = """\
event_log_storage:
  module: dagster._core.storage.event_log
  class: ConsolidatedSqliteEventLogStorage
  config: {base_dir: "%s/events"}
telemetry: {enabled: false}
nux: {enabled: false}
"""


@dataclass(frozen=True)
class Death:
    """Where a daemon dies: at a named point of a sensor's tick, before a write or a request.

    Attributes:
        sensor: Name of the sensor; empty where it dies at a write.
        point: Named point; empty where it dies at a write.
        write: Number of the write that it does not get to, counted from 1; 0 for none.
        request: Number of the request to S3 or SQS that it does not get to; 0 for none.
    """

    sensor: str = ""
    point: str = ""
    write: int = 0
    request: int = 0


@dataclass(frozen=True)
class Lived:
    """How a daemon ended.

    Attributes:
        killed: Whether it died early.
        writes: Writes to Dagster's storage that it made, where it did not.
        requests: Requests to S3 and SQS that it made, where it did not.
    """

    killed: bool
    writes: int = 0
    requests: int = 0


@dataclass(frozen=True)
class Daemons:
    """One home of Dagster, and one daemon after the other on it.

    Attributes:
        home: The home.
        environment: What the daemons find in theirs.
    """

    home: Path
    environment: Mapping[str, str]

    def open(self) -> "Daemons":
        """Make the home, with all its tables."""
        self.home.mkdir(parents=True)
        self._write_settings()
        ScriptDirectory.as_revision_number = _revision_number
        with dg.DagsterInstance.from_config(str(self.home)) as instance:
            instance.get_runs()
            instance.get_ticks("none", "none")
            instance.all_asset_keys()
        with mock.patch.dict(os.environ, self.environment):
            self._warm()
        return self

    def _warm(self) -> None:
        """Make for all daemons, who are forked, what costs more than all else they do."""
        sensor_location.defs()
        deployment = Deployment.from_environment(os.environ)
        s3 = resources_of(deployment)["s3"]
        assert isinstance(s3, S3Resource)
        # No connection of this process may be left to them.
        bucket_of(s3).s3.close()
        open_mailbox(deployment)

    def copy(self, home: Path) -> "Daemons":
        """A home of its own with what this one holds."""
        shutil.copytree(self.home, home)
        copied = Daemons(home, self.environment)
        copied._write_settings()
        return copied

    def run(self, death: Death | None = None) -> Lived:
        """Start a daemon, which evaluates every sensor once.

        Raises:
            RuntimeError: It failed; its log says why.
        """
        report, log, starts = (self.home / name for name in ("writes", "daemon.log", "starts"))
        report.unlink(missing_ok=True)
        starts.write_text(str(self._starts + 1))
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            _be_a_daemon(self, death or Death(), report, log)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            return Lived(killed=True)
        if not report.exists():
            raise RuntimeError(f"a daemon failed:\n{log.read_text()[-4000:]}")
        return Lived(False, *map(int, report.read_text().split()))

    def runs(self) -> Counter[str]:
        """Runs that were handed on, by the id of what they are for."""
        with dg.DagsterInstance.from_config(str(self.home)) as instance:
            runs = instance.get_runs()
        made = [run for run in runs if run.status is not dg.DagsterRunStatus.NOT_STARTED]
        return Counter(run.tags[ARRIVAL_TAG] for run in made)

    @property
    def now(self) -> float:
        """The time of the newest daemon: a minute later than the one before, for sensors rest."""
        return _FIRST_START + 60 * self._starts

    @property
    def _starts(self) -> int:
        starts = self.home / "starts"
        return int(starts.read_text()) if starts.exists() else 0

    def _write_settings(self) -> None:
        (self.home / "dagster.yaml").write_text(_SETTINGS % self.home)


_read_revision_number = ScriptDirectory.as_revision_number
_NUMBERS: dict[tuple[str, str | None], Any] = {}


def _revision_number(directory: ScriptDirectory, revision: str | None) -> Any:
    """The revision of Dagster's tables, whose scripts are read once and not at every look."""
    key = (directory.dir, revision)
    if key not in _NUMBERS:
        _NUMBERS[key] = _read_revision_number(directory, revision)
    return _NUMBERS[key]


def _be_a_daemon(daemons: Daemons, death: Death, report: Path, log: Path) -> None:
    code = 1
    try:
        with log.open("a") as output:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
        os.environ |= dict(daemons.environment)
        with freeze_time(daemons.now):
            counts = _evaluate_sensors(daemons.home, death)
        report.write_text(" ".join(map(str, counts)))
        code = 0
    except BaseException:  # whatever it was, the child must end here
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def _evaluate_sensors(home: Path, death: Death) -> tuple[int, int]:
    """One round of the daemon's loop; gives how many writes and requests it made."""
    origin = InProcessCodeLocationOrigin(
        LoadableTargetOrigin(
            executable_path=sys.executable,
            module_name=sensor_location.__name__,
            working_directory=str(Path.cwd()),
        ),
        location_name="drops",
    )
    random.seed(0)  # Dagster shuffles the sensors.
    crash: Any = {death.sensor: {death.point: signal.SIGKILL}} if death.point else None
    with (
        dg.DagsterInstance.from_config(str(home)) as instance,
        WorkspaceProcessContext(instance, InProcessWorkspaceLoadTarget(origin)) as workspace,
    ):
        workspace.create_request_context()
        writes, requests = _count_writes(death.write), _count_requests(death.request)
        for failure in execute_sensor_iteration(
            workspace, logging.getLogger("daemon"), None, None, debug_crash_flags=crash
        ):
            if failure is not None:
                raise RuntimeError(str(failure))
    return writes[0], requests[0]


def _count_writes(last: int) -> list[int]:
    """Count commits to Dagster's storage, and die before the so-many-th."""
    writes, dirty = [0], set[int]()

    def executing(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip()[:6].upper() in {"INSERT", "UPDATE", "DELETE"}:
            dirty.add(id(connection))

    def committing(connection: Any) -> None:
        if id(connection) not in dirty:
            return
        dirty.discard(id(connection))
        writes[0] += 1
        if writes[0] == last:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", executing)
    event.listen(Engine, "commit", committing)
    return writes


def _count_requests(last: int) -> list[int]:
    """Count requests that botocore sends, and die before the so-many-th."""
    requests, send = [0], URLLib3Session.send

    def sending(session: Any, request: Any) -> Any:
        requests[0] += 1
        if requests[0] == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return send(session, request)

    URLLib3Session.send = sending
    return requests
