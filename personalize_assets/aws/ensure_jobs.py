"""Jobs on what datasets hold: exports to S3 and the deletion of users, run once and found again."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from personalize_assets.aws.ensuring import (
    Ensured,
    ensure_job,
    find_undrifted,
    s3_data,
    tagging,
)
from personalize_assets.aws.kinds import DELETION_JOB, EXPORT_JOB, sibling_arn
from personalize_assets.aws.waiters import WaitPolicy

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient
    from types_boto3_personalize.type_defs import DatasetExportJobOutputTypeDef

IngestionMode = Literal["BULK", "PUT", "ALL"]


def ensure_export(
    personalize: "PersonalizeClient",
    dataset_arn: str,
    job_name: str,
    output_prefix: str,
    role_arn: str,
    policy: WaitPolicy,
    *,
    ingestion_mode: IngestionMode = "ALL",
    kms_key_arn: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> Ensured:
    """Make sure that the export ``job_name`` has been done.

    Args:
        personalize: boto3 client.
        dataset_arn: The dataset, active.
        job_name: Name of this export; at most 60 characters.
        output_prefix: ``s3://bucket/folder/``; the job writes to ``<output_prefix><its name>/``,
            which stands in the result's ``description["jobOutput"]``.
        role_arn: Role that the service writes with.
        policy: Timeout, pace and progress of the waiting.
        ingestion_mode: What was imported in bulk, what was sent one by one, or both.
        kms_key_arn: Key for the output.
        tags: Given when the job is created.

    Raises:
        ConfigurationDrift: A job of this name exported another dataset or elsewhere.
        ResourceFailed: The export failed; the reason is in the message.
        WaitTimeout: It was not ready in time.
    """

    def output(candidate: str) -> "DatasetExportJobOutputTypeDef":
        return {"s3DataDestination": s3_data(f"{output_prefix}{candidate}/", kms_key_arn)}

    def find_arn(candidate: str) -> str | None:
        arn = sibling_arn(dataset_arn, EXPORT_JOB, candidate)
        wanted = {
            "datasetArn": dataset_arn,
            "ingestionMode": ingestion_mode,
            "jobOutput": output(candidate),
        }
        return find_undrifted(personalize, EXPORT_JOB, arn, wanted)

    def create(candidate: str) -> str:
        answer = personalize.create_dataset_export_job(
            jobName=candidate,
            datasetArn=dataset_arn,
            ingestionMode=ingestion_mode,
            roleArn=role_arn,
            jobOutput=output(candidate),
            **tagging(tags),
        )
        return answer["datasetExportJobArn"]

    return ensure_job(personalize, EXPORT_JOB, job_name, find_arn, create, policy)


def ensure_deletion(
    personalize: "PersonalizeClient",
    dataset_group_arn: str,
    job_name: str,
    data_location: str,
    role_arn: str,
    policy: WaitPolicy,
    *,
    tags: Mapping[str, str] | None = None,
) -> Ensured:
    """Make sure that the users listed at ``data_location`` have been deleted by this job.

    Args:
        personalize: boto3 client.
        dataset_group_arn: The group, active.
        job_name: Name of this deletion; at most 60 characters.
        data_location: ``s3://bucket/key.csv`` with the header USER_ID and one id a line.
        role_arn: Role that the service reads with.
        policy: Timeout, pace and progress of the waiting; the service may take a day.
        tags: Given when the job is created.

    Raises:
        ConfigurationDrift: A job of this name deleted other users.
        ResourceFailed: The deletion failed; the reason is in the message.
        WaitTimeout: It was not done in time.
    """

    def find_arn(candidate: str) -> str | None:
        arn = sibling_arn(dataset_group_arn, DELETION_JOB, candidate)
        wanted = {
            "datasetGroupArn": dataset_group_arn,
            "dataSource": {"dataLocation": data_location},
        }
        return find_undrifted(personalize, DELETION_JOB, arn, wanted)

    def create(candidate: str) -> str:
        answer = personalize.create_data_deletion_job(
            jobName=candidate,
            datasetGroupArn=dataset_group_arn,
            dataSource={"dataLocation": data_location},
            roleArn=role_arn,
            **tagging(tags),
        )
        return answer["dataDeletionJobArn"]

    return ensure_job(personalize, DELETION_JOB, job_name, find_arn, create, policy)
