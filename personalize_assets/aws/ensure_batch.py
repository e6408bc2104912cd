"""Batch jobs of both kinds: run once for a version and an input, found again afterwards."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypedDict

from personalize_assets.aws.ensuring import Ensured, ensure_job, refuse_drift, tagging
from personalize_assets.aws.kinds import (
    BATCH_INFERENCE_JOB,
    BATCH_SEGMENT_JOB,
    find,
    sibling_arn,
)
from personalize_assets.aws.waiters import WaitPolicy

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient
    from types_boto3_personalize.type_defs import (
        BatchInferenceJobConfigUnionTypeDef,
        S3DataConfigTypeDef,
    )


class _BatchOptions(TypedDict, total=False):
    numResults: int
    filterArn: str
    batchInferenceJobConfig: "BatchInferenceJobConfigUnionTypeDef"


def ensure_batch_inference(
    personalize: "PersonalizeClient",
    job_name: str,
    solution_version_arn: str,
    input_location: str,
    output_prefix: str,
    role_arn: str,
    policy: WaitPolicy,
    *,
    num_results: int | None = None,
    filter_arn: str | None = None,
    job_config: "BatchInferenceJobConfigUnionTypeDef | None" = None,
    kms_key_arn: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> Ensured:
    """Make sure that the batch inference ``job_name`` has been done.

    Args:
        personalize: boto3 client.
        job_name: Name with the digests of version and input; at most 60 characters.
        solution_version_arn: The version, active.
        input_location: ``s3://bucket/key`` of the JSON lines (the service reads it as a prefix).
        output_prefix: ``s3://bucket/folder/``; the job writes to ``<output_prefix><its name>/``, so
            that a later attempt never writes over an earlier one. The folder stands in the
            result's ``description["jobOutput"]["s3DataDestination"]["path"]``.
        role_arn: Role that the service reads and writes with.
        policy: Timeout, pace and progress of the waiting.
        num_results: Items for each line; the service's default is 25.
        filter_arn: Filter for all lines.
        job_config: As CreateBatchInferenceJob takes it.
        kms_key_arn: Key for input and output.
        tags: Given when the job is created.

    Raises:
        ConfigurationDrift: A job of this name had another version, input or output.
        ResourceFailed: The job failed; the reason is in the message.
        WaitTimeout: It was not ready in time.
        ValueError: ``output_prefix`` does not end with ``/``.
    """
    if not output_prefix.endswith("/"):
        raise ValueError(f"output_prefix must end with '/', got {output_prefix!r}")
    options: _BatchOptions = {}
    if num_results is not None:
        options["numResults"] = num_results
    if filter_arn is not None:
        options["filterArn"] = filter_arn
    if job_config is not None:
        options["batchInferenceJobConfig"] = job_config

    def output(candidate: str) -> "S3DataConfigTypeDef":
        return _location(f"{output_prefix}{candidate}/", kms_key_arn)

    def find_arn(candidate: str) -> str | None:
        arn = sibling_arn(solution_version_arn, BATCH_INFERENCE_JOB, candidate)
        found = find(personalize, BATCH_INFERENCE_JOB, arn)
        if found is None:
            return None
        wanted = {
            "solutionVersionArn": solution_version_arn,
            "jobInput": {"s3DataSource": _location(input_location, kms_key_arn)},
            "jobOutput": {"s3DataDestination": output(candidate)},
            **options,
        }
        refuse_drift(f"batch inference job {candidate}", wanted, found)
        return arn

    def create(candidate: str) -> str:
        answer = personalize.create_batch_inference_job(
            jobName=candidate,
            solutionVersionArn=solution_version_arn,
            jobInput={"s3DataSource": _location(input_location, kms_key_arn)},
            jobOutput={"s3DataDestination": output(candidate)},
            roleArn=role_arn,
            **options,
            **tagging(tags),
        )
        return answer["batchInferenceJobArn"]

    return ensure_job(personalize, BATCH_INFERENCE_JOB, job_name, find_arn, create, policy)


class _SegmentOptions(TypedDict, total=False):
    numResults: int
    filterArn: str


def ensure_batch_segment(
    personalize: "PersonalizeClient",
    job_name: str,
    solution_version_arn: str,
    input_location: str,
    output_prefix: str,
    role_arn: str,
    policy: WaitPolicy,
    *,
    num_results: int | None = None,
    filter_arn: str | None = None,
    kms_key_arn: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> Ensured:
    """Make sure that the batch segment job ``job_name`` has been done.

    Args:
        personalize: boto3 client.
        job_name: Name with the digests of version and input; at most 60 characters.
        solution_version_arn: The version, active, of a recipe of user segmentation.
        input_location: ``s3://bucket/key`` of the JSON lines (the service reads it as a prefix).
        output_prefix: ``s3://bucket/folder/``; the job writes to ``<output_prefix><its name>/``.
        role_arn: Role that the service reads and writes with.
        policy: Timeout, pace and progress of the waiting.
        num_results: Users for each line; the service's default is 25.
        filter_arn: Filter for all lines.
        kms_key_arn: Key for input and output.
        tags: Given when the job is created.

    Raises:
        ConfigurationDrift: A job of this name had another version, input or output.
        ResourceFailed: The job failed; the reason is in the message.
        WaitTimeout: It was not ready in time.
        ValueError: ``output_prefix`` does not end with ``/``.
    """
    if not output_prefix.endswith("/"):
        raise ValueError(f"output_prefix must end with '/', got {output_prefix!r}")
    options: _SegmentOptions = {}
    if num_results is not None:
        options["numResults"] = num_results
    if filter_arn is not None:
        options["filterArn"] = filter_arn

    def output(candidate: str) -> "S3DataConfigTypeDef":
        return _location(f"{output_prefix}{candidate}/", kms_key_arn)

    def find_arn(candidate: str) -> str | None:
        arn = sibling_arn(solution_version_arn, BATCH_SEGMENT_JOB, candidate)
        found = find(personalize, BATCH_SEGMENT_JOB, arn)
        if found is None:
            return None
        wanted = {
            "solutionVersionArn": solution_version_arn,
            "jobInput": {"s3DataSource": _location(input_location, kms_key_arn)},
            "jobOutput": {"s3DataDestination": output(candidate)},
            **options,
        }
        refuse_drift(f"batch segment job {candidate}", wanted, found)
        return arn

    def create(candidate: str) -> str:
        answer = personalize.create_batch_segment_job(
            jobName=candidate,
            solutionVersionArn=solution_version_arn,
            jobInput={"s3DataSource": _location(input_location, kms_key_arn)},
            jobOutput={"s3DataDestination": output(candidate)},
            roleArn=role_arn,
            **options,
            **tagging(tags),
        )
        return answer["batchSegmentJobArn"]

    return ensure_job(personalize, BATCH_SEGMENT_JOB, job_name, find_arn, create, policy)


def _location(path: str, kms_key_arn: str | None) -> "S3DataConfigTypeDef":
    if kms_key_arn is None:
        return {"path": path}
    return {"path": path, "kmsKeyArn": kms_key_arn}
