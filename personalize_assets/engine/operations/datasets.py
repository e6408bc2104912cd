"""Operations on datasets."""

from typing import Any

from personalize_assets.core.arns import Kind, make_arn
from personalize_assets.core.schemas import SchemaError, parse_dataset_type, parse_schema
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.errors import InvalidInput
from personalize_assets.engine.jobs.states import ACTIVE, BEING_CREATED
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
from personalize_assets.engine.store import Resource

_FAMILY = Family(Kind.DATASET, "datasetArn", summary=("datasetType",))
_CUSTOM_ONLY = ("ACTIONS", "ACTION_INTERACTIONS")
_AT_WORK = (
    Kind.DATASET_IMPORT_JOB,
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
        if schema.body.get("domain") != domain:
            raise InvalidInput(
                f"The schema must be of the same domain as the dataset group: the schema is of "
                f"{schema.body.get('domain') or 'no domain'}, the group of {domain or 'no domain'}"
            )
        parse_schema(schema.body["schema"], dataset_type, domain)
    except SchemaError as error:
        raise InvalidInput(str(error)) from error
    arn = make_arn(Kind.DATASET, context.region, context.account, group.name, dataset_type)
    body = {
        "datasetGroupArn": group.arn,
        "datasetType": dataset_type,
        "schemaArn": schema.arn,
    }
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


@operation("personalize", "DeleteDataset")
@atomic
def delete_dataset(context: RequestContext, request: Request) -> dict[str, Any]:
    """Delete a dataset, its data and its import jobs, which AWS may keep."""
    dataset = require(context, Kind.DATASET, request["datasetArn"])
    refuse_while(context, dataset, _dependents(context, dataset))
    begin_deletion(context, dataset)
    return {}


def _dependents(context: RequestContext, dataset: Resource) -> list[Resource]:
    find, group = context.store.resources.find, dataset.group_arn
    found = find(Kind.FILTER, group=group) + find(Kind.METRIC_ATTRIBUTION, group=group)
    if dataset.body["datasetType"] == "INTERACTIONS":
        found += find(Kind.EVENT_TRACKER, group=group)
    for kind in _AT_WORK:
        found += find(kind, group=group, statuses=BEING_CREATED)
    return found + find(Kind.CAMPAIGN, group=group, statuses=BEING_CREATED | {ACTIVE})
