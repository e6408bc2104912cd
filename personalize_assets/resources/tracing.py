"""Traces for OpenTelemetry: a span each step of a run, and in it one for each call of a service.

Switched on by ``PERSONALIZE_ASSETS_TRACES=true``; where spans go is said by OpenTelemetry's own
variables (``OTEL_EXPORTER_OTLP_ENDPOINT`` and so on). All steps of a run are of one trace, whose id
is the run's, in whatever processes they work. A step's process works on one step at a time, so a
call belongs to the step that began last, on whichever thread it is made.
"""

import importlib.util
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import dagster as dg

from personalize_assets import loopback
from personalize_assets.aws import call_log
from personalize_assets.aws.call_log import Call
from personalize_assets.aws.settings import DeploymentError
from personalize_assets.core.log_format import redact

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span

TRACES_VARIABLE: Final = "PERSONALIZE_ASSETS_TRACES"
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_DEFAULT_ENDPOINT: Final = "http://localhost:4318"
_ENDS: Final = ("STEP_SUCCESS", "STEP_FAILURE", "STEP_UP_FOR_RETRY")


class TracesError(DeploymentError):
    """Traces cannot be sent as they were asked for; the message says what to set or install."""


def traces_are_on(environ: Mapping[str, str]) -> bool:
    """Whether spans are to be sent.

    Raises:
        TracesError: The variable is neither ``true`` nor ``false``.
    """
    found = environ.get(TRACES_VARIABLE, "").strip().lower() or "false"
    if found not in ("true", "false"):
        raise TracesError(f"{TRACES_VARIABLE} must be true or false, got {found!r}")
    return found == "true"


def make_exporter(environ: Mapping[str, str], *, local: bool) -> "SpanExporter":
    """The exporter that OpenTelemetry's variables describe.

    Args:
        environ: For example ``os.environ``.
        local: Whether nothing may leave this machine.

    Raises:
        TracesError: The extra is not installed, or spans would leave the machine in ``local``.
    """
    if importlib.util.find_spec("opentelemetry.exporter") is None:
        raise TracesError(
            f"{TRACES_VARIABLE}=true needs more packages: pip install 'personalize-assets[tracing]'"
        )
    given = [(name, environ[name]) for name in _ENDPOINTS if environ.get(name)]
    name, endpoint = given[0] if given else (_ENDPOINTS[1], _DEFAULT_ENDPOINT)
    if local and not loopback.is_loopback(endpoint):
        raise TracesError(
            f"{name}={endpoint} is not on this machine, which nothing may leave in the local "
            f"deployment: name a collector on 127.0.0.1, or set {TRACES_VARIABLE}=false"
        )
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()


class StepSpans:
    """Makes spans of Dagster's events and of calls.

    Attributes:
        provider: OpenTelemetry's, which exports what ended.
    """

    def __init__(self, exporter: "SpanExporter") -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        resource = Resource.create({"service.name": "personalize-assets"})
        self.provider: TracerProvider = TracerProvider(resource=resource)
        self.provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self.provider.get_tracer("personalize_assets")
        self._open: dict[tuple[str, str], Span] = {}

    def on_event(self, run_id: str, event: dg.DagsterEvent) -> None:
        """Begin or end the span of a step."""
        step = event.step_key
        if step is None:
            return
        if event.event_type_value == "STEP_START":
            attributes = {"dagster.run_id": run_id, "dagster.job": event.job_name}
            self._open[run_id, step] = self._tracer.start_span(
                step, context=_of_run(run_id), attributes=attributes
            )
        elif event.event_type_value in _ENDS and (run_id, step) in self._open:
            span = self._open.pop((run_id, step))
            if event.event_type_value == "STEP_FAILURE":
                span.set_status(_failed(str(event.message)))
            span.end()
            self.provider.force_flush()  # the step's process ends next

    def on_call(self, call: Call) -> None:
        """Make the span of a call that has ended."""
        from opentelemetry.trace import SpanKind, set_span_in_context

        parent = set_span_in_context(list(self._open.values())[-1]) if self._open else None
        ended_ns = int(call.ended_at * 1e9)
        members = {
            "rpc.system": "aws-api",
            "rpc.service": call.service,
            "rpc.method": call.operation,
            "aws.request_id": call.request_id,
            "http.response.status_code": call.http_status,
            "aws.attempts": call.attempts,
            "error.type": call.error,
        }
        span = self._tracer.start_span(
            f"{call.service}.{call.operation}",
            context=parent,
            kind=SpanKind.CLIENT,
            attributes={name: value for name, value in members.items() if value is not None},
            start_time=ended_ns - int(call.ms * 1e6),
        )
        if call.error is not None:
            span.set_status(_failed(call.error))
        span.end(ended_ns)

    def listen(self, entry: dg.EventLogEntry, _cursor: Any = None) -> None:
        """Take one entry of an event log, as Dagster's instances tell listeners."""
        if entry.dagster_event is not None:
            self.on_event(entry.run_id, entry.dagster_event)


class SpanHandler(logging.Handler):
    """Takes the records that Dagster gives to the loggers of a run."""

    def __init__(self, spans: StepSpans) -> None:
        super().__init__()
        self._spans = spans

    def emit(self, record: logging.LogRecord) -> None:
        """Make spans of the events among the records."""
        meta: Mapping[str, Any] = getattr(record, "dagster_meta", None) or {}
        if meta.get("dagster_event") is not None and meta.get("run_id"):
            self._spans.on_event(meta["run_id"], meta["dagster_event"])


_started: list[StepSpans] = []


def start_tracing(environ: Mapping[str, str], *, local: bool) -> StepSpans | None:
    """Where traces are asked for, send spans from now on, once a process; else give None.

    Raises:
        TracesError: They cannot be sent.
    """
    if not traces_are_on(environ):
        return None
    if not _started:
        spans = StepSpans(make_exporter(environ, local=local))
        call_log.observers.append(spans.on_call)
        _started.append(spans)
    return _started[0]


def _of_run(run_id: str) -> Any:
    """A context in which spans are of the trace of a run."""
    from opentelemetry.trace import (
        NonRecordingSpan,
        SpanContext,
        TraceFlags,
        set_span_in_context,
    )

    digits = run_id.replace("-", "")
    context = SpanContext(
        trace_id=int(digits, 16),
        span_id=int(digits[:16], 16),
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )
    return set_span_in_context(NonRecordingSpan(context))


def _failed(reason: str) -> Any:
    from opentelemetry.trace import Status, StatusCode

    return Status(StatusCode.ERROR, redact(reason))
