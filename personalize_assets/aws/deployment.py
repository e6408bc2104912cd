"""Where the pipeline runs and with which bucket, role, region and tags.

``Deployment`` is the checked value that everything else takes; ``settings`` lists what it is made
of. Nothing here opens a connection or looks at the process's own environment: the mapping is a
parameter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypedDict

from personalize_assets.aws import setting_checks as checks
from personalize_assets.aws.given import Given, Source
from personalize_assets.aws.settings import (
    ASSUME_ROLE_ARN,
    BUCKET,
    BUCKET_OWNER,
    DATA,
    DEPLOYMENT,
    ENGINE_PORT,
    GLUE_JOB,
    IDLE_STOP_S,
    KMS_KEY_ARN,
    LOCAL_BUCKET,
    LOCAL_ROLE_ARN,
    LOG_FORMAT,
    PROFILE,
    QUEUE_URL,
    REGION,
    ROLE_ARN,
    S3_PORT,
    SETTINGS,
    STATE_DIR,
    TAGS,
    TOPIC_ARN,
    TRANSFER_ACCELERATION,
    TRANSFER_CONCURRENCY,
    UI_URL,
    DeploymentError,
    Setting,
)
from personalize_assets.core.names import LOCAL_ACCOUNT, LOCAL_REGION

__all__ = [
    "DATA",
    "DEPLOYMENT",
    "LOCAL_BUCKET",
    "LOCAL_REGION",
    "LOCAL_ROLE_ARN",
    "SETTINGS",
    "STATE_DIR",
    "TOPIC_ARN",
    "UI_URL",
    "Deployment",
    "DeploymentError",
    "DeploymentName",
    "Setting",
]

DeploymentName = Literal["local", "aws"]


@dataclass(frozen=True)
class Deployment:
    """Everything that differs between one machine and an AWS account.

    Attributes:
        name: ``local`` or ``aws``.
        region: AWS region; None only in ``aws``, where boto3 then finds it by itself.
        account_id: Twelve digits: that of the role.
        bucket: Bucket of the pipeline.
        bucket_owner: Account that must own the bucket; None in ``local``.
        role_arn: Role that Personalize assumes to reach the bucket.
        kms_key_arn: Key for encryption, or None.
        topic_arn: SNS topic for notifications; None in ``local``, and where there is none.
        queue_url: SQS queue of the bucket's events; None in ``local``, and where there is none.
        ui_url: Address of the Dagster UI, or None where it is not known.
        profile: Profile of the AWS configuration; None in ``local``, and for boto3's own chain.
        assume_role_arn: Role to assume before any call; None in ``local``, and where there is none.
        transfer_concurrency: Parts of a large file that travel at the same time.
        accelerated: Whether objects go through S3 Transfer Acceleration; False in ``local``.
        glue_job: Name of the AWS Glue job that cleans; None in ``local``, and where there is none.
        state_dir: Folder of the local stack, absolute.
        data_path: Raw data given by the user, or None for the sample.
        tags: Tags for everything that is created.
        engine_port: Fixed port of the engine, 0 for any.
        s3_port: Fixed port of the local S3, 0 for any.
        idle_stop_s: Idle seconds after which the local stack stops, 0 for never.
    """

    name: DeploymentName
    region: str | None
    account_id: str
    bucket: str
    role_arn: str
    state_dir: Path
    bucket_owner: str | None = None
    kms_key_arn: str | None = None
    topic_arn: str | None = None
    queue_url: str | None = None
    ui_url: str | None = None
    profile: str | None = None
    assume_role_arn: str | None = None
    transfer_concurrency: int = 10
    accelerated: bool = False
    glue_job: str | None = None
    data_path: Path | None = None
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    engine_port: int = 0
    s3_port: int = 0
    idle_stop_s: float = 1800

    @property
    def is_local(self) -> bool:
        """Whether nothing may leave this machine."""
        return self.name == "local"

    @property
    def bucket_folder(self) -> Path:
        """Folder of this machine whose files are the bucket's objects; only in ``local``."""
        return self.state_dir / "s3" / self.bucket

    @staticmethod
    def from_environment(environ: Mapping[str, str]) -> "Deployment":
        """Read the settings from ``environ``, in aws also from the settings file, and check them.

        Raises:
            DeploymentError: A value is missing or not allowed, or the file cannot be read.
        """
        given = Source.of(environ)
        checks.one_of(given.value(LOG_FORMAT), "text", "json")
        if given.is_local:
            return _local(given)
        return _aws(given)


class _Common(TypedDict):
    state_dir: Path
    ui_url: str | None
    transfer_concurrency: int
    data_path: Path | None
    tags: dict[str, str]
    engine_port: int
    s3_port: int
    idle_stop_s: float


def _local(given: Source) -> Deployment:
    role_arn = given.value(ROLE_ARN)
    return Deployment(
        name="local",
        region=checks.region(given.value(REGION)) or LOCAL_REGION,
        account_id=LOCAL_ACCOUNT,
        bucket=checks.bucket(given.value(BUCKET)) or LOCAL_BUCKET,
        role_arn=checks.role_arn(role_arn) if role_arn.text else LOCAL_ROLE_ARN,
        kms_key_arn=checks.kms_key_arn(given.value(KMS_KEY_ARN)),
        **_common(given),
    )


def _aws(given: Source) -> Deployment:
    given.require(BUCKET, ROLE_ARN)
    role, region = given.value(ROLE_ARN), checks.region(given.value(REGION))
    role_arn = checks.role_arn(role)
    account_id = role_arn.split(":")[4]
    checks.same_partition(role, region)
    bucket, accelerated = given.value(BUCKET), checks.flag(given.value(TRANSFER_ACCELERATION))
    if accelerated and "." in bucket.text:
        raise bucket.refusal("must be a name without dots, which S3 Transfer Acceleration needs")
    return Deployment(
        name="aws",
        region=region,
        account_id=account_id,
        bucket=checks.bucket(bucket) or "",
        bucket_owner=checks.account(given.value(BUCKET_OWNER)) or account_id,
        role_arn=role_arn,
        kms_key_arn=_key_in(given.value(KMS_KEY_ARN), region),
        topic_arn=checks.topic_arn(given.value(TOPIC_ARN)),
        queue_url=checks.queue_url(given.value(QUEUE_URL)),
        profile=given.value(PROFILE).text or None,
        assume_role_arn=_assumed(given.value(ASSUME_ROLE_ARN)),
        accelerated=accelerated,
        glue_job=checks.glue_job(given.value(GLUE_JOB)),
        **_common(given),
    )


def _common(given: Source) -> _Common:
    data = given.value(DATA).text
    return {
        "state_dir": Path(given.value(STATE_DIR).text).expanduser().absolute(),
        "ui_url": checks.ui_url(given.value(UI_URL)),
        "transfer_concurrency": checks.whole_number(given.value(TRANSFER_CONCURRENCY), 1, 100),
        "data_path": Path(data).expanduser().absolute() if data else None,
        "tags": checks.tags(given.value(TAGS)),
        "engine_port": checks.port(given.value(ENGINE_PORT)),
        "s3_port": checks.port(given.value(S3_PORT)),
        "idle_stop_s": checks.seconds(given.value(IDLE_STOP_S)),
    }


def _assumed(given: Given) -> str | None:
    return checks.role_arn(given) if given.text else None


def _key_in(given: Given, region: str | None) -> str | None:
    """The key, which must be in the region of the pipeline where that is known."""
    arn = checks.kms_key_arn(given)
    if arn is not None and region is not None and arn.split(":")[3] != region:
        raise given.refusal(f"must be a key of the region {region}")
    return arn
