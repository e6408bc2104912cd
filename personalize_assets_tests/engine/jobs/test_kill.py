"""kill -9 of the engine and of its workers at work: the next start finishes every job."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import localbucket
import pytest

from personalize_assets.loopback import make_client
from personalize_assets_tests.engine.operations.conftest import (
    RECIPE,
    ROLE,
    avro,
    interactions_csv,
)

TIMEOUT_S = 60


class Gate:
    """Holds reads of objects whose key ends in `held` until `open` is called."""

    def __init__(self) -> None:
        self.held = ""
        self.reached = threading.Event()
        self._opened = threading.Event()

    def hold(self, held: str) -> None:
        self.held = held
        self.reached.clear()
        self._opened.clear()

    def open(self) -> None:
        self.held = ""
        self._opened.set()

    def pass_through(self, path: str) -> None:
        if self.held and path.partition("?")[0].endswith(self.held):
            self.reached.set()
            self._opened.wait(TIMEOUT_S)


@dataclass
class Site:
    """A state folder, an S3 that can be held up, and the engine that runs on them now."""

    state_dir: Path
    s3_endpoint: str
    gate: Gate
    process: "subprocess.Popen[str] | None" = None
    api: Any = None
    s3: Any = field(default=None)

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "personalize_assets.engine",
                "serve",
                "--state-dir",
                str(self.state_dir),
                "--s3-endpoint",
                self.s3_endpoint,
                "--workers",
                "2",
            ],
            stdout=subprocess.PIPE,
            stderr=(self.state_dir.parent / "engine.log").open("a"),
            text=True,
        )
        assert self.process.stdout is not None
        endpoint = self.process.stdout.readline().strip()
        assert endpoint, (self.state_dir.parent / "engine.log").read_text()
        self.api = make_client("personalize", endpoint)

    def end(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(TIMEOUT_S)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def rows(self, sql: str) -> list[Any]:
        path = self.state_dir / "engine" / "control.sqlite3"
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10) as connection:
            return connection.execute(sql).fetchall()

    def worker(self, kind: str) -> int:
        """Wait for a worker process of a kind of job and give its pid."""
        sql = f"SELECT pid FROM jobs WHERE kind = '{kind}' AND state = 'running' AND pid > 0"
        return int(until(lambda: self.rows(sql))[0][0])

    def attempts(self, kind: str) -> list[tuple[int, str]]:
        return self.rows(f"SELECT attempt, state FROM jobs WHERE kind = '{kind}' ORDER BY id")

    def wait(self, kind: str, arn: str) -> dict[str, Any]:
        """Wait until a resource is finished and give its description."""
        member = kind[0].lower() + kind[1:]
        operation = getattr(self.api, f"describe_{SNAKE[kind]}")

        def finished() -> dict[str, Any] | None:
            shown = operation(**{f"{member}Arn": arn})[member]
            return None if shown["status"].endswith(("PENDING", "PROGRESS", "STOPPING")) else shown

        return until(finished)

    def prepare(self) -> str:
        """A group with an ACTIVE Interactions dataset; gives the dataset."""
        group = self.api.create_dataset_group(name="g")["datasetGroupArn"]
        self.wait("DatasetGroup", group)
        schema = self.api.create_schema(name="s", schema=avro("Interactions"))["schemaArn"]
        dataset = self.api.create_dataset(
            name="d", schemaArn=schema, datasetGroupArn=group, datasetType="Interactions"
        )["datasetArn"]
        self.wait("Dataset", dataset)
        self.s3.put_object(Bucket="bucket", Key="i.csv", Body=interactions_csv(200, 60, 900))
        return dataset

    def start_import(self, dataset: str) -> str:
        return self.api.create_dataset_import_job(
            jobName="j",
            datasetArn=dataset,
            dataSource={"dataLocation": "s3://bucket/i.csv"},
            roleArn=ROLE,
        )["datasetImportJobArn"]

    def start_training(self, recipe: str, **more: Any) -> str:
        solution = self.api.create_solution(
            name="sol",
            datasetGroupArn=self.api.list_dataset_groups()["datasetGroups"][0]["datasetGroupArn"],
            recipeArn=RECIPE + recipe,
            **more,
        )["solutionArn"]
        self.wait("Solution", solution)
        return self.api.create_solution_version(solutionArn=solution)["solutionVersionArn"]


SNAKE = {
    "DatasetGroup": "dataset_group",
    "Dataset": "dataset",
    "DatasetImportJob": "dataset_import_job",
    "Solution": "solution",
    "SolutionVersion": "solution_version",
    "BatchInferenceJob": "batch_inference_job",
}


def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.005)
    raise AssertionError("it took too long")


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    gate = Gate()

    class Handler(localbucket.S3Handler):  # type: ignore[misc]
        data_root = tmp_path / "s3"

        def do_GET(self) -> None:
            gate.pass_through(self.path)
            super().do_GET()

        def log_message(self, *_: Any) -> None:
            return

    (tmp_path / "s3" / "bucket").mkdir(parents=True)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        endpoint = f"http://127.0.0.1:{server.server_address[1]}"
        site = Site(tmp_path / "state", endpoint, gate, s3=make_client("s3", endpoint))
        site.start()
        yield site
        gate.open()
        if site.process is not None and site.process.poll() is None:
            site.end(signal.SIGKILL)
        server.shutdown()


def test_kill_9__of_the_engine_during_an_import(site: Site) -> None:
    dataset = site.prepare()
    site.gate.hold("/i.csv")
    job = site.start_import(dataset)
    worker = site.worker("import")
    assert site.gate.reached.wait(TIMEOUT_S)
    site.end(signal.SIGKILL)
    until(lambda: is_gone(worker))
    site.gate.open()
    site.start()
    assert site.wait("DatasetImportJob", job)["status"] == "ACTIVE"
    assert site.attempts("import") == [(2, "done")]
    files = list((site.state_dir / "engine" / "datasets").rglob("*.parquet"))
    assert len(files) == 1
    assert list((site.state_dir / "engine" / "tmp").iterdir()) == []


@pytest.mark.slow
def test_kill_9__of_the_engine_during_a_training_and_a_batch_job(site: Site) -> None:
    site.wait("DatasetImportJob", site.start_import(site.prepare()))
    version = site.start_training("aws-user-personalization")
    worker = site.worker("train")
    site.end(signal.SIGKILL)
    until(lambda: is_gone(worker))
    assert site.attempts("train") == [(1, "running")]
    site.start()
    assert site.wait("SolutionVersion", version)["status"] == "ACTIVE"
    assert site.attempts("train") == [(2, "done")]
    metrics = site.api.get_solution_metrics(solutionVersionArn=version)["metrics"]
    assert 0 < metrics["coverage"] <= 1

    queries = "".join(json.dumps({"userId": f"u{number}"}) + "\n" for number in range(200))
    site.s3.put_object(Bucket="bucket", Key="in/users.json", Body=queries.encode())
    site.gate.hold("/users.json")
    job = site.api.create_batch_inference_job(
        jobName="b",
        solutionVersionArn=version,
        jobInput={"s3DataSource": {"path": "s3://bucket/in/"}},
        jobOutput={"s3DataDestination": {"path": "s3://bucket/out/"}},
        roleArn=ROLE,
    )["batchInferenceJobArn"]
    worker = site.worker("batch-inference")
    assert site.gate.reached.wait(TIMEOUT_S)
    site.end(signal.SIGKILL)
    until(lambda: is_gone(worker))
    site.gate.open()
    site.start()
    assert site.wait("BatchInferenceJob", job)["status"] == "ACTIVE"
    assert site.attempts("batch-inference") == [(2, "done")]
    answer = site.s3.get_object(Bucket="bucket", Key="out/users.json.out")["Body"].read()
    lines = [json.loads(line) for line in answer.splitlines()]
    assert [line["input"]["userId"] for line in lines] == [f"u{n}" for n in range(200)]
    assert all(len(line["output"]["recommendedItems"]) == 25 for line in lines)


@pytest.mark.slow
def test_kill_9__of_a_worker_again_and_again(site: Site) -> None:
    dataset = site.prepare()
    site.gate.hold("/i.csv")
    job = site.start_import(dataset)
    killed: set[int] = set()
    while len(killed) < 3:
        worker = until(lambda: {site.worker("import")} - killed).pop()
        os.kill(worker, signal.SIGKILL)
        killed.add(worker)
        until(lambda pid=worker: is_gone(pid))
    shown = site.wait("DatasetImportJob", job)
    assert shown["status"] == "CREATE FAILED"
    assert shown["failureReason"] == (
        "The work was begun 3 times and never came to an end; the last time its process ended "
        "without an answer (killed by signal 9). The engine's log may say more; too little memory "
        "is a common cause."
    )


@pytest.mark.slow
def test_sigterm__puts_a_job_back_without_counting(site: Site) -> None:
    dataset = site.prepare()
    site.gate.hold("/i.csv")
    job = site.start_import(dataset)
    worker = site.worker("import")
    assert site.gate.reached.wait(TIMEOUT_S)
    site.end(signal.SIGTERM)
    assert site.process is not None
    assert site.process.returncode == 0
    assert is_gone(worker)
    assert site.attempts("import") == [(0, "pending")]
    site.gate.open()
    site.start()
    assert site.wait("DatasetImportJob", job)["status"] == "ACTIVE"
    assert site.attempts("import") == [(1, "done")]


@pytest.mark.slow
def test_stop_solution_version_creation__in_the_middle_of_a_search(site: Site) -> None:
    site.wait("DatasetImportJob", site.start_import(site.prepare()))
    most = {"hpoConfig": {"hpoResourceConfig": {"maxNumberOfTrainingJobs": "40"}}}
    version = site.start_training("aws-similar-items", performHPO=True, solutionConfig=most)
    worker = site.worker("train")
    stage = "SELECT stage FROM jobs WHERE kind = 'train' AND stage LIKE 'tune % of 40, best 0.%'"
    until(lambda: site.rows(stage))
    site.api.stop_solution_version_creation(solutionVersionArn=version)
    assert site.wait("SolutionVersion", version)["status"] == "CREATE STOPPED"
    until(lambda: is_gone(worker))


@pytest.mark.slow
def test_stop_solution_version_creation__ends_the_worker(site: Site) -> None:
    site.wait("DatasetImportJob", site.start_import(site.prepare()))
    version = site.start_training("aws-user-personalization")
    worker = site.worker("train")
    site.api.stop_solution_version_creation(solutionVersionArn=version)
    assert site.wait("SolutionVersion", version)["status"] == "CREATE STOPPED"
    until(lambda: is_gone(worker))
    assert site.attempts("train") == [(1, "failed")]
    assert [state for _, state in site.attempts("stop")] == ["done"]
