"""Runs whose code server is gone are settled; all others are left alone."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from personalize_assets.cli.unfinished import (
    CODE_SERVER_TAG,
    cancel_unfinished,
    settle_abandoned,
)


@dg.job
def nothing() -> None:
    pass


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp() as instance:
        yield instance


def make_run(
    instance: dg.DagsterInstance, status: dg.DagsterRunStatus, address: dict[str, object] | None
) -> str:
    tags = {} if address is None else {CODE_SERVER_TAG: json.dumps(address)}
    return instance.create_run_for_job(nothing, status=status, tags=tags).run_id


def status_of(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


@pytest.mark.parametrize(
    "status",
    [
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.CANCELING,
    ],
)
def test_settle_abandoned__cancels_what_nobody_works_on(
    instance: dg.DagsterInstance, tmp_path: Path, status: dg.DagsterRunStatus
) -> None:
    run_id = make_run(instance, status, {"host": "localhost", "socket": str(tmp_path / "gone")})

    assert settle_abandoned(instance) == 1
    assert status_of(instance, run_id) == dg.DagsterRunStatus.CANCELED
    assert settle_abandoned(instance) == 0


def test_settle_abandoned__leaves_runs_of_a_living_code_server(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX) as server, socket.create_server(("127.0.0.1", 0)) as other:
        server.bind(str(tmp_path / "s"))
        server.listen()
        port = other.getsockname()[1]
        runs = [
            make_run(instance, dg.DagsterRunStatus.STARTED, {"socket": str(tmp_path / "s")}),
            make_run(instance, dg.DagsterRunStatus.STARTED, {"host": "127.0.0.1", "port": port}),
        ]

        assert settle_abandoned(instance) == 0

    assert {status_of(instance, run) for run in runs} == {dg.DagsterRunStatus.STARTED}
    assert settle_abandoned(instance) == 2


@pytest.mark.parametrize(
    ("status", "address"),
    [
        (dg.DagsterRunStatus.STARTED, None),  # of `personalize-assets run`
        (dg.DagsterRunStatus.NOT_STARTED, None),
        (dg.DagsterRunStatus.SUCCESS, {"socket": "/nowhere"}),
        (dg.DagsterRunStatus.FAILURE, {"socket": "/nowhere"}),
    ],
)
def test_settle_abandoned__leaves_what_is_not_its_own(
    instance: dg.DagsterInstance, status: dg.DagsterRunStatus, address: dict[str, object] | None
) -> None:
    run_id = make_run(instance, status, address)

    assert settle_abandoned(instance) == 0
    assert cancel_unfinished(instance, timeout_s=0) == 0
    assert status_of(instance, run_id) == status
