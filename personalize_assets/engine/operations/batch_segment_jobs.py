"""Operations on batch segment jobs."""

from typing import Any

from personalize_assets.core.arns import Kind
from personalize_assets.core.names import (
    DEFAULT_BATCH_RESULTS,
    MAX_ACTIVE_BATCH_SEGMENT_JOBS,
    MAX_SEGMENT_USERS,
)
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.errors import InvalidInput
from personalize_assets.engine.operations.access import (
    Request,
    atomic,
    chosen,
    create,
    free_arn,
    require,
)
from personalize_assets.engine.operations.answers import Family, describe, list_resources
from personalize_assets.engine.operations.batch_requests import (
    check_filter_of,
    check_locations,
    check_results,
    check_target,
    check_unfinished,
    require_version,
)
from personalize_assets.engine.operations.recipes import find_recipe
from personalize_assets.engine.operations.registry import operation

_FAMILY = Family(Kind.BATCH_SEGMENT_JOB, "batchSegmentJobArn", "jobName", ("solutionVersionArn",))


@operation("personalize", "CreateBatchSegmentJob")
@atomic
def create_batch_segment_job(context: RequestContext, request: Request) -> dict[str, Any]:
    """Queue a segment job; whether the input is there and can be read shows in its status."""
    version = require_version(context, request)
    spec = find_recipe(version.body["recipeArn"])
    if spec.recipe_type != "USER_SEGMENTATION":
        raise InvalidInput(
            f"{spec.name} cannot be used for batch segment jobs; aws-item-affinity and "
            "aws-item-attribute-affinity can"
        )
    found = check_filter_of(context, request, version)
    check_target(found, "UserID")
    asks_events = any(field.dataset == "INTERACTIONS" for field in found.fields) if found else False
    if asks_events and spec.name == "aws-item-attribute-affinity":
        raise InvalidInput(f"{spec.name} does not take filters on Interactions")
    check_locations(request)
    n_results = check_results(request.get("numResults", DEFAULT_BATCH_RESULTS), MAX_SEGMENT_USERS)
    name = request["jobName"]
    arn = free_arn(context, Kind.BATCH_SEGMENT_JOB, name)
    check_unfinished(context, Kind.BATCH_SEGMENT_JOB, MAX_ACTIVE_BATCH_SEGMENT_JOBS)
    create(
        context,
        arn,
        name,
        body={
            "solutionVersionArn": version.arn,
            "numResults": n_results,
            **chosen(request, "jobInput", "jobOutput", "roleArn", "filterArn"),
        },
        tags=request.get("tags", ()),
        parent=version,
        group=require(context, Kind.DATASET_GROUP, str(version.group_arn)),
        job="batch-segment",
    )
    return {"batchSegmentJobArn": arn}


@operation("personalize", "DescribeBatchSegmentJob")
def describe_batch_segment_job(context: RequestContext, request: Request) -> dict[str, Any]:
    """Show a batch segment job."""
    job = require(context, Kind.BATCH_SEGMENT_JOB, request["batchSegmentJobArn"])
    return {"batchSegmentJob": describe(_FAMILY, job)}


@operation("personalize", "ListBatchSegmentJobs")
def list_batch_segment_jobs(context: RequestContext, request: Request) -> dict[str, Any]:
    """List the batch segment jobs of a solution version, or of the account and region."""
    return list_resources(
        context,
        request,
        _FAMILY,
        "batchSegmentJobs",
        parent_member="solutionVersionArn",
        parent_kind=Kind.SOLUTION_VERSION,
    )
