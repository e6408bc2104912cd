"""Operations on dataset groups."""

from typing import Any

from personalize_assets.core.arns import Kind
from personalize_assets.core.names import MAX_DATASET_GROUPS
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.operations.access import (
    Request,
    atomic,
    begin_deletion,
    check_limit,
    chosen,
    create,
    free_arn,
    refuse_while,
    require,
    see,
)
from personalize_assets.engine.operations.answers import Family, describe, list_resources
from personalize_assets.engine.operations.event_trackers import EVENT_DATASET
from personalize_assets.engine.operations.registry import operation
from personalize_assets.engine.operations.schemas import datasets_with

_FAMILY = Family(Kind.DATASET_GROUP, "datasetGroupArn", summary=("domain",))
_DEPENDENTS = (
    Kind.EVENT_TRACKER,
    Kind.SOLUTION,
    Kind.RECOMMENDER,
    Kind.FILTER,
    Kind.METRIC_ATTRIBUTION,
    Kind.DATASET,
)


@operation("personalize", "CreateDatasetGroup")
@atomic
def create_dataset_group(context: RequestContext, request: Request) -> dict[str, Any]:
    """Make a group; the key and the role are kept and have no effect here."""
    name = request["name"]
    arn = free_arn(context, Kind.DATASET_GROUP, name)
    count = context.store.resources.count(
        Kind.DATASET_GROUP, account=context.account, region=context.region
    )
    check_limit(
        count,
        MAX_DATASET_GROUPS,
        f"Cannot create a dataset group. There are {count} in this account and region, the most "
        f"is {MAX_DATASET_GROUPS}. Please delete some and try again.",
    )
    create(
        context,
        arn,
        name,
        body=chosen(request, "roleArn", "kmsKeyArn", "domain"),
        tags=request.get("tags", ()),
    )
    return {"datasetGroupArn": arn, **chosen(request, "domain")}


@operation("personalize", "DescribeDatasetGroup")
def describe_dataset_group(context: RequestContext, request: Request) -> dict[str, Any]:
    """Show a group."""
    group = require(context, Kind.DATASET_GROUP, request["datasetGroupArn"])
    return {"datasetGroup": describe(_FAMILY, see(context, group))}


@operation("personalize", "ListDatasetGroups")
def list_dataset_groups(context: RequestContext, request: Request) -> dict[str, Any]:
    """List the groups of the account and region."""
    return list_resources(context, request, _FAMILY, "datasetGroups")


@operation("personalize", "DeleteDatasetGroup")
@atomic
def delete_dataset_group(context: RequestContext, request: Request) -> dict[str, Any]:
    """Delete a group in which nothing is left.

    The dataset that came with an event tracker goes along with its schema: who never listed the
    datasets does not know of it.
    """
    group = require(context, Kind.DATASET_GROUP, request["datasetGroupArn"])
    datasets = context.store.resources.find(Kind.DATASET, group=group.arn)
    made_here = [item for item in datasets if item.body["datasetType"] == EVENT_DATASET]
    for kind in _DEPENDENTS:
        others = context.store.resources.find(kind, group=group.arn)
        refuse_while(context, group, [item for item in others if item not in made_here])
    begin_deletion(context, group, "delete-group")
    for dataset in made_here:
        context.store.resources.delete(dataset.arn)
        if not datasets_with(context, dataset.body["schemaArn"]):
            context.store.resources.delete(dataset.body["schemaArn"])
    return {}
