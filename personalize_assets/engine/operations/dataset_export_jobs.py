"""Operations on dataset export jobs."""

from typing import Any

from personalize_assets.core.arns import Kind
from personalize_assets.core.names import INVALID_S3_OUTPUT, MAX_ACTIVE_EXPORT_JOBS
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.errors import InvalidInput
from personalize_assets.engine.jobs.s3_objects import LocationError, parse_location
from personalize_assets.engine.jobs.states import BEING_CREATED
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

_FAMILY = Family(Kind.DATASET_EXPORT_JOB, "datasetExportJobArn", "jobName")
_EXPORTABLE = ("INTERACTIONS", "ITEMS", "USERS")


@operation("personalize", "CreateDatasetExportJob")
@atomic
def create_dataset_export_job(context: RequestContext, request: Request) -> dict[str, Any]:
    """Queue an export; whether it can be written shows in the job's status."""
    dataset = require_active(context, Kind.DATASET, request["datasetArn"])
    if dataset.body["datasetType"] not in _EXPORTABLE:
        raise InvalidInput(
            f"Only Interactions, Items and Users datasets can be exported; {dataset.arn} is of "
            f"type {dataset.body['datasetType']}"
        )
    try:
        parse_location(request["jobOutput"]["s3DataDestination"]["path"])
    except LocationError as error:
        raise InvalidInput(f"{INVALID_S3_OUTPUT}: {error}") from error
    name = request["jobName"]
    arn = free_arn(context, Kind.DATASET_EXPORT_JOB, name)
    count = context.store.resources.count(
        Kind.DATASET_EXPORT_JOB,
        account=context.account,
        region=context.region,
        statuses=BEING_CREATED,
    )
    check_limit(
        count,
        MAX_ACTIVE_EXPORT_JOBS,
        f"More than {MAX_ACTIVE_EXPORT_JOBS} resources with PENDING or IN_PROGRESS status.",
    )
    create(
        context,
        arn,
        name,
        body={
            "datasetArn": dataset.arn,
            "ingestionMode": request.get("ingestionMode", "PUT"),
            **chosen(request, "roleArn", "jobOutput"),
        },
        tags=request.get("tags", ()),
        parent=dataset,
        group=require(context, Kind.DATASET_GROUP, str(dataset.group_arn)),
        job="export",
    )
    return {"datasetExportJobArn": arn}


@operation("personalize", "DescribeDatasetExportJob")
def describe_dataset_export_job(context: RequestContext, request: Request) -> dict[str, Any]:
    """Show an export job."""
    job = require(context, Kind.DATASET_EXPORT_JOB, request["datasetExportJobArn"])
    return {"datasetExportJob": describe(_FAMILY, job)}


@operation("personalize", "ListDatasetExportJobs")
def list_dataset_export_jobs(context: RequestContext, request: Request) -> dict[str, Any]:
    """List the export jobs of a dataset, or of the account and region."""
    return list_resources(
        context,
        request,
        _FAMILY,
        "datasetExportJobs",
        parent_member="datasetArn",
        parent_kind=Kind.DATASET,
    )
