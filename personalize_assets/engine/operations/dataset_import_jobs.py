"""Operations on dataset import jobs."""

from typing import Any

from personalize_assets.core.arns import Kind
from personalize_assets.core.names import INVALID_DATA_LOCATION, MAX_ACTIVE_IMPORT_JOBS
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.errors import InvalidInput
from personalize_assets.engine.jobs.attribution import destination_of, find_attribution
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
from personalize_assets.engine.store import Resource

_FAMILY = Family(Kind.DATASET_IMPORT_JOB, "datasetImportJobArn", "jobName", ("importMode",))


@operation("personalize", "CreateDatasetImportJob")
@atomic
def create_dataset_import_job(context: RequestContext, request: Request) -> dict[str, Any]:
    """Queue an import; whether the data are there and fit shows in the job's status.

    The role is kept and not looked at: the local S3 has no policies.
    """
    dataset = require_active(context, Kind.DATASET, request["datasetArn"])
    _check_source(request)
    if dataset.body["datasetType"] == "EVENT_INTERACTIONS":
        raise InvalidInput(
            f"{dataset.arn} came with an event tracker; import into the Interactions dataset of "
            "the group instead"
        )
    mode = request.get("importMode", "FULL")
    if mode == "INCREMENTAL" and "artifact" not in dataset.hidden:
        raise InvalidInput(
            f"The first import into a dataset must be FULL; nothing was imported into {dataset.arn}"
        )
    if request.get("publishAttributionMetricsToS3"):
        _check_publishing(context, dataset)
    name = request["jobName"]
    arn = free_arn(context, Kind.DATASET_IMPORT_JOB, name)
    count = context.store.resources.count(
        Kind.DATASET_IMPORT_JOB,
        account=context.account,
        region=context.region,
        statuses=BEING_CREATED,
    )
    check_limit(
        count,
        MAX_ACTIVE_IMPORT_JOBS,
        f"More than {MAX_ACTIVE_IMPORT_JOBS} resources with PENDING or IN_PROGRESS status.",
    )
    create(
        context,
        arn,
        name,
        body={
            "datasetArn": dataset.arn,
            "importMode": mode,
            **chosen(request, "dataSource", "roleArn", "publishAttributionMetricsToS3"),
        },
        tags=request.get("tags", ()),
        parent=dataset,
        group=require(context, Kind.DATASET_GROUP, str(dataset.group_arn)),
        job="import",
    )
    return {"datasetImportJobArn": arn}


@operation("personalize", "DescribeDatasetImportJob")
def describe_dataset_import_job(context: RequestContext, request: Request) -> dict[str, Any]:
    """Show an import job."""
    job = require(context, Kind.DATASET_IMPORT_JOB, request["datasetImportJobArn"])
    return {"datasetImportJob": describe(_FAMILY, job)}


@operation("personalize", "ListDatasetImportJobs")
def list_dataset_import_jobs(context: RequestContext, request: Request) -> dict[str, Any]:
    """List the import jobs of a dataset, or of the account and region."""
    return list_resources(
        context,
        request,
        _FAMILY,
        "datasetImportJobs",
        parent_member="datasetArn",
        parent_kind=Kind.DATASET,
    )


def _check_source(request: Request) -> None:
    location = request["dataSource"].get("dataLocation")
    if location is None:
        raise InvalidInput(f"{INVALID_DATA_LOCATION} dataSource needs dataLocation")
    try:
        parse_location(location)
    except LocationError as error:
        raise InvalidInput(f"{INVALID_DATA_LOCATION} {error}") from error


def _check_publishing(context: RequestContext, dataset: Resource) -> None:
    if dataset.body["datasetType"] != "INTERACTIONS":
        raise InvalidInput(
            "publishAttributionMetricsToS3 is for Interactions datasets; "
            f"{dataset.arn} is of type {dataset.body['datasetType']}"
        )
    attribution = find_attribution(context.store, dataset.group_arn)
    if attribution is None or destination_of(attribution) is None:
        raise InvalidInput(
            "publishAttributionMetricsToS3 needs an ACTIVE metric attribution with an S3 path, and "
            "the dataset group has none"
        )
