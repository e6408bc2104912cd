"""The Glue job launched by Dagster, with moto for AWS: outputs as arrow's, failures, cancelling."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any
from unittest import mock

import boto3
import dagster as dg
import pytest

from personalize_assets.aws.cleaners import Cleaning
from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.glue import SPARK_PREFIX, TEMPORARY_PREFIX, glue_job_properties
from personalize_assets.aws.glue_runs import GlueRun, parse_run
from personalize_assets.aws.raw_data import find_raw_files
from personalize_assets.aws.spark_runs import (
    CodePlaces,
    PrefixWorkplace,
    run_digest,
    upload_code,
)
from personalize_assets.components import glue_launch
from personalize_assets.components.attributes import GlueSettings
from personalize_assets.components.glue_launch import GlueLauncher, job_run_parameters
from personalize_assets.components.spark_launch import job_code, order_text
from personalize_assets_tests.aws_cloud import ACCOUNT, REGION, open_cloud, serve_moto
from personalize_assets_tests.components.fake_glue import FakeGlue, run_glue
from personalize_assets_tests.components.spark_bench import Bench, failure_of

JOB, RAW = "clean-films", "films/raw/"
CODE = CodePlaces("s3://films/code/start.py", ("s3://films/job.zip", "s3://films/pipes.zip"))


@dataclass(frozen=True)
class Aws:
    """A deployment with a bucket and a job."""

    bench: Bench
    glue: FakeGlue
    client: Any

    def run(self, folder: str, **more: Any) -> dg.ExecuteInProcessResult:
        return self.bench.run(folder, engine="glue", datasets=["items"], **more)

    def logged(self, result: dg.ExecuteInProcessResult) -> str:
        logs = self.bench.instance.all_logs(result.run_id)
        return "\n".join(entry.message for entry in logs)


@pytest.fixture(scope="module")
def aws(instance: dg.DagsterInstance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    with pytest.MonkeyPatch.context() as patch, serve_moto() as address:
        patch.setenv("AWS_ENDPOINT_URL_GLUE", address)
        patch.setenv("AWS_ENDPOINT_URL_STS", address)
        _hurry(patch)
        with open_cloud(address) as cloud:
            environ = {
                **cloud.environment,
                "PERSONALIZE_ASSETS_GLUE_JOB": JOB,
                "PERSONALIZE_ASSETS_STATE_DIR": str(tmp_path_factory.mktemp("state")),
            }
            client = boto3.client("glue", endpoint_url=address, region_name=REGION)
            role = f"arn:aws:iam::{ACCOUNT}:role/Glue"
            client.create_job(
                **glue_job_properties(name=JOB, role_arn=role, bucket=cloud.name, tags={})
            )
            bench = Bench(Deployment.from_environment(environ), instance, RAW)
            bench.seed()
            with run_glue(JOB) as glue:
                yield Aws(bench, glue, client)


def _hurry(patch: pytest.MonkeyPatch) -> None:
    """Look often: Glue takes minutes, its double seconds."""
    sleep = time.sleep
    often = SimpleNamespace(sleep=lambda _: sleep(0.1))
    patch.setattr("dagster_aws.pipes.clients.glue.time", often)
    patch.setattr(glue_launch, "MESSAGES_EVERY_S", 0)
    patch.setattr(glue_launch, "LOOK_EVERY_S", 0.1)
    patch.setattr("dagster._core.pipes.utils.DEFAULT_SLEEP_INTERVAL", 0.1)
    patch.setattr("dagster._core.pipes.utils.WAIT_FOR_LOGS_AFTER_EXECUTION_INTERVAL", 1)


@pytest.fixture
def waiting(aws: Aws) -> Iterator[FakeGlue]:
    """Runs that are started stay as they are until the test says otherwise."""
    aws.glue.works = False
    yield aws.glue
    for run in aws.glue.runs:
        if run.status in ("STARTING", "RUNNING"):
            run.status = "STOPPED"
    aws.glue.works = True


@pytest.mark.slow
def test_glue__gives_what_arrow_gives(aws: Aws) -> None:
    bench = aws.bench
    result = aws.run("glue/")
    told = bench.metadata("cleaned_items")
    arrow = bench.run("arrow/")

    assert result.success
    assert arrow.success
    for name in ("items", "interactions"):
        assert bench.read("glue/", name) == bench.read("arrow/", name)
    assert told["csv_sha256"] == bench.metadata("cleaned_items")["csv_sha256"]
    assert (told["engine"], told["glue_dpu_seconds"]) == ("glue", 246.0)
    assert f"/gluestudio/home?region={REGION}#/job/{JOB}/run/jr_" in told["glue_run"]
    assert "log-group/test$252Flog$252Ferror/log-events/jr_" in told["glue_log"]
    assert "cleaning items from s3://" in aws.logged(result)
    assert _left_behind(bench) == []
    arguments = aws.glue.runs[-1].arguments
    for code in [arguments["--scriptLocation"], *arguments["--extra-py-files"].split(",")]:
        assert bench.bucket.exists(code.removeprefix(f"s3://{bench.bucket.name}/"))
        assert f"/{SPARK_PREFIX}code-" in code


def _left_behind(bench: Bench) -> list[str]:
    """What is there of attempts; messages go with the bucket's lifecycle rule."""
    names = (found.key.rpartition("/")[2] for found in bench.bucket.list(TEMPORARY_PREFIX))
    return [name for name in names if name == "order.json" or name.startswith("part-")]


@pytest.mark.slow
def test_glue__tells_why_it_failed(aws: Aws) -> None:
    runs = len(aws.glue.runs)
    with mock.patch.object(FakeGlue, "_carry_out", _fail):
        result = aws.run("failed/")
    (run,) = aws.glue.runs[runs:]
    assert f"run {run.job_run_id} of Glue job {JOB} ended as FAILED: out of memory" in failure_of(
        result
    )
    assert "console.aws.amazon.com/cloudwatch" in failure_of(result)
    assert not list(aws.bench.bucket.list("failed/"))
    assert _left_behind(aws.bench) == []


def _fail(glue: FakeGlue, run: Any) -> None:
    glue.errors[run.job_run_id] = "out of memory"
    run.status = "FAILED"


@pytest.mark.slow
def test_glue__waits_for_the_run_of_a_run_that_was_killed(aws: Aws, waiting: FakeGlue) -> None:
    run = _leave_a_run_behind(aws)
    threading.Timer(1.0, waiting._carry_out, [run]).start()

    result = aws.run("joined/")

    assert result.success
    assert waiting.runs[-1] is run
    assert f"waiting for run {run.job_run_id}" in aws.logged(result)
    assert aws.bench.metadata("cleaned_items")["glue_seconds"] == 123


def _leave_a_run_behind(aws: Aws) -> Any:
    """What a run of Dagster that was killed leaves: an order, and a run that carries it out."""
    bucket, code = aws.bench.bucket, job_code()
    cleaning = Cleaning(bucket, "items", find_raw_files(bucket, RAW, None))
    place = PrefixWorkplace(cleaning, run_digest(cleaning, code), "s3")
    order = place.write_order("1-dead", order_text(cleaning, place, "1-dead"))
    places = upload_code(bucket, code)
    aws.client.start_job_run(**job_run_parameters(JOB, GlueSettings(), places, order))
    run = aws.glue.runs[-1]
    run.status = "RUNNING"
    return run


@pytest.mark.slow
def test_glue__stops_the_run_when_it_is_interrupted(aws: Aws, waiting: FakeGlue) -> None:
    def interrupted(*_: Any) -> Any:
        raise dg.DagsterExecutionInterruptedError

    wait = "dagster_aws.pipes.PipesGlueClient._wait_for_job_run_completion"
    with mock.patch(wait, interrupted):
        assert not aws.run("cancelled/").success
    assert waiting.stopped[-1] == waiting.runs[-1].job_run_id
    assert not list(aws.bench.bucket.list("cancelled/"))

    run = _leave_a_run_behind(aws)
    with mock.patch.object(glue_launch, "time", SimpleNamespace(sleep=interrupted)):
        assert not aws.run("cancelled/").success
    assert waiting.stopped[-1] == run.job_run_id


@pytest.mark.slow
def test_glue__is_arrow_where_there_is_no_aws(
    deployment: Deployment, instance: dg.DagsterInstance
) -> None:
    bench = Bench(deployment, instance, "glue/raw/")
    bench.seed()
    result = bench.run("glue/local/", engine="glue", datasets=["items"])
    assert result.success
    assert "engine" not in bench.metadata("cleaned_items")


@pytest.mark.slow
def test_glue__says_what_is_missing(aws: Aws) -> None:
    without = replace(aws.bench, deployment=replace(aws.bench.deployment, glue_job=None))
    result = without.run("none/", engine="glue", datasets=["items"])
    assert "PERSONALIZE_ASSETS_GLUE_JOB" in failure_of(result)

    other = replace(aws.bench, deployment=replace(aws.bench.deployment, glue_job="nobody"))
    for _ in range(2):  # the second time an order lies there already
        result = other.run("none/", engine="glue", datasets=["items"])
        assert "There is no such job: `personalize-assets bootstrap --glue`" in failure_of(result)


def test_parameters__name_code_order_and_what_is_declared() -> None:
    settings = GlueSettings(worker_type="G.2X", workers=4)
    assert job_run_parameters(JOB, settings, CODE, "s3://films/o.json") == {
        "JobName": JOB,
        "Arguments": {
            "--scriptLocation": "s3://films/code/start.py",
            "--extra-py-files": "s3://films/job.zip,s3://films/pipes.zip",
            "--order": "s3://films/o.json",
        },
        "WorkerType": "G.2X",
        "NumberOfWorkers": 4,
    }
    assert json.dumps(job_run_parameters(JOB, GlueSettings(), CODE, "o")).count("Worker") == 0


@pytest.mark.parametrize(
    ("answer", "dpu_seconds"),
    [
        ({"ExecutionTime": 60, "MaxCapacity": 10.0, "DPUSeconds": 90.0}, 90.0),
        ({"ExecutionTime": 60, "MaxCapacity": 10.0}, 600.0),
        ({"MaxCapacity": 10.0}, None),
    ],
)
def test_run__says_what_is_paid_for(answer: dict[str, Any], dpu_seconds: float | None) -> None:
    run = parse_run({"Id": "jr_1", "JobRunState": "SUCCEEDED", **answer})
    assert (run.dpu_seconds, run.is_over) == (dpu_seconds, True)


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-west-1", "https://eu-west-1.console.aws.amazon.com/"),
        ("cn-north-1", "https://cn-north-1.console.amazonaws.cn/"),
        ("us-gov-west-1", "https://us-gov-west-1.console.amazonaws-us-gov.com/"),
    ],
)
def test_links__lead_to_the_console_of_the_partition(region: str, host: str) -> None:
    client = SimpleNamespace(meta=SimpleNamespace(region_name=region))
    nothing: Any = None
    launcher = GlueLauncher(nothing, client, nothing, JOB, GlueSettings(), CODE, {})
    assert launcher._link(GlueRun("jr_1", "RUNNING")).startswith(host)
