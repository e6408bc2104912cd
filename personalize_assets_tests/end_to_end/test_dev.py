"""The Dagster UI in front of a person: everything through GraphQL of one running `dev`.

The tests go in the order of a visit: look, materialize, drop files, cancel.
"""

import json
import os
import re
import shutil
import signal
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from personalize_assets.local.clients import open_clients
from personalize_assets.local.record import read_record
from personalize_assets.local.stack import stack_status, stop_stack
from personalize_assets_tests.end_to_end.conftest import run_command
from personalize_assets_tests.end_to_end.running_dev import (
    RUN_TIMEOUT_S,
    Run,
    RunningDev,
    children,
    clean_environ,
    start_dev,
    wait_for,
)

pytestmark = pytest.mark.slow

REPOSITORY = '{repositoryName: "__repository__", repositoryLocationName: "personalize_assets"}'
INPUT = "movie-lens/batch/input"
VERSION = ("movielens", "user_personalization", "solution_version")
METRICS = ("movielens", "user_personalization", "metrics")


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDev]:
    folder = tmp_path_factory.mktemp("dev")
    # A file of the person that is named like a library must not take its place.
    (folder / "gql.py").write_text("raise RuntimeError('imported from the working folder')\n")
    dev = start_dev(folder)
    yield dev
    assert dev.stop() == 0, dev.printed[-4000:]
    stop_stack(dev.state_dir)


@pytest.fixture(scope="module")
def materialized(dev: RunningDev) -> str:
    """Everything, materialized by a click."""
    run_id = dev.launch("movielens_main")
    assert dev.wait_for_end(run_id) == "SUCCESS", dev.printed[-4000:]
    return run_id


def test_location__loads_under_its_name(dev: RunningDev) -> None:
    found = dev.ask(
        "{ workspaceOrError { ... on Workspace { locationEntries {"
        " name loadStatus locationOrLoadError { __typename } } } } }"
    )

    assert found["workspaceOrError"]["locationEntries"] == [
        {
            "name": "personalize_assets",
            "loadStatus": "LOADED",
            "locationOrLoadError": {"__typename": "RepositoryLocation"},
        }
    ]


def test_telemetry_and_pop_ups__are_off(dev: RunningDev) -> None:
    found = dev.ask("{ shouldShowNux instance { info } }")

    assert found["shouldShowNux"] is False
    assert re.search(r"^telemetry:\n  enabled: false$", found["instance"]["info"], re.M)
    assert not list((dev.state_dir / "dagster").rglob("*telemetry*"))


def test_sensors_and_schedule__run_without_a_click(dev: RunningDev) -> None:
    found = dev.ask(
        f"{{ sensorsOrError(repositorySelector: {REPOSITORY}) {{ ... on Sensors {{ results {{"
        " name minIntervalSeconds sensorState { status } } } }"
        f" schedulesOrError(repositorySelector: {REPOSITORY}) {{ ... on Schedules {{ results {{"
        " name cronSchedule executionTimezone scheduleState { status } } } } }"
    )

    sensors = found["sensorsOrError"]["results"]
    assert {sensor["name"] for sensor in sensors} == {
        "movielens_raw_data",
        "movielens_batch_input",
        "movielens_batch_results",
        "movielens_segment_results",
        "movielens_notifications",
    }
    assert {sensor["sensorState"]["status"] for sensor in sensors} == {"RUNNING"}
    assert max(sensor["minIntervalSeconds"] for sensor in sensors) <= 10
    schedules = {one["name"]: one for one in found["schedulesOrError"]["results"]}
    assert schedules["movielens_retraining"] == {
        "name": "movielens_retraining",
        "cronSchedule": "0 3 * * 1",
        "executionTimezone": "UTC",
        "scheduleState": {"status": "RUNNING"},
    }
    assert schedules["movielens_update"]["cronSchedule"] == "0 5 * * *"


def test_main_job__materializes_every_asset_by_a_click(dev: RunningDev, materialized: str) -> None:
    nodes = dev.ask(
        "{ assetNodes { groupName assetKey { path } assetMaterializations(limit: 5) { runId } } }"
    )["assetNodes"]
    made = {
        "/".join(node["assetKey"]["path"]): {m["runId"] for m in node["assetMaterializations"]}
        for node in nodes
        if node["groupName"] != "operated"  # which people ask for one by one
    }

    assert len(made) >= 17
    assert [key for key, runs in made.items() if materialized not in runs] == []


def test_api__answers_beside_it_and_links_back(dev: RunningDev, materialized: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{dev.api_url}/about", timeout=30) as answer:
        about = json.load(answer)
    address = f"{dev.api_url}/recommendations?user_id=5"
    with opener.open(address, timeout=60) as answer:
        found = json.load(answer)

    assert about["ui"] == dev.url
    assert len(found["items"]) == 10


def test_main_job__passes_every_check(dev: RunningDev, materialized: str) -> None:
    nodes = dev.ask(
        "{ assetNodes { assetChecksOrError { ... on AssetChecks { checks { name"
        " executionForLatestMaterialization { status evaluation { success } } } } } } }"
    )["assetNodes"]
    checks = [check for node in nodes for check in node["assetChecksOrError"].get("checks", [])]

    assert len(checks) >= 6
    for check in checks:
        execution = check["executionForLatestMaterialization"]
        assert execution["status"] == "SUCCEEDED", check["name"]
        assert execution["evaluation"]["success"], check["name"]


def test_sample__is_taken_by_the_sensor_once(dev: RunningDev, materialized: str) -> None:
    def by_sensor() -> list[Run]:
        runs = dev.runs("movielens_main")
        return [r for r in runs if r.tags.get("dagster/sensor_name") == "movielens_raw_data"]

    wait_for_tick(dev, "movielens_raw_data")

    assert len(by_sensor()) <= 1
    for run in by_sensor():
        assert dev.wait_for_end(run.id) == "SUCCESS"


def test_file_of_users__copied_into_the_folder_ends_as_titles(
    dev: RunningDev, materialized: str, tmp_path: Path
) -> None:
    users = write_users(tmp_path / "users.json", ["12", "3", "671"])
    folder = dev.bucket_folder / INPUT
    folder.mkdir(parents=True, exist_ok=True)

    shutil.copyfile(users, folder / "users.json")

    assert_titled(dev, f"{INPUT}/users.json", {12, 3, 671})


def test_file_of_users__uploaded_with_aws_s3_cp_ends_as_titles(
    dev: RunningDev, materialized: str, tmp_path: Path
) -> None:
    users = write_users(tmp_path / "more users.json", ["7", "8"])
    endpoints = stack_status(dev.state_dir).endpoints
    assert endpoints is not None
    key = f"{INPUT}/more users.json"

    run_command(
        *("aws", "--endpoint-url", endpoints.s3, "s3", "cp", str(users)),
        f"s3://{dev.deployment.bucket}/{key}",
        env=clean_environ(
            HOME=str(tmp_path),
            AWS_ACCESS_KEY_ID="123456789012",
            AWS_SECRET_ACCESS_KEY="local",
            AWS_DEFAULT_REGION="us-east-1",
        ),
    )

    assert_titled(dev, key, {7, 8})


def test_own_results__start_nothing(dev: RunningDev, materialized: str) -> None:
    before = {run.id for run in dev.runs()}

    for sensor in ("movielens_batch_results", "movielens_batch_input", "movielens_raw_data"):
        wait_for_tick(dev, sensor)

    assert {run.id for run in dev.runs()} == before
    assert dev.runs("movielens_transform") == []


@pytest.mark.parametrize(
    ("job", "assets"),
    [("movielens_main", ()), ("__ASSET_JOB", (VERSION, METRICS))],
    ids=["in_process", "multiprocess"],
)
def test_cancelled_run__is_canceled_and_the_next_takes_up_its_training(
    dev: RunningDev, materialized: str, job: str, assets: tuple[tuple[str, ...], ...]
) -> None:
    delete_solution(dev)
    files = list_files(dev.bucket_folder)
    with paused_worker(dev, lambda: dev.launch(job, *assets)) as run_id:
        wait_for(lambda: versions(dev), 60)
        (version,) = versions(dev)
        dev.terminate(run_id)

        assert dev.wait_for_end(run_id) == "CANCELED"
        assert versions(dev) == [version]
        assert list_files(dev.bucket_folder) == files
        again = dev.launch(job, *assets)
        wait_for(lambda: has_reached(dev, again, VERSION), RUN_TIMEOUT_S)
        assert version[1] == "CREATE IN_PROGRESS"

    assert dev.wait_for_end(again) == "SUCCESS"
    assert versions(dev) == [(version[0], "ACTIVE")]
    assert materialized_arn(dev, VERSION) == version[0]


def write_users(path: Path, users: list[str]) -> Path:
    path.write_text("".join(json.dumps({"userId": user}) + "\n" for user in users))
    return path


def assert_titled(dev: RunningDev, key: str, users: set[int]) -> None:
    """Wait for the one run of a file, and look at the parquet that it wrote."""

    def found() -> list[Run]:
        return [run for run in dev.runs() if run.tags.get("personalize/key") == key]

    wait_for(found, RUN_TIMEOUT_S, lambda: dev.printed[-4000:])
    (run,) = found()
    assert run.job == "movielens_batch"
    assert dev.wait_for_end(run.id) == "SUCCESS", dev.printed[-4000:]
    latest = dev.ask(
        '{ assetNodes(assetKeys: [{path: ["movielens", "batch_inference"]}]) {'
        " assetMaterializations(limit: 1) { runId metadataEntries {"
        " label ... on TextMetadataEntry { text } } } } }"
    )["assetNodes"][0]["assetMaterializations"][0]
    assert latest["runId"] == run.id
    texts = {entry["label"]: entry.get("text") for entry in latest["metadataEntries"]}
    folder = (dev.bucket_folder / texts["output_key"]).parent
    table = pq.read_table(folder / "transformed.parquet").to_pylist()
    assert {row["userId"] for row in table} == users
    for row in table:
        titles = row["Recommendations"].split(" | ")
        assert len(titles) == 25
        assert re.search(r"\(\d{4}\) \(\S+\)$", titles[0]), titles[0]


def wait_for_tick(dev: RunningDev, sensor: str) -> None:
    """Wait until a tick of this sensor that begins after now has ended."""

    def ticks() -> list[Any]:
        return dev.ask(
            "query ($name: String!) { sensorOrError(sensorSelector: {"
            ' repositoryName: "__repository__", repositoryLocationName: "personalize_assets",'
            " sensorName: $name }) { ... on Sensor { sensorState {"
            " ticks(limit: 5) { id status timestamp } } } } }",
            name=sensor,
        )["sensorOrError"]["sensorState"]["ticks"]

    known = {tick["id"] for tick in ticks()}
    done = ("SKIPPED", "SUCCESS", "FAILURE")
    wait_for(lambda: [t for t in ticks() if t["id"] not in known and t["status"] in done], 90)


def delete_solution(dev: RunningDev) -> None:
    """Let the training be something that has to be done anew."""
    client = open_clients(dev.deployment).personalize

    def campaigns() -> list[str]:
        listed = client.list_campaigns()["campaigns"]
        return [c["campaignArn"] for c in listed if "user-personalization" in c["name"]]

    for arn in campaigns():
        client.delete_campaign(campaignArn=arn)
    wait_for(lambda: not campaigns(), 60)
    for arn in solutions(dev):
        client.delete_solution(solutionArn=arn)
    wait_for(lambda: not solutions(dev), 60)


def solutions(dev: RunningDev) -> list[str]:
    listed = open_clients(dev.deployment).personalize.list_solutions()["solutions"]
    return [s["solutionArn"] for s in listed if s["name"].startswith("movielens-user-perso")]


def versions(dev: RunningDev) -> list[tuple[str, str]]:
    client = open_clients(dev.deployment).personalize
    return [
        (version["solutionVersionArn"], version["status"])
        for arn in solutions(dev)
        for version in client.list_solution_versions(solutionArn=arn)["solutionVersions"]
    ]


def list_files(folder: Path) -> set[str]:
    """All files, hidden and temporary ones too."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@contextmanager
def paused_worker(dev: RunningDev, launch: Any) -> Iterator[str]:
    """Start something, and hold the first worker process of the engine that it leads to."""
    record = read_record(dev.state_dir)
    assert record is not None
    (engine,) = (child.pid for child in record.children if child.name == "engine")

    def workers() -> list[int]:
        return [worker for server in children(engine) for worker in children(server)]

    assert workers() == []
    run_id = launch()
    worker = wait_for(workers, RUN_TIMEOUT_S, lambda: dev.printed[-4000:])[0]
    os.kill(worker, signal.SIGSTOP)
    try:
        yield run_id
    finally:
        os.kill(worker, signal.SIGCONT)


def has_reached(dev: RunningDev, run_id: str, asset: tuple[str, ...]) -> bool:
    """Whether a run has begun with the step of an asset."""
    steps = dev.ask(
        "query ($run: ID!) { runOrError(runId: $run) { ... on Run {"
        " stepStats { stepKey status } } } }",
        run=run_id,
    )["runOrError"]["stepStats"]
    begun = {step["stepKey"] for step in steps if step["status"] == "IN_PROGRESS"}
    return "_".join(asset) in begun


def materialized_arn(dev: RunningDev, asset: tuple[str, ...]) -> str:
    latest = dev.ask(
        "query ($key: [String!]!) { assetNodes(assetKeys: [{path: $key}]) {"
        " assetMaterializations(limit: 1) { metadataEntries {"
        " label ... on TextMetadataEntry { text } } } } }",
        key=list(asset),
    )["assetNodes"][0]["assetMaterializations"][0]
    return next(e["text"] for e in latest["metadataEntries"] if e["label"] == "arn")
