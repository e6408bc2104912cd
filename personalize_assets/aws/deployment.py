"""Where the pipeline runs and with which bucket, role, region and tags.

The one list of settings (``SETTINGS``) names each environment variable, its default and its
meaning; ``Deployment`` is the checked value that everything else takes. Nothing here opens a
connection or looks at the process's own environment: the mapping is a parameter.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypedDict

from personalize_assets.core.names import LOCAL_ACCOUNT, LOCAL_REGION

DeploymentName = Literal["local", "aws"]

LOCAL_BUCKET = "recommendation-sample-data"
LOCAL_ROLE_ARN = f"arn:aws:iam::{LOCAL_ACCOUNT}:role/PersonalizeRole"


class DeploymentError(ValueError):
    """A setting is missing or has a value that is not allowed; the message names the variable."""


@dataclass(frozen=True)
class Setting:
    """One environment variable: its name, its default as text, and what it is for."""

    name: str
    default: str
    help: str


DEPLOYMENT = Setting(
    "PERSONALIZE_ASSETS_DEPLOYMENT",
    "local",
    "`local` runs everything on this machine, `aws` uses Amazon Personalize and Amazon S3.",
)
STATE_DIR = Setting(
    "PERSONALIZE_ASSETS_STATE_DIR",
    ".personalize",
    "Folder of the local stack: models, datasets, objects, logs.",
)
DATA = Setting(
    "PERSONALIZE_ASSETS_DATA",
    "",
    "Raw data that seeds an empty prefix: a MovieLens folder or zip; empty means the sample.",
)
BUCKET = Setting(
    "PERSONALIZE_ASSETS_BUCKET",
    "",
    f"Bucket of the pipeline; `{LOCAL_BUCKET}` in local, required in aws.",
)
BUCKET_OWNER = Setting(
    "PERSONALIZE_ASSETS_BUCKET_OWNER",
    "",
    "Account that must own the bucket (aws only); the account of the role where empty.",
)
ROLE_ARN = Setting(
    "PERSONALIZE_ASSETS_ROLE_ARN",
    "",
    "Role that Personalize uses to read and write the bucket; required in aws.",
)
KMS_KEY_ARN = Setting(
    "PERSONALIZE_ASSETS_KMS_KEY_ARN",
    "",
    "KMS key for dataset groups and batch output; empty means Amazon's own encryption.",
)
REGION = Setting(
    "PERSONALIZE_ASSETS_REGION",
    "",
    f"Region; `{LOCAL_REGION}` in local, boto3's own chain in aws.",
)
TOPIC_ARN = Setting(
    "PERSONALIZE_ASSETS_TOPIC_ARN",
    "",
    "SNS topic that hears of finished batch jobs, failed runs and refused promotions (aws only); "
    "in local they are written to `notifications.jsonl` in the state folder.",
)
QUEUE_URL = Setting(
    "PERSONALIZE_ASSETS_QUEUE_URL",
    "",
    "SQS queue that receives the bucket's event notifications, read beside the listing (aws only).",
)
UI_URL = Setting(
    "PERSONALIZE_ASSETS_UI_URL",
    "",
    "Address of the Dagster UI, for links in notifications; `personalize-assets dev` sets it.",
)
PROFILE = Setting(
    "PERSONALIZE_ASSETS_PROFILE",
    "",
    "Profile of the AWS configuration to work with (aws only); empty means boto3's own chain.",
)
ASSUME_ROLE_ARN = Setting(
    "PERSONALIZE_ASSETS_ASSUME_ROLE_ARN",
    "",
    "Role to assume before any call, with the credentials that boto3 finds (aws only).",
)
TRANSFER_CONCURRENCY = Setting(
    "PERSONALIZE_ASSETS_TRANSFER_CONCURRENCY",
    "10",
    "Parts of a large file that travel to or from S3 at the same time, 1 to 100.",
)
TRANSFER_ACCELERATION = Setting(
    "PERSONALIZE_ASSETS_TRANSFER_ACCELERATION",
    "false",
    "`true` sends objects through S3 Transfer Acceleration (aws only; the bucket must have it).",
)
GLUE_JOB = Setting(
    "PERSONALIZE_ASSETS_GLUE_JOB",
    "",
    "AWS Glue job that cleans where a group declares `engine: glue` (aws only).",
)
TAGS = Setting(
    "PERSONALIZE_ASSETS_TAGS",
    "",
    "Tags for all that is created, as `key=value,key=value`.",
)
ENGINE_PORT = Setting(
    "PERSONALIZE_ASSETS_ENGINE_PORT",
    "0",
    "Port of the local engine; 0 takes the last one again, or a free one.",
)
S3_PORT = Setting(
    "PERSONALIZE_ASSETS_S3_PORT",
    "0",
    "Port of the local S3; 0 takes the last one again, or a free one.",
)
IDLE_STOP_S = Setting(
    "PERSONALIZE_ASSETS_IDLE_STOP_S",
    "1800",
    "Seconds without request and without running job after which the local stack stops; 0: never.",
)

SETTINGS: tuple[Setting, ...] = (
    DEPLOYMENT,
    STATE_DIR,
    DATA,
    BUCKET,
    BUCKET_OWNER,
    ROLE_ARN,
    KMS_KEY_ARN,
    REGION,
    TOPIC_ARN,
    QUEUE_URL,
    UI_URL,
    PROFILE,
    ASSUME_ROLE_ARN,
    TRANSFER_CONCURRENCY,
    TRANSFER_ACCELERATION,
    GLUE_JOB,
    TAGS,
    ENGINE_PORT,
    S3_PORT,
    IDLE_STOP_S,
)


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
        """Read the settings from ``environ`` and check them.

        Raises:
            DeploymentError: A value is missing or not allowed.
        """
        name = _value(environ, DEPLOYMENT)
        if name == "local":
            return _local(environ)
        if name == "aws":
            return _aws(environ)
        raise DeploymentError(f"{DEPLOYMENT.name} must be local or aws, got {name!r}")


class _Common(TypedDict):
    state_dir: Path
    ui_url: str | None
    transfer_concurrency: int
    data_path: Path | None
    tags: dict[str, str]
    engine_port: int
    s3_port: int
    idle_stop_s: float


def _value(environ: Mapping[str, str], setting: Setting) -> str:
    return environ.get(setting.name, "").strip() or setting.default


def _local(environ: Mapping[str, str]) -> Deployment:
    role_arn = _value(environ, ROLE_ARN) or LOCAL_ROLE_ARN
    _account_of(role_arn)
    return Deployment(
        name="local",
        region=_value(environ, REGION) or LOCAL_REGION,
        account_id=LOCAL_ACCOUNT,
        bucket=_value(environ, BUCKET) or LOCAL_BUCKET,
        role_arn=role_arn,
        kms_key_arn=_value(environ, KMS_KEY_ARN) or None,
        **_common(environ),
    )


def _aws(environ: Mapping[str, str]) -> Deployment:
    bucket, role_arn = _value(environ, BUCKET), _value(environ, ROLE_ARN)
    missing = [s.name for s, v in ((BUCKET, bucket), (ROLE_ARN, role_arn)) if not v]
    if missing:
        raise DeploymentError(f"{DEPLOYMENT.name}=aws needs {' and '.join(missing)} as well")
    account_id = _account_of(role_arn)
    return Deployment(
        name="aws",
        region=_value(environ, REGION) or None,
        account_id=account_id,
        bucket=bucket,
        bucket_owner=_value(environ, BUCKET_OWNER) or account_id,
        role_arn=role_arn,
        kms_key_arn=_value(environ, KMS_KEY_ARN) or None,
        topic_arn=_topic_arn(_value(environ, TOPIC_ARN)),
        queue_url=_queue_url(_value(environ, QUEUE_URL)),
        profile=_value(environ, PROFILE) or None,
        assume_role_arn=_assumed(_value(environ, ASSUME_ROLE_ARN)),
        accelerated=_flag(environ, TRANSFER_ACCELERATION),
        glue_job=_value(environ, GLUE_JOB) or None,
        **_common(environ),
    )


def _common(environ: Mapping[str, str]) -> _Common:
    data = _value(environ, DATA)
    return {
        "state_dir": Path(_value(environ, STATE_DIR)).expanduser().absolute(),
        "ui_url": _ui_url(_value(environ, UI_URL)),
        "transfer_concurrency": _concurrency(environ),
        "data_path": Path(data).expanduser().absolute() if data else None,
        "tags": _tags(_value(environ, TAGS)),
        "engine_port": _port(environ, ENGINE_PORT),
        "s3_port": _port(environ, S3_PORT),
        "idle_stop_s": _seconds(environ, IDLE_STOP_S),
    }


def _account_of(role_arn: str, setting: Setting = ROLE_ARN) -> str:
    found = re.fullmatch(r"arn:[a-z\d-]+:iam::(\d{12}):role/\S+", role_arn)
    if found is None:
        raise DeploymentError(
            f"{setting.name} must look like arn:aws:iam::123456789012:role/NAME, got {role_arn!r}"
        )
    return found.group(1)


def _assumed(role_arn: str) -> str | None:
    if role_arn:
        _account_of(role_arn, ASSUME_ROLE_ARN)
    return role_arn or None


def _flag(environ: Mapping[str, str], setting: Setting) -> bool:
    text = _value(environ, setting).lower()
    if text not in ("true", "false"):
        raise DeploymentError(f"{setting.name} must be true or false, got {text!r}")
    return text == "true"


def _concurrency(environ: Mapping[str, str]) -> int:
    text = _value(environ, TRANSFER_CONCURRENCY)
    if not re.fullmatch(r"\d{1,3}", text) or not 1 <= int(text) <= 100:
        raise DeploymentError(f"{TRANSFER_CONCURRENCY.name} must be from 1 to 100, got {text!r}")
    return int(text)


def _topic_arn(text: str) -> str | None:
    if text and not re.fullmatch(r"arn:[a-z\d-]+:sns:[a-z\d-]+:\d{12}:[\w-]+(\.fifo)?", text):
        raise DeploymentError(
            f"{TOPIC_ARN.name} must look like arn:aws:sns:REGION:ACCOUNT:NAME, got {text!r}"
        )
    return text or None


def _queue_url(text: str) -> str | None:
    if text and not re.fullmatch(r"https?://\S+/\d{12}/[\w-]+(\.fifo)?", text):
        raise DeploymentError(
            f"{QUEUE_URL.name} must look like https://sqs.REGION.amazonaws.com/ACCOUNT/NAME, "
            f"got {text!r}"
        )
    return text or None


def _ui_url(text: str) -> str | None:
    if text and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", text):
        raise DeploymentError(
            f"{UI_URL.name} must look like https://dagster.example.org, got {text!r}"
        )
    return text or None


def _tags(text: str) -> dict[str, str]:
    tags: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise DeploymentError(f"{TAGS.name} must be key=value,key=value, got {pair!r}")
        tags[key.strip()] = value.strip()
    return tags


def _port(environ: Mapping[str, str], setting: Setting) -> int:
    text = _value(environ, setting)
    if not re.fullmatch(r"\d{1,5}", text) or int(text) > 65535:
        raise DeploymentError(f"{setting.name} must be a port between 0 and 65535, got {text!r}")
    return int(text)


def _seconds(environ: Mapping[str, str], setting: Setting) -> float:
    text = _value(environ, setting)
    if not re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        raise DeploymentError(f"{setting.name} must be a number of seconds >= 0, got {text!r}")
    return float(text)
