"""The jobs of a metric attribution: making it ACTIVE, and its reports in S3.

An import job writes the report of its own interactions. What PutEvents brought is reported every
15 minutes, in place of the CloudWatch metrics that AWS sends. Which events a report takes is
written down before it begins, so that one that is begun again replaces its own file.
"""
# pyarrow has no types.
# pyright: standard

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import pyarrow as pa

from personalize_assets.core.arns import Kind
from personalize_assets.core.attribution import (
    RECOMMENDATION_COLUMN,
    SOURCE_COLUMN,
    WINDOW_S,
    Metric,
    ReportRow,
    aggregate,
    format_report,
    marks_of,
    parse_expression,
)
from personalize_assets.engine.data.reader import Reader
from personalize_assets.engine.data.sources import GroupSources, describe_group
from personalize_assets.engine.data.tables import read_records
from personalize_assets.engine.jobs.kinds import Again, JobFailed, Json, Outcome, Report, Step
from personalize_assets.engine.jobs.s3_objects import (
    AccessDenied,
    Location,
    NoSuchObject,
    Objects,
    parse_location,
)
from personalize_assets.engine.jobs.states import ACTIVE, CREATE, REPEAT, Course
from personalize_assets.engine.store import Resource, Store

log = logging.getLogger(__name__)

_EVENTS: Final = (
    "SELECT item_id, event_type, sent_at, event_value, source, recommendation_id, properties"
    " FROM events WHERE dataset_arn = ? AND sequence > ? AND sequence <= ?"
)


@dataclass(frozen=True)
class ActivateAttribution:
    """Makes a metric attribution ACTIVE; what came before is never reported."""

    name: str = "activate-attribution"
    course: Course = CREATE

    def step(self, step: Step) -> Again | None:
        """Begin after the newest event, and report at the end of the first window."""
        step.store.resources.merge(
            step.resource.arn, hidden={"reported": step.store.events.newest()}
        )
        step.submit("report-events", step.resource.arn, _next_window(step.now))
        return None


@dataclass(frozen=True)
class ReportEvents:
    """Reports what PutEvents brought since the report before, if there is an S3 path."""

    name: str = "report-events"
    course: Course = REPEAT

    def exclusive(self, resource: Resource) -> str:
        """Reports do not hinder each other."""
        return ""

    def after_failure(self, now: datetime) -> datetime:
        """At the end of the next window: a report that fails is no reason to end reporting."""
        return _next_window(now)

    def prepare(self, store: Store, resource: Resource, now: datetime) -> Json:
        """Choose the events, or those of an attempt that did not come to an end."""
        plan = resource.hidden.get("report")
        if plan is None:
            plan = {
                "after": resource.hidden["reported"],
                "upto": store.events.newest(),
                "name": _file_name("PutEvents", now),
            }
            with store.transaction():
                store.resources.merge(resource.arn, hidden={"report": plan})
        report = _plan(store, resource, plan["name"])
        again_at = _next_window(now).timestamp()
        return {"report": report, **plan, "again_at": again_at}

    def run(self, order: Json, workspace: Any, report: Report) -> Json:
        """Write the report if there were events that count; failures wait for the next time."""
        result: Json = {"again_at": order["again_at"], "upto": order["upto"], "failed": None}
        if order["report"] is None or order["upto"] == order["after"]:
            return result
        try:
            events = _read_events(order)
            if events.num_rows:
                publish_report(order["report"], events, order["s3_endpoint"], empty=False)
        except JobFailed as error:
            log.warning("the events are reported later: %s", error)
            result["failed"] = str(error)
        return result

    def finish(
        self, store: Store, resource: Resource, result: Json, workspace: Any, version: str
    ) -> Outcome:
        """Note how far events are reported, and come again at the end of the next window."""
        again_at = datetime.fromtimestamp(result["again_at"], UTC)
        if result["failed"] is not None:
            return Outcome({}, {}, again_at)
        return Outcome({}, {"reported": result["upto"], "report": None}, again_at)


def find_attribution(store: Store, group_arn: str | None) -> Resource | None:
    """The metric attribution of a group, if it is ACTIVE."""
    found = store.resources.find(Kind.METRIC_ATTRIBUTION, group=group_arn, statuses={ACTIVE})
    return found[0] if found else None


def destination_of(attribution: Resource) -> str | None:
    """Where in S3 a metric attribution wants its reports, if it does."""
    return attribution.body["metricsOutputConfig"].get("s3DataDestination", {}).get("path")


def plan_import_report(store: Store, job: Resource) -> Json | None:
    """What an import job must know to report; None if it shall not."""
    attribution = find_attribution(store, job.group_arn)
    if not job.body.get("publishAttributionMetricsToS3") or attribution is None:
        return None
    return _plan(store, attribution, _file_name(job.body["importMode"], job.created_at))


def publish_report(
    order: Json, events: pa.Table, s3_endpoint: str | None, *, empty: bool = True
) -> None:
    """Write one report.

    Args:
        order: From `plan_import_report`.
        events: Interactions with upper-case columns.
        s3_endpoint: Where S3 is.
        empty: Whether to write a report without rows.

    Raises:
        JobFailed: It cannot be written.
    """
    rows = _aggregate(order, events)
    if not rows and not empty:
        return
    target = parse_location(order["path"])
    try:
        Objects(s3_endpoint).write(
            format_report(rows).encode(), Location(target.bucket, target.key + order["name"])
        )
    except (NoSuchObject, AccessDenied) as error:
        raise JobFailed(f"The attribution metrics cannot be written to {error}") from error


def _plan(store: Store, attribution: Resource, name: str) -> Json | None:
    path = destination_of(attribution)
    if path is None:
        return None
    find, group = store.resources.find, str(attribution.group_arn)
    answering = find(Kind.CAMPAIGN, group=group) + find(Kind.RECOMMENDER, group=group)
    return {
        "path": path if path.endswith("/") else f"{path}/",
        "name": name,
        "metrics": attribution.hidden["metrics"],
        "marks": marks_of([resource.arn for resource in answering]),
        "sources": describe_group(store, group).to_json(),
    }


def _aggregate(order: Json, events: pa.Table) -> list[ReportRow]:
    metrics = parse_metrics(order["metrics"])
    items: pa.Table | None = None
    if any(metric.expression.dataset_type == "ITEMS" for metric in metrics):
        items = read_records(GroupSources.from_json(order["sources"]), "ITEMS", "ALL")
    return aggregate(events, metrics, order["marks"], items)


def parse_metrics(metrics: Sequence[Mapping[str, str]]) -> list[Metric]:
    """The metrics of a request.

    Raises:
        AttributionError: An expression is none.
    """
    return [
        Metric(item["metricName"], item["eventType"], parse_expression(item["expression"]))
        for item in metrics
    ]


def _read_events(order: Json) -> pa.Table:
    sources = GroupSources.from_json(order["report"]["sources"])
    metrics = parse_metrics(order["report"]["metrics"])
    summed = {
        metric.expression.column: pa.float64()
        for metric in metrics
        if metric.expression.column and metric.expression.dataset_type == "INTERACTIONS"
    }
    schema = pa.schema(
        {
            "ITEM_ID": pa.string(),
            "EVENT_TYPE": pa.string(),
            "TIMESTAMP": pa.int64(),
            SOURCE_COLUMN: pa.string(),
            RECOMMENDATION_COLUMN: pa.string(),
            **summed,
        }
    )
    dataset = sources.datasets.get("INTERACTIONS")
    if dataset is None:
        return schema.empty_table()
    reader = Reader(sources.database)
    try:
        rows = reader.rows(_EVENTS, (dataset.arn, order["after"], order["upto"]))
    finally:
        reader.close()
    return pa.Table.from_pylist([_event_row(row) for row in rows], schema)


def _event_row(row: Sequence[Any]) -> dict[str, Any]:
    item, event_type, sent_at, value, source, recommendation, properties = row
    return {
        **json.loads(properties),
        "ITEM_ID": item,
        "EVENT_TYPE": event_type,
        "TIMESTAMP": sent_at,
        "EVENT_VALUE": value,
        SOURCE_COLUMN: source,
        RECOMMENDATION_COLUMN: recommendation,
    }


def _next_window(now: datetime) -> datetime:
    return datetime.fromtimestamp((now.timestamp() // WINDOW_S + 1) * WINDOW_S, UTC)


def _file_name(method: str, moment: datetime) -> str:
    stamp = moment.strftime("%Y%m%dT%H%M%S.%f")[:-3]
    return f"AggregatedAttributionMetrics - {method} - {stamp}Z.csv"
