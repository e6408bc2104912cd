"""From a cleaned CSV file in S3 to an imported dataset: schema, dataset and import job in one step.

Every name carries the digest of what it stands for, so that unchanged data is imported once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from personalize_assets.aws.ensure import Ensured, ensure_dataset, ensure_import, ensure_schema
from personalize_assets.aws.naming import job_name
from personalize_assets.aws.waiters import WaitPolicy
from personalize_assets.core.schemas import schema_digest

if TYPE_CHECKING:
    from types_boto3_personalize import PersonalizeClient


@dataclass(frozen=True)
class ImportRequest:
    """What to import into which dataset.

    Attributes:
        group_name: Name of the dataset group, the beginning of all names.
        group_arn: The group, active.
        dataset_type: ``interactions``, ``items`` or ``users``.
        schema: Avro schema of the file.
        data_location: ``s3://bucket/key`` of the CSV file.
        data_sha256: Digest of the file.
        role_arn: Role that the service reads with.
    """

    group_name: str
    group_arn: str
    dataset_type: str
    schema: Mapping[str, Any]
    data_location: str
    data_sha256: str
    role_arn: str


@dataclass(frozen=True)
class Imported:
    """An imported dataset.

    Attributes:
        schema_arn: Its schema.
        dataset_arn: The dataset.
        job: The import job that brought the data.
    """

    schema_arn: str
    dataset_arn: str
    job: Ensured


def import_dataset(
    personalize: "PersonalizeClient",
    request: ImportRequest,
    policy: WaitPolicy,
    *,
    tags: Mapping[str, str] | None = None,
) -> Imported:
    """Make sure that the file is what the dataset holds.

    Args:
        personalize: boto3 client.
        request: What to import into which dataset.
        policy: Timeout, pace and progress of the waiting.
        tags: Given to what is created.

    Raises:
        ConfigurationDrift: The dataset exists with another schema.
        ResourceFailed: The import failed; the reason is in the message.
        WaitTimeout: It was not ready in time.
    """
    prefix = f"{request.group_name}-{request.dataset_type}"
    schema = ensure_schema(
        personalize, job_name(prefix, schema_digest(request.schema)), request.schema, policy
    )
    dataset = ensure_dataset(
        personalize,
        request.group_arn,
        request.dataset_type,
        prefix,
        schema.arn,
        policy,
        tags=tags,
    )
    job = ensure_import(
        personalize,
        dataset.arn,
        job_name(prefix, request.data_sha256, request.data_location),
        request.data_location,
        request.role_arn,
        policy,
        tags=tags,
    )
    return Imported(schema.arn, dataset.arn, job)
