"""Runs whose code server is gone are settled; all others are left alone."""

import json
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import dagster as dg
import pytest

from personalize_assets.cli.instance import limit_pools, open_instance
from personalize_assets.cli.unfinished import (
    CODE_SERVER_TAG,
    LOCK_TAG,
    cancel_unfinished,
    locked_run,
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
        (dg.DagsterRunStatus.STARTED, None),  # of some program
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


def started(instance: dg.DagsterInstance, tags: Mapping[str, str], run_id: str) -> None:
    instance.create_run_for_job(
        nothing, status=dg.DagsterRunStatus.STARTED, tags=dict(tags), run_id=run_id
    )


def test_settle_abandoned__tells_runs_in_this_process_by_their_lock(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    run_id = str(uuid.uuid4())
    with locked_run(tmp_path, run_id) as tags:
        started(instance, tags, run_id)
        assert settle_abandoned(instance) == 0

    assert settle_abandoned(instance) == 1
    assert status_of(instance, run_id) == dg.DagsterRunStatus.CANCELED


def test_settle_abandoned__settles_a_run_whose_process_was_killed(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    run_id = str(uuid.uuid4())
    program = (
        "import os, sys; from pathlib import Path\n"
        "from personalize_assets.cli.unfinished import locked_run\n"
        "with locked_run(Path(sys.argv[1]), sys.argv[2]): os._exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path), run_id], check=False)
    lock = tmp_path / "executing" / run_id
    assert (done.returncode, lock.exists()) == (9, True)
    started(instance, {LOCK_TAG: str(lock)}, run_id)

    assert settle_abandoned(instance) == 1


def test_settle_abandoned__does_not_take_the_lock_of_the_run_that_was_repeated(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    started(instance, {LOCK_TAG: str(tmp_path / "another")}, run_id := str(uuid.uuid4()))

    assert settle_abandoned(instance) == 0
    instance.delete_run(run_id)


def test_settle_abandoned__frees_places_in_pools(tmp_path: Path) -> None:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        limit_pools(instance)
        run_id = make_run(
            instance, dg.DagsterRunStatus.STARTED, {"host": "localhost", "socket": "/gone"}
        )
        storage = instance.event_log_storage
        storage.claim_concurrency_slot("personalize_import", run_id, "import")

        assert settle_abandoned(instance) == 1

        assert storage.get_concurrency_info("personalize_import").active_slot_count == 0


def test_limit_pools__sets_what_is_missing_and_leaves_what_people_set(tmp_path: Path) -> None:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        storage = instance.event_log_storage
        storage.set_concurrency_slots("personalize_training", 2)

        assert limit_pools(instance) == ["personalize_import", "personalize_batch"]
        assert limit_pools(instance) == []

        assert {pool.name: pool.limit for pool in storage.get_pool_limits()} == {
            "personalize_import": 5,
            "personalize_training": 2,
            "personalize_batch": 5,
        }


def test_open_instance__has_pools_retries_and_monitoring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    with open_instance(tmp_path) as instance:
        assert {pool.name for pool in instance.event_log_storage.get_pool_limits()} == {
            "personalize_import",
            "personalize_training",
            "personalize_batch",
        }
        assert (instance.run_retries_enabled, instance.run_retries_max_retries) == (True, 3)
        assert not instance.run_retries_retry_on_asset_or_op_failure
        assert instance.run_monitoring_enabled
