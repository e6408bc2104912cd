"""The production settings on a real PostgreSQL: killed all at once, everything goes on."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest
import yaml

from personalize_assets_tests.deploy.location import BEGUN
from personalize_assets_tests.deploy.postgres import Postgres, postgres, programs

pytestmark = pytest.mark.slow

DEPLOY = Path(__file__).parents[2] / "deploy"
TIMEOUT_S = 240


@dataclass(frozen=True)
class Site:
    """A home of Dagster with the production settings, and the log of all that runs there."""

    database: Postgres
    home: Path
    code_port: int
    ui_port: int

    @property
    def log(self) -> Path:
        return self.home / "log"

    @property
    def environment(self) -> Mapping[str, str]:
        mine = {
            k: v for k, v in os.environ.items() if not k.startswith(("PERSONALIZE_", "DAGSTER_"))
        }
        return {
            **mine,
            **self.database.environment,
            "DAGSTER_HOME": str(self.home),
            "DAGSTER_DISABLE_TELEMETRY": "yes",
            "PERSONALIZE_ASSETS_STATE_DIR": str(self.home),
            "PYTHONWARNINGS": "ignore",
        }

    @property
    def notices(self) -> list[dict[str, str]]:
        path = self.home / "notifications.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @contextmanager
    def services(self) -> Iterator[list["subprocess.Popen[bytes]"]]:
        """What deploy/compose.yaml starts; at the end all of it is killed, whatever it does."""
        self._python("personalize_assets.cli.prepare").wait(TIMEOUT_S)
        workspace = ("-w", str(self.home / "workspace.yaml"))
        location = ("-m", "personalize_assets_tests.deploy.location")
        port = ("--host", "127.0.0.1", "--port")
        with ExitStack() as stack:
            yield [
                self._service(
                    stack, "dagster", "api", "grpc", *location, *port, str(self.code_port)
                ),
                self._service(stack, "dagster._daemon", "run", *workspace),
                self._service(stack, "dagster_webserver", *workspace, *port, str(self.ui_port)),
            ]

    def wait(self, services: list["subprocess.Popen[bytes]"], is_so: Callable[[], bool]) -> None:
        """Wait until something is so, while all services live."""
        deadline = time.monotonic() + TIMEOUT_S
        while not is_so():
            told = self.log.read_text(errors="replace")[-5000:]
            assert [one.poll() for one in services] == [None] * len(services), told
            assert time.monotonic() < deadline, told
            time.sleep(0.5)

    def _service(self, stack: ExitStack, *arguments: str) -> "subprocess.Popen[bytes]":
        process = self._python(*arguments)
        stack.callback(process.wait)
        stack.callback(_kill_group, process.pid)
        return process

    def _python(self, *arguments: str) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *arguments],
                env=self.environment,
                cwd=DEPLOY.parent,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


def _kill_group(process_id: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process_id, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    if programs() is None and not os.environ.get("CI"):
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    assert programs() is not None, "CI installs postgresql before the slow tests"
    with postgres(_free_port()) as database:
        site = Site(database, tmp_path, _free_port(), _free_port())
        (tmp_path / "dagster.yaml").write_text((DEPLOY / "dagster.yaml").read_text())
        workspace = yaml.safe_load((DEPLOY / "workspace.yaml").read_text())
        workspace["load_from"][0]["grpc_server"] |= {"host": "127.0.0.1", "port": site.code_port}
        (tmp_path / "workspace.yaml").write_text(yaml.safe_dump(workspace))
        for name, value in database.environment.items():
            monkeypatch.setenv(name, value)
        yield site


def test_production__goes_on_where_everything_was_killed_in_the_middle_of_a_run(site: Site) -> None:
    with site.services() as services:
        site.wait(services, (site.home / BEGUN).exists)
        site.wait(services, lambda: _answers(site))
    site.database.kill()
    site.database.start()

    with site.services() as services, dg.DagsterInstance.from_config(str(site.home)) as instance:
        site.wait(services, lambda: len(site.notices) > 0)
        storage = instance.event_log_storage
        # Takes a minute, in which sensors and run monitoring look again and find nothing new.
        pool = "personalize_batch"
        site.wait(services, lambda: storage.get_concurrency_info(pool).active_slot_count == 0)
        runs = sorted(instance.get_run_records(), key=lambda record: record.storage_id)

        assert [r.dagster_run.status.value for r in runs] == ["FAILURE", "SUCCESS"]
        assert runs[1].dagster_run.parent_run_id == runs[0].dagster_run.run_id
        assert [(n["event"], n["run_id"]) for n in site.notices] == [
            ("batch_finished", runs[0].dagster_run.run_id)
        ]
        assert {pool.name: pool.limit for pool in storage.get_pool_limits()} == {
            "personalize_import": 5,
            "personalize_training": 20,
            "personalize_batch": 5,
        }


def _answers(site: Site) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{site.ui_port}/server_info", timeout=5):
            return True
    except OSError:
        return False
