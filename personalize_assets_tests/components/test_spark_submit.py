"""Spark launched by Dagster: outputs as arrow's, failures told, nothing left behind."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pyarrow.parquet as pq
import pytest

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.spark_runs import CodePlaces
from personalize_assets.components.attributes import SparkSettings
from personalize_assets.components.spark_submit import (
    check_reach,
    find_program,
    submit_command,
    submit_environment,
)
from personalize_assets.local import attended
from personalize_assets_tests.components.fake_spark import write_program
from personalize_assets_tests.components.spark_bench import Bench, failure_of

ARROW, RAW = "spark/arrow/", "spark/raw/"
CODE = CodePlaces("/code/start.py", ("/code/job.zip", "/code/pipes.zip"))


@pytest.fixture(scope="module")
def bench(deployment: Deployment, instance: dg.DagsterInstance) -> Bench:
    """A group with its raw files, cleaned by arrow."""
    bench = Bench(deployment, instance, RAW)
    bench.seed()
    assert bench.run(ARROW).success
    return bench


@pytest.fixture
def program(tmp_path: Path) -> str:
    return str(write_program(tmp_path))


@pytest.fixture
def folder(bench: Bench, request: pytest.FixtureRequest) -> Iterator[str]:
    prefix = f"spark/{request.node.originalname}/"
    yield prefix
    for found in list(bench.bucket.list(prefix)):
        bench.bucket.delete(found.key)


def left_behind(deployment: Deployment) -> list[Path]:
    """What attempts left in the state folder."""
    return [path for path in (deployment.state_dir / "spark").glob("*/*-*") if path.is_dir()]


@pytest.mark.slow
def test_spark__gives_what_arrow_gives(bench: Bench, program: str, folder: str) -> None:
    result = bench.run(folder, engine="spark", spark={"program": program})

    assert result.success
    metadata = bench.metadata()
    assert (metadata["engine"], metadata["spark_version"]) == ("spark", "0.0-double")
    for name in ("items", "interactions"):
        assert bench.read(folder, name) == bench.read(ARROW, name)
        tables = [
            pq.read_table(io.BytesIO(bench.bucket.read_bytes(f"{place}{name}/{name}.parquet")))
            for place in (folder, ARROW)
        ]
        assert tables[0].equals(tables[1])
        assert tables[0].schema == tables[1].schema
    assert left_behind(bench.deployment) == []
    assert not list(bench.bucket.list("personalize-assets/"))


@pytest.mark.slow
def test_spark__changes_no_version_of_the_data(bench: Bench, program: str, folder: str) -> None:
    def versions(result: dg.ExecuteInProcessResult) -> dict[str, str | None]:
        return {
            event.asset_key.to_user_string(): (event.tags or {}).get("dagster/data_version")
            for event in result.get_asset_materialization_events()
            for event in [event.materialization]
        }

    spark = versions(bench.run(folder, engine="spark", spark={"program": program}))
    assert spark == versions(bench.run(ARROW))
    assert len(spark) == 5


@pytest.mark.slow
def test_spark__cleans_the_named_datasets_once(
    bench: Bench, program: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = tmp_path / "calls"
    monkeypatch.setenv("FAKE_SPARK_CALLS", str(calls))
    given = {"engine": "spark", "datasets": ["interactions"], "spark": {"program": program}}
    assert bench.run(folder, **given).success
    assert bench.run(folder, **given).success
    assert bench.metadata()["unchanged"]
    assert "engine" not in bench.metadata("cleaned_items")
    (call,) = calls.read_text().splitlines()
    assert "local[*]" in json.loads(call)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("broken", "JAVA_HOME is not set"),
        ("fail", "RuntimeError: a worker ran out of memory"),
    ],
)
def test_spark__tells_why_it_failed(
    bench: Bench,
    program: str,
    folder: str,
    monkeypatch: pytest.MonkeyPatch,
    behaviour: str,
    reason: str,
) -> None:
    monkeypatch.setenv("FAKE_SPARK", behaviour)
    result = bench.run(folder, engine="spark", spark={"program": program})
    assert f"spark-submit failed: {reason}" in failure_of(result)
    assert not list(bench.bucket.list(folder))
    assert left_behind(bench.deployment) == []


@pytest.mark.slow
def test_spark__takes_over_what_was_finished(
    bench: Bench, program: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"engine": "spark", "datasets": ["items"], "spark": {"program": program}}
    monkeypatch.setenv("FAKE_SPARK_CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("FAKE_SPARK", "late")
    assert "code 9" in failure_of(bench.run(folder, **given))
    assert len(left_behind(bench.deployment)) == 1

    assert bench.run(folder, **given).success
    assert bench.read(folder, "items") == bench.read(ARROW, "items")
    assert len((tmp_path / "calls").read_text().splitlines()) == 1
    assert left_behind(bench.deployment) == []


@pytest.mark.slow
def test_spark__refuses_what_arrow_refuses(bench: Bench, program: str, folder: str) -> None:
    other = replace(bench, raw=f"{folder}raw/")
    for name in ("ratings.csv", "movies.csv"):
        other.bucket.write_bytes(f"{other.raw}{name}", b"nothing,of,the,kind\n1,2,3,4\n")
    messages = [
        failure_of(other.run(folder, engine=engine, spark={"program": program}))
        for engine in ("spark", "arrow")
    ]
    assert messages[0] == messages[1]
    assert "RawDataError" in messages[0]


def test_attended__ends_the_program_with_whoever_started_it(
    tmp_path: Path, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids = tmp_path / "pids"
    monkeypatch.setattr(attended, "PATIENCE_S", 1)
    environ = {**os.environ, "FAKE_SPARK": "hang", "FAKE_SPARK_PIDS": str(pids)}
    starter = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import subprocess, sys; subprocess.run(sys.argv[1:])",
            *(sys.executable, attended.__file__, str(tmp_path / "tail"), program),
        ],
        env=environ,
    )
    _wait_for(pids.exists)
    both = [int(pid) for pid in pids.read_text().split()]
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    _wait_for(lambda: not any(_is_running(pid) for pid in both))


def test_attended__ends_the_program_when_told(tmp_path: Path, program: str) -> None:
    pids = tmp_path / "pids"
    environ = {**os.environ, "FAKE_SPARK": "hang", "FAKE_SPARK_PIDS": str(pids)}
    process = subprocess.Popen(
        [sys.executable, attended.__file__, str(tmp_path / "tail"), program], env=environ
    )
    _wait_for(pids.exists)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == attended.ENDED
    assert not any(_is_running(int(pid)) for pid in pids.read_text().split())


def _wait_for(condition: Callable[[], bool], timeout_s: float = 60) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def _is_running(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def test_command__stays_on_this_machine_where_spark_is_here() -> None:
    settings = SparkSettings(conf={"spark.ui.enabled": "True", "spark.executor.cores": "2"})
    command = submit_command(settings, "/bin/spark-submit", CODE, "/o.json", Path("/s"), "films")
    assert command[:9] == [
        "/bin/spark-submit", "--master", "local[*]", "--deploy-mode", "client",
        "--name", "films", "--driver-memory", "2g",
    ]  # fmt: skip
    properties = dict(word.split("=") for word in command if "=" in word)
    assert properties == {
        "spark.local.dir": "/s",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "true",
        "spark.executor.cores": "2",
    }
    assert command[-5:] == [
        "--py-files", "/code/job.zip,/code/pipes.zip", "/code/start.py", "--order", "/o.json",
    ]  # fmt: skip


def test_command__leaves_addresses_of_a_cluster_alone() -> None:
    settings = SparkSettings(master="yarn")
    command = submit_command(settings, "spark-submit", CODE, "/o.json", Path("/s"), "films")
    assert not [word for word in command if "127.0.0.1" in word]
    assert submit_environment(settings, "/opt/spark/bin/spark-submit") == {}


def test_environment__names_the_python_of_the_program() -> None:
    beside = str(Path(sys.executable).parent / "spark-submit")
    here = submit_environment(SparkSettings(), beside)
    assert here["PYSPARK_PYTHON"] == here["PYSPARK_DRIVER_PYTHON"] == sys.executable
    assert here["SPARK_LOCAL_IP"] == "127.0.0.1"
    named = submit_environment(SparkSettings(python="/opt/python"), beside)
    assert named["PYSPARK_PYTHON"] == "/opt/python"


def test_program__is_missed_with_what_to_do() -> None:
    with pytest.raises(dg.Failure, match=r"no program spark-nowhere: .*declare `engine: arrow`"):
        find_program("spark-nowhere")


@pytest.mark.parametrize("master", ["spark://10.0.0.7:7077", "yarn", "k8s://https://cluster"])
def test_reach__of_local_ends_at_this_machine(deployment: Deployment, master: str) -> None:
    with pytest.raises(dg.Failure, match="nothing may leave this machine"):
        check_reach(deployment, SparkSettings(master=master))
    check_reach(replace(deployment, name="aws"), SparkSettings(master=master))
    check_reach(deployment, SparkSettings(master="spark://127.0.0.1:7077"))
