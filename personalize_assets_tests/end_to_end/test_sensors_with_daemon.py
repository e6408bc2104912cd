"""The real daemon, killed twice, over 1,200 files that change meanwhile: one run for each version.

Runs stay in the queue, since the queue lets none start: only who is asked for is at stake here.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import dagster as dg
import pytest
from dagster._core.scheduler.instigation import InstigatorType  # Dagster makes it public nowhere.

from personalize_assets.aws.arrivals import arrival_id
from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.objects import Bucket
from personalize_assets.components.sensors import ARRIVAL_TAG
from personalize_assets.local.clients import open_clients
from personalize_assets.local.stack import StackOptions, ensure_stack, stop_stack

PREFIX = "movie-lens/batch/input/"
FILES = 1_200
SAME_SECOND = 1_700_000_000
# One file for the events of all runs, for to make a file a run costs more than all else here.
SETTINGS = """\
event_log_storage:
  module: dagster._core.storage.event_log
  class: ConsolidatedSqliteEventLogStorage
  config: {base_dir: "{home}/events"}
telemetry: {enabled: false}
nux: {enabled: false}
concurrency: {runs: {max_concurrent_runs: 0}}
"""
FIRST_RUNS_S, REST_S = 240, 480


@dataclass(frozen=True)
class Site:
    """A state folder with a stack, a home of Dagster, and the log of its daemons."""

    deployment: Deployment
    home: Path
    log: Path
    port: str
    instance: dg.DagsterInstance

    @property
    def bucket(self) -> Bucket:
        return Bucket.of(open_clients(self.deployment))

    @property
    def folder(self) -> Path:
        return self.deployment.state_dir / "s3" / self.deployment.bucket / PREFIX

    def write(self, name: str, text: str, *, same_second: bool = False) -> None:
        """Put a file into the folder as a finished one of the past."""
        path = self.folder / name
        hidden = path.with_name(f".{name}")
        hidden.write_text(f'{{"userId": "{text}"}}\n')
        stamp = SAME_SECOND if same_second else SAME_SECOND + 1 + crc32(name.encode()) % 100_000
        os.utime(hidden, (stamp, stamp))
        hidden.replace(path)

    def runs(self) -> dict[str, list[dg.DagsterRun]]:
        """All runs by the version that they are for."""
        found: dict[str, list[dg.DagsterRun]] = {}
        for run in self.instance.get_runs():
            found.setdefault(run.tags[ARRIVAL_TAG], []).append(run)
        return found

    def wait(self, daemon: "subprocess.Popen[bytes]", is_so: Callable[[], bool], s: float) -> None:
        """Wait until something is so, while the daemon lives."""
        deadline = time.monotonic() + s
        while not is_so():
            told = self.log.read_text(errors="replace")[-3000:]
            assert daemon.poll() is None, told
            assert time.monotonic() < deadline, (self.instance.get_runs_count(), told)
            time.sleep(1)

    def versions_with_run(self) -> set[str]:
        """The versions that runs are for, without reading the runs."""
        return {v for _, values in self.instance.get_run_tags([ARRIVAL_TAG]) for v in values}

    @contextmanager
    def daemon(self) -> Iterator["subprocess.Popen[bytes]"]:
        """A daemon with its code server; at the end both are killed at once, whatever they do."""
        module = ("-m", "personalize_assets_tests.end_to_end.light_location")
        # A code server of its own, for a daemon starts a new one every minute if left to itself;
        # always on the same port, which is part of what Dagster knows a sensor by.
        with ExitStack() as stack:
            self._start(stack, "dagster", "api", "grpc", *module, "--port", self.port)
            yield self._start(
                stack,
                *("dagster._daemon", "run", "--log-level", "warning"),
                *("--grpc-host", "127.0.0.1", "--grpc-port", self.port),
            )

    def _start(self, stack: ExitStack, *arguments: str) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                env=_environment(self),
                cwd=Path(__file__).parents[2],
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        stack.callback(process.wait)
        stack.callback(os.killpg, process.pid, signal.SIGKILL)
        return process


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def _environment(site: Site) -> Mapping[str, str]:
    mine = {k: v for k, v in os.environ.items() if not k.startswith(("PERSONALIZE_", "DAGSTER_"))}
    return {
        **mine,
        "DAGSTER_HOME": str(site.home),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "PERSONALIZE_ASSETS_STATE_DIR": str(site.deployment.state_dir),
        "PYTHONWARNINGS": "ignore",
    }


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    state_dir, home = tmp_path / "state", tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text(SETTINGS.replace("{home}", str(home)))
    deployment = Deployment.from_environment({"PERSONALIZE_ASSETS_STATE_DIR": str(state_dir)})
    ensure_stack(state_dir, StackOptions.for_deployment(deployment))
    try:
        with dg.DagsterInstance.from_config(str(home)) as instance:
            site = Site(deployment, home, tmp_path / "daemon.log", _free_port(), instance)
            site.bucket.ensure(create=True)
            site.folder.mkdir(parents=True)
            yield site
    finally:
        stop_stack(state_dir)


def _name(number: int) -> str:
    return f"{number:04} users of {'Ä...日本' if number % 7 == 0 else 'here'}.json"


@pytest.mark.slow
def test_sensor__gives_each_version_one_run_though_the_daemon_is_killed(site: Site) -> None:
    for number in range(FILES):
        site.write(_name(number), f"{number}", same_second=number % 2 == 0)

    # Killed in the middle of the second hundred; meanwhile files change, with runs and without.
    with site.daemon() as daemon:
        site.wait(daemon, lambda: site.instance.get_runs_count() >= 140, FIRST_RUNS_S)
    for number in (*range(0, 40), *range(600, 640)):
        site.write(_name(number), f"again {number}", same_second=True)
    for number in (*range(50, 60), *range(700, 720)):
        (site.folder / _name(number)).unlink()
    for number in range(30):
        site.write(f"{number:04} a sibling.json", f"sibling {number}", same_second=True)

    # Killed once more; this time files change while the sensor is at work.
    with site.daemon() as daemon:
        site.wait(daemon, lambda: site.instance.get_runs_count() >= 500, REST_S)
        for number in (*range(100, 130), *range(1100, 1130)):
            site.write(_name(number), f"meanwhile {number}", same_second=True)
        for number in (*range(200, 210), *range(1150, 1160)):
            (site.folder / _name(number)).unlink()
        site.wait(daemon, lambda: site.instance.get_runs_count() >= 630, REST_S)

    stayed = {arrival_id(entry): entry.key for entry in site.bucket.list(PREFIX)}
    with site.daemon() as daemon:
        site.wait(daemon, lambda: stayed.keys() <= site.versions_with_run(), REST_S)
        site.wait(daemon, lambda: _skips(site, f"{len(stayed):,} objects"), 60)
    runs = site.runs()

    assert len(stayed) == FILES + 30 - 50
    assert Counter(len(found) for found in runs.values()) == {1: len(runs)}
    assert {run.status for found in runs.values() for run in found} == {dg.DagsterRunStatus.QUEUED}
    assert {version: runs[version][0].tags["personalize/key"] for version in stayed} == stayed


def _skips(site: Site, reason: str) -> bool:
    """Whether the newest tick of the sensor found nothing new."""
    states = site.instance.all_instigator_state(instigator_type=InstigatorType.SENSOR)
    (state,) = [s for s in states if s.instigator_name == "movielens_batch_input"]
    ticks = site.instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)
    return any((tick.skip_reason or "").startswith(reason) for tick in ticks)
