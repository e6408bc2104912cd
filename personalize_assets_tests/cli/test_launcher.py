"""The launcher of production calls a run dead when its code server, twice, does not know it."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.launcher import WorkerStatus  # Dagster makes it public nowhere.

from personalize_assets.cli.launcher import WatchfulRunLauncher
from personalize_assets.cli.unfinished import CODE_SERVER_TAG

LAUNCHER = {
    "run_launcher": {
        "module": "personalize_assets.cli.launcher",
        "class": "WatchfulRunLauncher",
    }
}


@dg.job
def nothing() -> None:
    pass


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("d")), LAUNCHER) as instance:
        yield instance


def started(instance: dg.DagsterInstance, **tags: str) -> dg.DagsterRun:
    return instance.create_run_for_job(nothing, status=dg.DagsterRunStatus.STARTED, tags=dict(tags))


def looks(instance: dg.DagsterInstance, run: dg.DagsterRun, times: int) -> list[WorkerStatus]:
    return [instance.run_launcher.check_run_worker_health(run).status for _ in range(times)]


def test_launcher__is_the_one_that_the_settings_name(instance: dg.DagsterInstance) -> None:
    assert isinstance(instance.run_launcher, WatchfulRunLauncher)
    assert instance.run_launcher.supports_check_run_worker_health


def test_health__a_run_that_the_server_does_not_know_died(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([True, False, True, False, False, False])
    monkeypatch.setattr(WatchfulRunLauncher, "_is_known", lambda *_: next(answers))

    found = looks(instance, started(instance), 6)

    assert [status is WorkerStatus.FAILED for status in found] == [
        *(False, False, False),
        *(False, True, False),
    ]


def test_health__a_server_that_does_not_answer_says_nothing(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = json.dumps({"host": "127.0.0.1", "port": port})

    found = looks(instance, started(instance, **{CODE_SERVER_TAG: address}), 3)

    assert set(found) == {WorkerStatus.RUNNING}


def test_health__a_run_that_another_program_executes_is_its_own_business(
    instance: dg.DagsterInstance,
) -> None:
    assert set(looks(instance, started(instance), 3)) == {WorkerStatus.RUNNING}
