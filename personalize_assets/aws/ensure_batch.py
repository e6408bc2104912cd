"""Batch jobs of both kinds: run once for a version and an input, found again afterwards."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from personalize_assets.aws.ensuring import (
    Ensured,
    ensure_job,
    find_undrifted,
    s3_data,
    tagging,
)
from personalize_assets.aws.kinds import (
    BATCH_INFERENCE_JOB,
    BATCH_SEGMENT_JOB,
    Kind,
    sibling_arn,
)
from personalize_assets.aws.waiters import WaitPolicy

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient
    from types_boto3_personalize.type_defs import BatchInferenceJobConfigUnionTypeDef


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
    order = {
        "solutionVersionArn": solution_version_arn,
        "jobInput": {"s3DataSource": s3_data(input_location, kms_key_arn)},
        "numResults": num_results,
        "filterArn": filter_arn,
        "batchInferenceJobConfig": job_config,
    }
    return _ensure_batch(
        personalize,
        BATCH_INFERENCE_JOB,
        personalize.create_batch_inference_job,
        job_name,
        order,
        _Target(output_prefix, role_arn, kms_key_arn),
        policy,
        tags,
    )


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
    order = {
        "solutionVersionArn": solution_version_arn,
        "jobInput": {"s3DataSource": s3_data(input_location, kms_key_arn)},
        "numResults": num_results,
        "filterArn": filter_arn,
    }
    return _ensure_batch(
        personalize,
        BATCH_SEGMENT_JOB,
        personalize.create_batch_segment_job,
        job_name,
        order,
        _Target(output_prefix, role_arn, kms_key_arn),
        policy,
        tags,
    )


class _Target(NamedTuple):
    """Where a job writes, and as whom."""

    prefix: str
    role_arn: str
    kms_key_arn: str | None


def _ensure_batch(
    personalize: "PersonalizeClient",
    kind: Kind,
    create: Callable[..., Mapping[str, Any]],
    job_name: str,
    order: Mapping[str, Any],
    target: _Target,
    policy: WaitPolicy,
    tags: Mapping[str, str] | None,
) -> Ensured:
    """Do what both kinds of batch jobs have in common.

    Args:
        personalize: boto3 client.
        kind: Kind of the job.
        create: The operation that begins one.
        job_name: Name of the first attempt.
        order: What is asked for, without the output; members that are None are left out.
        target: Where to.
        policy: Timeout, pace and progress of the waiting.
        tags: Given when the job is created.
    """
    if not target.prefix.endswith("/"):
        raise ValueError(f"output_prefix must end with '/', got {target.prefix!r}")

    def ordered(candidate: str) -> dict[str, Any]:
        output = s3_data(f"{target.prefix}{candidate}/", target.kms_key_arn)
        asked = {**order, "jobOutput": {"s3DataDestination": output}}
        return {member: value for member, value in asked.items() if value is not None}

    def find_arn(candidate: str) -> str | None:
        arn = sibling_arn(str(order["solutionVersionArn"]), kind, candidate)
        return find_undrifted(personalize, kind, arn, ordered(candidate))

    def begin(candidate: str) -> str:
        answer = create(
            jobName=candidate, roleArn=target.role_arn, **ordered(candidate), **tagging(tags)
        )
        return str(answer[f"{kind.root}Arn"])

    return ensure_job(personalize, kind, job_name, find_arn, begin, policy)
