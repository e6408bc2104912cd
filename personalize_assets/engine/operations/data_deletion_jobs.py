"""Operations on data deletion jobs."""

from typing import Any

from personalize_assets.core.arns import Kind
from personalize_assets.core.names import INVALID_DATA_LOCATION, MAX_PENDING_DELETION_JOBS
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.errors import InvalidInput
from personalize_assets.engine.jobs.s3_objects import LocationError, parse_location
from personalize_assets.engine.jobs.states import PENDING
from personalize_assets.engine.operations.access import (
    Request,
    atomic,
    check_limit,
    chosen,
    create,
    free_arn,
    require,
    require_active,
)
from personalize_assets.engine.operations.answers import Family, describe, list_resources
from personalize_assets.engine.operations.registry import operation

_FAMILY = Family(
    Kind.DATA_DELETION_JOB, "dataDeletionJobArn", "jobName", summary=("datasetGroupArn",)
)


@operation("personalize", "CreateDataDeletionJob")
@atomic
def create_data_deletion_job(context: RequestContext, request: Request) -> dict[str, Any]:
    """Queue the deletion of users; what is wrong with their list shows in the job's status."""
    group = require_active(context, Kind.DATASET_GROUP, request["datasetGroupArn"])
    _check_source(request)
    name = request["jobName"]
    arn = free_arn(context, Kind.DATA_DELETION_JOB, name)
    count = context.store.resources.count(
        Kind.DATA_DELETION_JOB, group=group.arn, statuses={PENDING}
    )
    check_limit(
        count,
        MAX_PENDING_DELETION_JOBS,
        f"More than {MAX_PENDING_DELETION_JOBS} data deletion jobs with PENDING status in the "
        f"dataset group {group.arn}.",
    )
    create(
        context,
        arn,
        name,
        body={"datasetGroupArn": group.arn, **chosen(request, "dataSource", "roleArn")},
        tags=request.get("tags", ()),
        parent=group,
        group=group,
        job="delete-data",
        status=PENDING,
    )
    return {"dataDeletionJobArn": arn}


@operation("personalize", "DescribeDataDeletionJob")
def describe_data_deletion_job(context: RequestContext, request: Request) -> dict[str, Any]:
    """Show a data deletion job; ``numDeleted`` only once it is COMPLETED."""
    job = require(context, Kind.DATA_DELETION_JOB, request["dataDeletionJobArn"])
    return {"dataDeletionJob": describe(_FAMILY, job)}


@operation("personalize", "ListDataDeletionJobs")
def list_data_deletion_jobs(context: RequestContext, request: Request) -> dict[str, Any]:
    """List the data deletion jobs of a group, or of the account and region."""
    return list_resources(
        context,
        request,
        _FAMILY,
        "dataDeletionJobs",
        parent_member="datasetGroupArn",
        parent_kind=Kind.DATASET_GROUP,
    )


def _check_source(request: Request) -> None:
    location = request["dataSource"].get("dataLocation")
    if location is None:
        raise InvalidInput(f"{INVALID_DATA_LOCATION} dataSource needs dataLocation")
    try:
        parsed = parse_location(location)
    except LocationError as error:
        raise InvalidInput(f"{INVALID_DATA_LOCATION} {error}") from error
    if not parsed.is_folder and not parsed.key.lower().endswith(".csv"):
        raise InvalidInput(
            f"{INVALID_DATA_LOCATION} {location} must be a .csv file or a folder that ends in /"
        )
