"""Operations on datasets."""

from typing import Any

from personalize_assets.core.arns import Kind, make_arn
from personalize_assets.core.attribution import parse_expression
from personalize_assets.core.schema_changes import added_columns
from personalize_assets.core.schemas import SchemaError, parse_dataset_type, parse_schema
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.errors import InvalidInput, ResourceInUse
from personalize_assets.engine.jobs.states import (
    ACTIVE,
    BEING_CREATED,
    IN_PROGRESS,
    PENDING,
    UPDATE_PENDING,
)
from personalize_assets.engine.operations.access import (
    Request,
    atomic,
    begin_deletion,
    create,
    refuse_while,
    require,
    require_active,
    see,
)
from personalize_assets.engine.operations.answers import Family, describe, list_resources
from personalize_assets.engine.operations.registry import operation
from personalize_assets.engine.operations.tracking import new_tracking_id
from personalize_assets.engine.store import Resource

_FAMILY = Family(Kind.DATASET, "datasetArn", summary=("datasetType",))
_CUSTOM_ONLY = ("ACTIONS", "ACTION_INTERACTIONS")
_UPDATABLE = ("ITEMS", "USERS")
_OF_TRACKERS = ("INTERACTIONS", "EVENT_INTERACTIONS")
_UNDER_WAY = BEING_CREATED | {PENDING, IN_PROGRESS}
_AT_DATA = (Kind.DATASET_IMPORT_JOB, Kind.DATASET_EXPORT_JOB, Kind.DATA_DELETION_JOB)
_AT_WORK = (
    *_AT_DATA,
    Kind.BATCH_INFERENCE_JOB,
    Kind.BATCH_SEGMENT_JOB,
    Kind.RECOMMENDER,
    Kind.SOLUTION_VERSION,
)


@operation("personalize", "CreateDataset")
@atomic
def create_dataset(context: RequestContext, request: Request) -> dict[str, Any]:
    """Make a dataset of a type that the group does not have yet."""
    group = require_active(context, Kind.DATASET_GROUP, request["datasetGroupArn"])
    schema = require(context, Kind.SCHEMA, request["schemaArn"])
    domain = group.body.get("domain")
    try:
        dataset_type = parse_dataset_type(request["datasetType"])
        if domain and dataset_type in _CUSTOM_ONLY:
            raise InvalidInput(
                f"Only custom dataset groups have {dataset_type} datasets; {group.arn} is of "
                f"domain {domain}"
            )
        _check_domain(schema, domain, "dataset group")
        parse_schema(schema.body["schema"], dataset_type, domain)
    except SchemaError as error:
        raise InvalidInput(str(error)) from error
    arn = make_arn(Kind.DATASET, context.region, context.account, group.name, dataset_type)
    body = {
        "datasetGroupArn": group.arn,
        "datasetType": dataset_type,
        "schemaArn": schema.arn,
    }
    if dataset_type == "ACTION_INTERACTIONS":
        body["trackingId"] = new_tracking_id(context.new_id)
    tags = request.get("tags", ())
    create(context, arn, request["name"], body=body, tags=tags, parent=group, group=group)
    return {"datasetArn": arn}


@operation("personalize", "DescribeDataset")
def describe_dataset(context: RequestContext, request: Request) -> dict[str, Any]:
    """Show a dataset."""
    dataset = require(context, Kind.DATASET, request["datasetArn"])
    return {"dataset": describe(_FAMILY, see(context, dataset))}


@operation("personalize", "ListDatasets")
def list_datasets(context: RequestContext, request: Request) -> dict[str, Any]:
    """List the datasets of a group, or of the account and region."""
    return list_resources(
        context,
        request,
        _FAMILY,
        "datasets",
        parent_member="datasetGroupArn",
        parent_kind=Kind.DATASET_GROUP,
    )


@operation("personalize", "UpdateDataset")
@atomic
def update_dataset(context: RequestContext, request: Request) -> dict[str, Any]:
    """Replace the schema by one that has more columns; what is stored stays as it is."""
    dataset = require(context, Kind.DATASET, request["datasetArn"])
    schema = require(context, Kind.SCHEMA, request["schemaArn"])
    if dataset.body["datasetType"] not in _UPDATABLE:
        raise InvalidInput(
            f"Only the schemas of Items and Users datasets can be replaced; {dataset.arn} is of "
            f"type {dataset.body['datasetType']}"
        )
    require_active(context, Kind.DATASET, dataset.arn)
    _refuse_update_during_jobs(context, dataset)
    _check_replacement(context, dataset, schema)
    now = context.clock()
    update = {
        "schemaArn": schema.arn,
        "status": UPDATE_PENDING,
        "creationDateTime": now.timestamp(),
        "lastUpdatedDateTime": now.timestamp(),
    }
    context.store.resources.set_member(dataset.arn, "latestDatasetUpdate", update)
    context.store.resources.set_status(dataset.arn, UPDATE_PENDING, now)
    context.jobs.submit("update-schema", dataset.arn)
    return {"datasetArn": dataset.arn}


@operation("personalize", "DeleteDataset")
@atomic
def delete_dataset(context: RequestContext, request: Request) -> dict[str, Any]:
    """Delete a dataset, its data and its import jobs, which AWS may keep."""
    dataset = require(context, Kind.DATASET, request["datasetArn"])
    refuse_while(context, dataset, _dependents(context, dataset))
    begin_deletion(context, dataset)
    return {}


def _check_replacement(context: RequestContext, dataset: Resource, schema: Resource) -> None:
    old = require(context, Kind.SCHEMA, dataset.body["schemaArn"])
    _check_domain(schema, old.body.get("domain"), "dataset")
    domain, dataset_type = old.body.get("domain"), dataset.body["datasetType"]
    try:
        added_columns(
            parse_schema(old.body["schema"], dataset_type, domain),
            parse_schema(schema.body["schema"], dataset_type, domain),
        )
    except SchemaError as error:
        raise InvalidInput(f"The schema {schema.arn} cannot replace {old.arn}: {error}") from error


def _refuse_update_during_jobs(context: RequestContext, dataset: Resource) -> None:
    find = context.store.resources.find
    for kind in _AT_DATA:
        parent = dataset.group_arn if kind is Kind.DATA_DELETION_JOB else dataset.arn
        for job in find(kind, parent=parent, statuses=_UNDER_WAY):
            raise ResourceInUse(
                f"The dataset {dataset.arn} cannot be updated: the {job.kind.words} {job.arn} has "
                f"the status {job.status}"
            )


def _check_domain(schema: Resource, domain: str | None, of: str) -> None:
    found = schema.body.get("domain")
    if found != domain:
        raise InvalidInput(
            f"The schema must be of the same domain as the {of}: the schema is of "
            f"{found or 'no domain'}, the {of.split()[-1]} of {domain or 'no domain'}"
        )


def _dependents(context: RequestContext, dataset: Resource) -> list[Resource]:
    find, group = context.store.resources.find, dataset.group_arn
    found = find(Kind.FILTER, group=group)
    attributions = find(Kind.METRIC_ATTRIBUTION, group=group)
    found += [item for item in attributions if _refers(item, dataset)]
    if dataset.body["datasetType"] in _OF_TRACKERS:
        found += find(Kind.EVENT_TRACKER, group=group)
    for kind in _AT_WORK:
        found += find(kind, group=group, statuses=_UNDER_WAY)
    return found + find(Kind.CAMPAIGN, group=group, statuses=BEING_CREATED | {ACTIVE})


def _refers(attribution: Resource, dataset: Resource) -> bool:
    """Whether a metric attribution takes anything from a dataset: from interactions always."""
    metrics = attribution.hidden["metrics"]
    used = {parse_expression(metric["expression"]).dataset_type for metric in metrics}
    return dataset.body["datasetType"] in used | {"INTERACTIONS"}
