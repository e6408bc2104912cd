"""A run of Dagster: its event log tells of calls with their ids, its console in lines of JSON."""

import json
import logging
import uuid
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from personalize_assets.aws import call_log
from personalize_assets.aws.call_log import is_call
from personalize_assets.aws.deployment import Deployment
from personalize_assets.cli.instance import open_instance
from personalize_assets.core.log_format import FORMAT_VARIABLE
from personalize_assets.resources import (
    PersonalizeResource,
    S3Resource,
    resources_of,
    run_log,
    tracing,
)
from personalize_assets.resources.run_log import start_run_logging

NAMES = (
    "personalize_assets",
    "personalize_assets.aws.call_log",
    "personalize_assets.aws.transfers",
)

FIELDS = [
    {"name": "USER_ID", "type": "string"},
    {"name": "ITEM_ID", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
]
SCHEMA = json.dumps({"type": "record", "name": "Interactions", "fields": FIELDS})


@dg.asset
def films(
    context: dg.AssetExecutionContext, personalize: PersonalizeResource, s3: S3Resource
) -> None:
    context.log.info("beginning with password=secret1")
    name = f"run-log-{uuid.uuid4().hex[:10]}"
    # Of which an account may have more than of dataset groups.
    personalize.get_client().create_schema(name=name, schema=SCHEMA)
    personalize.get_client().list_schemas()
    s3.store().write_bytes(f"{name}.txt", b"")


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    with open_instance(tmp_path) as instance:
        yield instance
    for name in NAMES:  # Dagster has set them, in this process for good
        logging.getLogger(name).setLevel(logging.NOTSET)


def run(deployment: Deployment, instance: dg.DagsterInstance) -> str:
    definitions = dg.Definitions(
        assets=[films],
        jobs=[dg.define_asset_job("films_job", [films])],
        resources=resources_of(deployment),
    )
    return definitions.resolve_job_def("films_job").execute_in_process(instance=instance).run_id


def test_run_log__calls_stand_among_the_events(
    deployment: Deployment, instance: dg.DagsterInstance
) -> None:
    run_id = run(deployment, instance)
    entries = instance.all_logs(run_id)
    calls = [entry for entry in entries if is_call(entry.user_message)]
    calls = [call for call in calls if "CreateBucket" not in call.user_message]

    assert [entry.user_message.split(",")[0] for entry in calls] == [
        "personalize CreateSchema: 200",
        "s3 PutObject: 200",
    ]
    assert {(entry.step_key, entry.level) for entry in calls} == {("films", logging.INFO)}
    assert ", request " in calls[0].user_message


@pytest.mark.slow
def test_run_log__lines_of_json(
    deployment: Deployment,
    instance: dg.DagsterInstance,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (run_log.context_creation_job, run_log.host_mode):  # to be put back afterwards
        monkeypatch.setattr(module, "default_system_loggers", module.default_system_loggers)
    start_run_logging({FORMAT_VARIABLE: "json"}, local=True)
    run_id = run(deployment, instance)
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]

    assert {line["run_id"] for line in lines} == {run_id}
    created = next(line for line in lines if line.get("operation") == "CreateSchema")
    assert created["step"] == "films"
    assert created["service"] == "personalize"
    assert len(created["request_id"]) > 8
    assert "STEP_SUCCESS" in {line.get("event") for line in lines}
    said = [line["message"] for line in lines if line["message"].startswith("beginning")]
    assert said == ["beginning with password=[hidden]"]


@pytest.mark.slow
def test_start_run_logging__spans_of_runs_that_nobody_configured(
    deployment: Deployment, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporting = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    exporter = exporting.InMemorySpanExporter()
    monkeypatch.setattr(tracing, "make_exporter", lambda *_, **__: exporter)
    monkeypatch.setattr(tracing, "_started", [])
    monkeypatch.setattr(call_log, "observers", [])
    for module in (run_log.context_creation_job, run_log.host_mode):  # to be put back afterwards
        monkeypatch.setattr(module, "default_system_loggers", module.default_system_loggers)

    start_run_logging({tracing.TRACES_VARIABLE: "true"}, local=True)
    start_run_logging({tracing.TRACES_VARIABLE: "true"}, local=True)  # once a process
    run_id = run(deployment, instance)

    names = [span.name for span in exporter.get_finished_spans()]
    assert {"films", "personalize.CreateSchema", "s3.PutObject"} <= set(names)
    assert names.count("films") == names.count("personalize.CreateSchema") == 1
    traces = {span.context.trace_id for span in exporter.get_finished_spans() if span.parent}
    assert traces == {uuid.UUID(run_id).int}


def test_start_run_logging__text_leaves_dagsters_own() -> None:
    usual = run_log.context_creation_job.default_system_loggers
    assert start_run_logging({}, local=True) is None
    assert run_log.context_creation_job.default_system_loggers is usual
