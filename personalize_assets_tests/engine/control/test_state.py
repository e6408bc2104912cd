"""Reset, export and import of the state, also while the engine works."""

import io
import os
import sqlite3
import tarfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from personalize_assets.testing import ControlRefused
from personalize_assets_tests.engine.clients import make_client
from personalize_assets_tests.engine.control.conftest import Site
from personalize_assets_tests.engine.operations.conftest import RECIPE, avro, interactions_csv


@pytest.mark.slow
def test_reset__everything(site: Site) -> None:
    site.local.faults.add("slow", "ListRecipes")
    site.local.clock.advance(days=1)
    site.start_import(site.group())
    site.local.wait_until_idle()
    assert site.send("POST", "reset", {}) == (200, {"removed": 4})
    info = site.local.info()
    assert (info["resources"], info["faults"], info["clock"]["offset_s"]) == ({}, [], 0)
    assert files(site.local.state_dir / "engine") == ["control.sqlite3", "engine.lock"]


@pytest.mark.parametrize(
    ("scope", "left"),
    [
        ({"account": "000000000007"}, ["a", "b"]),
        ({"region": "eu-west-1"}, ["a", "c"]),
        ({"account": "123456789012", "region": "eu-west-1"}, ["a", "c", "d"]),
        ({"account": "000000000008"}, ["a", "b", "c", "d"]),
    ],
)
def test_reset__an_account_or_a_region(site: Site, scope: dict[str, str], left: list[str]) -> None:
    site.group("a")
    site.group("b", region="eu-west-1")
    site.group("c", account="000000000007")
    site.group("d", account="000000000007", region="eu-west-1")
    assert site.send("POST", "reset", scope) == (200, {"removed": 4 - len(left)})
    clients = [
        site.local.client("personalize", account=account, region=region)
        for account in ("123456789012", "000000000007")
        for region in ("us-east-1", "eu-west-1")
    ]
    groups = [each for client in clients for each in client.list_dataset_groups()["datasetGroups"]]
    assert sorted(group["name"] for group in groups) == left


def test_reset__one_group_while_its_import_runs(site: Site) -> None:
    stays, goes = site.group("stays"), site.group("goes")
    site.api.create_event_tracker(name="t", datasetGroupArn=goes)  # which makes a schema too
    site.start_import(goes, interactions_csv(2_000, 200, 900))
    wait_for(lambda: [job for job in site.local.info()["jobs"]["unfinished"] if job["pid"]])
    site.local.reset(dataset_group_arn=goes)
    site.local.wait_until_idle()
    assert site.local.info()["resources"] == {
        "dataset-group": {"ACTIVE": 1},
        "schema": {"no status": 1},
    }
    assert site.api.describe_dataset_group(datasetGroupArn=stays)["datasetGroup"]["name"] == "stays"
    wait_for(lambda: files(site.local.state_dir / "engine") == ["control.sqlite3", "engine.lock"])
    with pytest.raises(ControlRefused, match=f"there is no dataset group {goes}"):
        site.local.reset(dataset_group_arn=goes)
    schema = site.api.list_schemas()["schemas"][0]["schemaArn"]
    assert site.send("POST", "reset", {"dataset_group_arn": schema}) == (
        400,
        {"error": f"{schema} is the ARN of a schema, not of a dataset group"},
    )


def test_state__comes_back_with_datasets_models_and_clock(site: Site, tmp_path: Path) -> None:
    group = site.group()
    site.start_import(group)
    site.local.wait_until_idle()
    solution = site.api.create_solution(
        name="sol",
        datasetGroupArn=group,
        recipeArn=RECIPE + "aws-popularity-count",
        performAutoTraining=False,
    )["solutionArn"]
    site.local.wait_until_idle()
    version = site.api.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    site.local.wait_until_idle()
    site.local.clock.advance(days=3)
    metrics = site.api.get_solution_metrics(solutionVersionArn=version)["metrics"]
    before = files(site.local.state_dir / "engine"), site.local.info()["resources"]
    archive = site.local.export_state(tmp_path / "state.tar.gz")

    site.local.reset()
    site.group("later")
    site.local.import_state(archive)
    assert site.group_names() == ["g"]
    assert site.api.get_solution_metrics(solutionVersionArn=version)["metrics"] == metrics
    assert (files(site.local.state_dir / "engine"), site.local.info()["resources"]) == before
    assert site.local.info()["clock"]["offset_s"] == 3 * 86_400
    # and work goes on there
    again = site.api.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    site.local.wait_until_idle()
    described = site.api.describe_solution_version(solutionVersionArn=again)["solutionVersion"]
    assert described["status"] == "ACTIVE"


@pytest.mark.slow
def test_state__a_job_at_work_begins_anew_after_the_import(site: Site, tmp_path: Path) -> None:
    job = site.start_import(site.group(), interactions_csv(2_000, 200, 900))
    wait_for(lambda: [each for each in site.local.info()["jobs"]["unfinished"] if each["pid"]])
    archive = site.local.export_state(tmp_path / "state.tar.gz")
    site.local.import_state(archive)
    site.local.wait_until_idle()
    described = site.api.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"]
    assert described["status"] == "ACTIVE"


def test_state__requests_wait_for_an_exchange(site: Site, tmp_path: Path) -> None:
    group = site.group()
    archive = site.local.export_state(tmp_path / "state.tar.gz")
    impatient = make_client("personalize", site.local.endpoint_url)  # asks once
    stop, failures, done = threading.Event(), list[Exception](), list[int]()

    def ask() -> None:
        while not stop.is_set():
            try:
                impatient.describe_dataset_group(datasetGroupArn=group)
                status, health = site.send("GET", "health")
                assert status == 200, health
                done.append(1)
            except (AssertionError, BotoCoreError, ClientError) as error:
                failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        done.clear()
        wait_for(lambda: failures or len(done) > 3)
        site.local.export_state(tmp_path / "again.tar.gz")
        site.local.import_state(archive)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []


def test_state__an_export_shows_one_moment(site: Site, tmp_path: Path) -> None:
    stop = threading.Event()

    def make_schemas() -> None:
        number = 0
        while not stop.is_set():
            site.api.create_schema(name=f"s{number}", schema=avro("Users"))
            number += 1

    thread = threading.Thread(target=make_schemas)
    thread.start()
    counts = []
    for number in range(3):
        before = len(site.api.list_schemas(maxResults=100)["schemas"])
        archive = site.local.export_state(tmp_path / f"{number}.tar.gz")
        after = len(site.api.list_schemas(maxResults=100)["schemas"])
        counts.append((before, count_resources(archive), after))
    stop.set()
    thread.join()
    assert counts == [tuple(sorted(each)) for each in counts]


def count_resources(archive: Path) -> int:
    with tarfile.open(archive) as tar:
        tar.extract("control.sqlite3", archive.parent / archive.stem, filter="data")
    with sqlite3.connect(archive.parent / archive.stem / "control.sqlite3") as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return database.execute("SELECT count(*) FROM resources").fetchone()[0]


def spoil(archive: Path, change: Callable[[dict[str, bytes]], Any]) -> bytes:
    """Make an archive anew with its files changed."""
    with tarfile.open(archive) as tar:
        content = {
            member.name: (tar.extractfile(member) or io.BytesIO()).read()
            for member in tar
            if member.isfile()
        }
    change(content)
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, data in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return made.getvalue()


def newer(content: dict[str, bytes]) -> None:
    """Say that the database comes from a later release: user_version, big-endian, at byte 60."""
    data = content["control.sqlite3"]
    content["control.sqlite3"] = data[:60] + (99).to_bytes(4, "big") + data[64:]


def without_parquet(content: dict[str, bytes]) -> None:
    del content[next(name for name in content if name.endswith(".parquet"))]


SPOILT: list[tuple[Callable[[dict[str, bytes]], Any], str]] = [
    (lambda files: files.pop("manifest.json"), "the archive has no manifest.json with a form"),
    (
        lambda files: files.update({"manifest.json": b"{}"}),
        "has no manifest.json with a format",
    ),
    (
        lambda files: files.update({"manifest.json": b'{"format": 2}'}),
        "the archive has format 2; this release reads 1",
    ),
    (lambda files: files.pop("control.sqlite3"), "the archive lacks control.sqlite3"),
    (
        lambda files: files.update({"control.sqlite3": b"none" * 1_000}),
        "database cannot be used: cannot use the database",
    ),
    (newer, "has version 99, made by a newer release"),
    (without_parquet, "which a resource needs"),
    (
        lambda files: files.update({"clock.json": b"noon"}),
        "does not hold the offset of a clock",
    ),
    (lambda files: files.update({"../evil": b"x"}), "not an exported state"),
]


def test_state__refuses_spoilt_archives(site: Site, tmp_path: Path) -> None:
    site.start_import(site.group())
    site.local.wait_until_idle()
    archive = site.local.export_state(tmp_path / "state.tar.gz")
    before = files(site.local.state_dir / "engine")
    for change, message in SPOILT:
        status, answer = site.send("PUT", "state", spoil(archive, change))
        assert status == 400
        assert message in answer["error"]
        assert files(site.local.state_dir / "engine") == before
    assert site.group_names() == ["g"]
    assert not list(site.local.state_dir.rglob("evil"))


def files(root: Path) -> list[str]:
    """What is kept in the engine's folder, without SQLite's own files and temporary ones."""
    # os.walk, unlike rglob, bears folders that vanish meanwhile
    found = [
        (Path(folder) / name).relative_to(root).as_posix()
        for folder, _, names in os.walk(root)
        for name in names
    ]
    return sorted(
        name for name in found if not name.endswith(("-wal", "-shm")) and "tmp/" not in name
    )


def wait_for(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.005)
    raise AssertionError("it took too long")
