"""Operations on filters."""

from typing import Any

from personalize_assets.core.arns import Kind
from personalize_assets.core.filters import (
    Field,
    Filter,
    FilterError,
    check_filter,
    parse_filter,
)
from personalize_assets.core.names import MAX_FIELDS_OF_ALL_FILTERS, MAX_FILTERS_PER_GROUP
from personalize_assets.core.schema_rules import DatasetType
from personalize_assets.core.schemas import Schema
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.data.sources import describe_group
from personalize_assets.engine.errors import InvalidInput, LimitExceeded
from personalize_assets.engine.jobs.states import ACTIVE, BEING_CREATED, BEING_DELETED
from personalize_assets.engine.operations.access import (
    Request,
    atomic,
    begin_deletion,
    check_limit,
    create,
    free_arn,
    refuse_while,
    require,
    see,
)
from personalize_assets.engine.operations.answers import Family, describe, list_resources
from personalize_assets.engine.operations.registry import operation
from personalize_assets.engine.store import Resource

_FAMILY = Family(Kind.FILTER, "filterArn", summary=("datasetGroupArn",))
_BATCHES = (Kind.BATCH_INFERENCE_JOB, Kind.BATCH_SEGMENT_JOB)


@operation("personalize", "CreateFilter")
@atomic
def create_filter(context: RequestContext, request: Request) -> dict[str, Any]:
    """Make a filter; what is wrong with its expression is told at once."""
    group = require(context, Kind.DATASET_GROUP, request["datasetGroupArn"])
    if group.status != ACTIVE:  # CreateFilter does not declare ResourceInUseException
        raise InvalidInput(
            f"Could not create filter. The given dataset group must be ACTIVE, but its status is "
            f"{group.status}: {group.arn}"
        )
    try:
        found = parse_filter(request["filterExpression"])
        check_filter(found, _schemas(context, group))
    except FilterError as error:
        raise InvalidInput(f"Could not create filter. {error}") from error
    name = request["name"]
    arn = free_arn(context, Kind.FILTER, name)
    _check_limits(context, group, found)
    body = {"datasetGroupArn": group.arn, "filterExpression": request["filterExpression"]}
    tags = request.get("tags", ())
    create(context, arn, name, body=body, tags=tags, parent=group, group=group)
    return {"filterArn": arn}


@operation("personalize", "DescribeFilter")
def describe_filter(context: RequestContext, request: Request) -> dict[str, Any]:
    """Show a filter."""
    found = require(context, Kind.FILTER, request["filterArn"])
    return {"filter": describe(_FAMILY, see(context, found))}


@operation("personalize", "ListFilters")
def list_filters(context: RequestContext, request: Request) -> dict[str, Any]:
    """List the filters of a group, or of the account and region; the key is capitalized."""
    return list_resources(
        context,
        request,
        _FAMILY,
        "Filters",
        parent_member="datasetGroupArn",
        parent_kind=Kind.DATASET_GROUP,
    )


@operation("personalize", "DeleteFilter")
@atomic
def delete_filter(context: RequestContext, request: Request) -> dict[str, Any]:
    """Delete a filter that no batch job is at work with."""
    found = require(context, Kind.FILTER, request["filterArn"])
    jobs = [
        job
        for kind in _BATCHES
        for job in context.store.resources.find(kind, group=found.group_arn, statuses=BEING_CREATED)
        if job.body.get("filterArn") == found.arn
    ]
    refuse_while(context, found, jobs)
    begin_deletion(context, found)
    return {}


def _schemas(context: RequestContext, group: Resource) -> dict[DatasetType, Schema]:
    """The schemas of the group's datasets, by type."""
    going = context.store.resources.find(Kind.DATASET, group=group.arn, statuses=BEING_DELETED)
    gone = {dataset.arn for dataset in going}
    sources = describe_group(context.store, group.arn, live=True).datasets
    return {name: source.schema for name, source in sources.items() if source.arn not in gone}


def _check_limits(context: RequestContext, group: Resource, new: Filter) -> None:
    filters = context.store.resources.find(Kind.FILTER, group=group.arn)
    check_limit(
        len(filters),
        MAX_FILTERS_PER_GROUP,
        f"Could not create filter. The dataset group has {len(filters)}, the most is "
        f"{MAX_FILTERS_PER_GROUP}. Please delete some and try again.",
    )
    fields: set[Field] = set(new.fields)
    for other in filters:
        fields |= parse_filter(other.body["filterExpression"]).fields
    if len(fields) > MAX_FIELDS_OF_ALL_FILTERS:
        raise LimitExceeded(
            f"Could not create filter. All filters of the dataset group together would use "
            f"{len(fields)} distinct dataset fields, the most is {MAX_FIELDS_OF_ALL_FILTERS}."
        )
