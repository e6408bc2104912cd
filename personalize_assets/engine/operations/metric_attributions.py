"""Operations on metric attributions."""

from collections.abc import Sequence
from typing import Any

from personalize_assets.core.arns import Kind
from personalize_assets.core.attribution import AttributionError, check_expression
from personalize_assets.core.names import MAX_ATTRIBUTION_METRICS
from personalize_assets.core.schemas import DatasetType, Schema, SchemaError, parse_schema
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.errors import (
    InvalidInput,
    LimitExceeded,
    ResourceAlreadyExists,
)
from personalize_assets.engine.jobs.attribution import parse_metrics
from personalize_assets.engine.jobs.s3_objects import LocationError, parse_location
from personalize_assets.engine.jobs.states import BEING_DELETED
from personalize_assets.engine.operations.access import (
    Request,
    atomic,
    begin_deletion,
    create,
    free_arn,
    parse,
    require,
    require_active,
    see,
)
from personalize_assets.engine.operations.answers import (
    DEFAULT_PAGE,
    Family,
    describe,
    list_resources,
    make_token,
    read_token,
)
from personalize_assets.engine.operations.registry import operation
from personalize_assets.engine.store import Resource

_FAMILY = Family(Kind.METRIC_ATTRIBUTION, "metricAttributionArn")
_Metrics = list[dict[str, str]]


@operation("personalize", "CreateMetricAttribution")
@atomic
def create_metric_attribution(context: RequestContext, request: Request) -> dict[str, Any]:
    """Make the one metric attribution of a group; all that it sums must exist already."""
    group = require_active(context, Kind.DATASET_GROUP, request["datasetGroupArn"])
    name = request["name"]
    arn = free_arn(context, Kind.METRIC_ATTRIBUTION, name)
    for other in context.store.resources.find(Kind.METRIC_ATTRIBUTION, group=group.arn):
        raise LimitExceeded(
            f"A dataset group can have one metric attribution; {group.arn} has {other.arn}"
        )
    _check_output(request["metricsOutputConfig"])
    metrics = _check_metrics(context, group, [], request["metrics"])
    create(
        context,
        arn,
        name,
        body={
            "datasetGroupArn": group.arn,
            "metricsOutputConfig": request["metricsOutputConfig"],
        },
        hidden={"metrics": metrics},
        parent=group,
        group=group,
        job="activate-attribution",
    )
    return {"metricAttributionArn": arn}


@operation("personalize", "DescribeMetricAttribution")
def describe_metric_attribution(context: RequestContext, request: Request) -> dict[str, Any]:
    """Show a metric attribution; its metrics have a list of their own."""
    found = require(context, Kind.METRIC_ATTRIBUTION, request["metricAttributionArn"])
    return {"metricAttribution": describe(_FAMILY, see(context, found))}


@operation("personalize", "ListMetricAttributions")
def list_metric_attributions(context: RequestContext, request: Request) -> dict[str, Any]:
    """List the metric attributions of a group, or of the account and region."""
    return list_resources(
        context,
        request,
        _FAMILY,
        "metricAttributions",
        parent_member="datasetGroupArn",
        parent_kind=Kind.DATASET_GROUP,
    )


@operation("personalize", "ListMetricAttributionMetrics")
def list_metric_attribution_metrics(context: RequestContext, request: Request) -> dict[str, Any]:
    """List the metrics of a metric attribution, or of all in the account and region."""
    arn = request.get("metricAttributionArn")
    if arn is not None:
        parse(arn, Kind.METRIC_ATTRIBUTION)
    scope = ["metrics", context.account, context.region, arn]
    start = read_token(request.get("nextToken"), scope) or 0
    attributions = context.store.resources.find(
        Kind.METRIC_ATTRIBUTION, account=context.account, region=context.region
    )
    found = [
        metric for item in attributions if arn in (None, item.arn) for metric in _metrics_of(item)
    ]
    end = start + int(request.get("maxResults", DEFAULT_PAGE))
    answer: dict[str, Any] = {"metrics": found[start:end]}
    if end < len(found):
        answer["nextToken"] = make_token(end, scope)
    return answer


@operation("personalize", "UpdateMetricAttribution")
@atomic
def update_metric_attribution(context: RequestContext, request: Request) -> dict[str, Any]:
    """Change metrics and output at once; a name that is also removed may be added anew."""
    if "metricAttributionArn" not in request:
        raise InvalidInput("metricAttributionArn is needed")
    found = require_active(context, Kind.METRIC_ATTRIBUTION, request["metricAttributionArn"])
    if not request.keys() & {"addMetrics", "removeMetrics", "metricsOutputConfig"}:
        raise InvalidInput(
            "There is nothing to update: give addMetrics, removeMetrics or metricsOutputConfig"
        )
    group = require(context, Kind.DATASET_GROUP, str(found.group_arn))
    kept = _without(_metrics_of(found), request.get("removeMetrics", ()))
    metrics = _check_metrics(context, group, kept, request.get("addMetrics", ()))
    if "metricsOutputConfig" in request:
        output = request["metricsOutputConfig"]
        _check_output(output)
        context.store.resources.set_member(found.arn, "metricsOutputConfig", output)
    context.store.resources.merge(found.arn, hidden={"metrics": metrics})
    context.store.resources.set_status(found.arn, str(found.status), context.clock())
    return {"metricAttributionArn": found.arn}


@operation("personalize", "DeleteMetricAttribution")
@atomic
def delete_metric_attribution(context: RequestContext, request: Request) -> dict[str, Any]:
    """Delete a metric attribution; its reports stay in S3."""
    found = require(context, Kind.METRIC_ATTRIBUTION, request["metricAttributionArn"])
    begin_deletion(context, found)
    return {}


def _metrics_of(attribution: Resource) -> _Metrics:
    return attribution.hidden["metrics"]


def _without(metrics: _Metrics, names: Sequence[str]) -> _Metrics:
    known = [metric["metricName"] for metric in metrics]
    for name in names:
        if name not in known:
            raise InvalidInput(
                f"There is no metric {name!r} to remove; the metrics are: {', '.join(known)}"
            )
    return [metric for metric in metrics if metric["metricName"] not in names]


def _check_metrics(
    context: RequestContext, group: Resource, kept: _Metrics, added: Sequence[Request]
) -> _Metrics:
    """All metrics after a request.

    Raises:
        InvalidInput: A metric cannot be computed, or there are none or too many:
            UpdateMetricAttribution declares no LimitExceededException.
        ResourceAlreadyExists: A name is taken.
    """
    metrics = [*kept, *(dict(metric) for metric in added)]
    if not metrics:
        raise InvalidInput("A metric attribution needs at least one metric")
    if len(metrics) > MAX_ATTRIBUTION_METRICS:
        raise InvalidInput(
            f"A metric attribution can have {MAX_ATTRIBUTION_METRICS} metrics, there would be "
            f"{len(metrics)}"
        )
    names = [metric["metricName"] for metric in metrics]
    for index, name in enumerate(names):
        if not name.strip():
            raise InvalidInput("metricName must not be empty")
        if name in names[:index]:
            raise ResourceAlreadyExists(f"There is a metric {name!r} already")
    try:
        schemas = _schemas(context, group)
        for metric in parse_metrics(added):
            check_expression(metric.expression, schemas)
    except (AttributionError, SchemaError) as error:
        raise InvalidInput(str(error)) from error
    return metrics


def _schemas(context: RequestContext, group: Resource) -> dict[DatasetType, Schema]:
    """The schemas of the Interactions and Items datasets of a group.

    Raises:
        AttributionError: The interactions have no event types.
    """
    schemas: dict[DatasetType, Schema] = {}
    for dataset in context.store.resources.find(Kind.DATASET, group=group.arn):
        dataset_type = dataset.body["datasetType"]
        stays = dataset.status not in BEING_DELETED
        if stays and dataset_type in ("INTERACTIONS", "ITEMS"):
            schema = require(context, Kind.SCHEMA, dataset.body["schemaArn"])
            schemas[dataset_type] = parse_schema(
                schema.body["schema"], dataset_type, schema.body.get("domain")
            )
    interactions = schemas.get("INTERACTIONS")
    if interactions is None or interactions.field("EVENT_TYPE") is None:
        raise AttributionError(
            "A metric attribution needs an Interactions dataset with an EVENT_TYPE column; "
            f"{group.arn} has none"
        )
    return schemas


def _check_output(output: Request) -> None:
    destination = output.get("s3DataDestination")
    if destination is None:
        return
    try:
        parse_location(destination["path"])
    except LocationError as error:
        raise InvalidInput(f"metricsOutputConfig: {error}") from error
