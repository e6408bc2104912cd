"""Traces: a span a step with the calls inside, of one trace a run, and never off this machine."""

import uuid

import dagster as dg
import pytest

from personalize_assets.aws import call_log
from personalize_assets.aws.deployment import Deployment
from personalize_assets.resources import PersonalizeResource, resources_of
from personalize_assets.resources.tracing import (
    TRACES_VARIABLE,
    StepSpans,
    TracesError,
    make_exporter,
    traces_are_on,
)
from personalize_assets_tests.resources.test_run_log import SCHEMA

exporting = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")


def test_traces__a_span_a_step_with_the_calls_inside(deployment: Deployment) -> None:
    exporter = exporting.InMemorySpanExporter()
    spans = StepSpans(exporter)

    @dg.asset
    def films(personalize: PersonalizeResource) -> None:
        name = f"traces-{uuid.uuid4().hex[:10]}"
        # Of which an account may have more than of dataset groups.
        personalize.get_client().create_schema(name=name, schema=SCHEMA)
        personalize.get_client().list_schemas()

    @dg.asset(deps=[films])
    def broken() -> None:
        raise ValueError("password=secret1")

    run_id = str(uuid.uuid4())
    call_log.observers.append(spans.on_call)
    try:
        with dg.DagsterInstance.ephemeral() as instance:
            instance.add_event_listener(run_id, spans.listen)
            dg.Definitions(
                assets=[films, broken],
                jobs=[dg.define_asset_job("films_job", "*")],
                resources=resources_of(deployment),
            ).resolve_job_def("films_job").execute_in_process(
                instance=instance, raise_on_error=False, run_id=run_id
            )
    finally:
        call_log.observers.remove(spans.on_call)
    found = {span.name: span for span in exporter.get_finished_spans()}

    step, call = found["films"], found["personalize.CreateSchema"]
    assert "personalize.ListSchemas" in found
    assert call.parent.span_id == step.context.span_id
    assert {span.context.trace_id for span in found.values()} == {uuid.UUID(run_id).int}
    assert call.attributes["rpc.method"] == "CreateSchema"
    assert call.attributes["http.response.status_code"] == 200
    assert step.start_time <= call.start_time <= call.end_time <= step.end_time
    assert (step.status.is_ok, found["broken"].status.is_ok) == (True, False)
    assert "secret1" not in str(found["broken"].to_json())


@pytest.mark.parametrize(
    ("environ", "local", "allowed"),
    [
        ({}, True, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, True, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://traces.example.org"}, True, False),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://traces.example.org"}, True, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://traces.example.org"}, False, True),
    ],
)
def test_make_exporter__leaves_this_machine_only_in_aws(
    environ: dict[str, str], local: bool, allowed: bool
) -> None:
    if allowed:
        make_exporter(environ, local=local).shutdown()
        return
    with pytest.raises(TracesError, match=r"https://traces.example.org is not on this machine"):
        make_exporter(environ, local=local)


def test_traces_are_on__values() -> None:
    assert [traces_are_on({TRACES_VARIABLE: text}) for text in ("", "false", "True")] == [
        False,
        False,
        True,
    ]
    with pytest.raises(TracesError, match=f"{TRACES_VARIABLE} must be true or false, got 'on'"):
        traces_are_on({TRACES_VARIABLE: "on"})
