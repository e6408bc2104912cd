"""Schedules by the clocks of many time zones, and Dagster's scheduler on a clock that is set.

The module is a code location: the scheduler loads ``defs`` from it. Its jobs do nothing.
"""

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import dagster as dg
import dagster._daemon.daemon  # its modules import each other: this one comes first
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.test_utils import (
    create_test_daemon_workspace_context,
    freeze_time,
    instance_for_test,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster._scheduler.scheduler import ScheduleIterationTimes, launch_scheduled_runs

from personalize_assets.components.attributes import (
    DatasetGroupAttributes,
    Prefixes,
    Retraining,
    Solution,
    Source,
)
from personalize_assets.components.graph import Graph
from personalize_assets.components.jobs import retraining_job_name, update_job_name
from personalize_assets.components.schedules import build_schedules

ZONES = (
    "UTC",
    "Asia/Kolkata",
    "Europe/Berlin",  # 02:00 to 03:00
    "America/New_York",
    "Australia/Lord_Howe",  # by half an hour
    "America/Santiago",  # at midnight
)
BERLIN = "Europe/Berlin"
FULL, UPDATE = "0 0 * * 0", "30 2 * * *"
"""Sundays at midnight, which Santiago skips in September, and daily in the hour that Berlin and New
York skip in March and have twice in autumn."""


def graph_in(zone: str) -> Graph:
    """A dataset group that is retrained by the clocks of ``zone``."""
    attributes = DatasetGroupAttributes(
        name=zone.replace("/", "-").replace("_", "-").lower(),
        source=Source(prefix="raw/"),
        prefixes=Prefixes(transformed="t/", batch_input="i/", batch_results="r/"),
        solutions=[Solution(name="up", recipe="aws-user-personalization")],
        retraining=Retraining(full=FULL, update=UPDATE, timezone=zone),
    )
    return Graph(attributes)


def _job(name: str) -> dg.JobDefinition:
    @dg.op(name=f"{name}_op")
    def work() -> None:
        """Do nothing."""

    @dg.job(name=name)
    def job() -> None:
        work()

    return job


@dg.definitions
def defs() -> dg.Definitions:
    """Schedules by the clocks of Berlin."""
    graphs = [graph_in(BERLIN)]
    names = [
        name_of(graph.id) for graph in graphs for name_of in (retraining_job_name, update_job_name)
    ]
    return dg.Definitions(
        jobs=[_job(name) for name in names],
        schedules=[schedule for graph in graphs for schedule in build_schedules(graph)],
    )


@dataclass
class Scheduler:
    """Dagster's scheduler, looking whenever it is told what time it is."""

    instance: dg.DagsterInstance
    workspace: Any
    known: dict[str, ScheduleIterationTimes] = field(
        default_factory=dict[str, ScheduleIterationTimes]
    )

    def look(self, now: datetime) -> None:
        """One round of the daemon at this time."""
        with freeze_time(now):
            for error in launch_scheduled_runs(
                self.workspace, logging.getLogger("quiet"), now, self.known
            ):
                assert error is None, error

    def look_every(self, step: timedelta, start: datetime, stop: datetime) -> None:
        """Rounds from ``start`` to ``stop``."""
        now = start
        while now <= stop:
            self.look(now)
            now += step

    def restart(self) -> None:
        """A new process, which knows what is stored and nothing else."""
        self.known.clear()

    def slots(self, job_name: str) -> Sequence[str]:
        """Run keys of the runs of a job, in the order of their making."""
        runs = self.instance.get_runs(dg.RunsFilter(job_name=job_name))
        return [run.tags["dagster/run_key"] for run in reversed(runs)]


@contextmanager
def scheduler(folder: str) -> Iterator[Scheduler]:
    """A scheduler with an instance of its own in ``folder``; runs are entered and not executed."""
    overrides: dict[str, Any] = {
        "run_launcher": {"module": "dagster._core.test_utils", "class": "MockedRunLauncher"},
        "run_coordinator": {
            "module": "dagster._core.run_coordinator",
            "class": "DefaultRunCoordinator",
        },
        # One database for all runs, not one a run.
        "event_log_storage": {
            "module": "dagster._core.storage.event_log",
            "class": "ConsolidatedSqliteEventLogStorage",
            "config": {"base_dir": folder},
        },
    }
    origin = LoadableTargetOrigin(
        executable_path=sys.executable, module_name=__name__, attribute="defs"
    )
    target = InProcessWorkspaceLoadTarget(InProcessCodeLocationOrigin(origin))
    with (
        instance_for_test(overrides=overrides, temp_dir=folder) as instance,
        create_test_daemon_workspace_context(target, instance) as workspace,
    ):
        yield Scheduler(instance, workspace)
