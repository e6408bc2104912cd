"""The one list of settings: each with its variable, its key in the settings file, and its meaning.

A setting is given by an environment variable, else by the settings file of the aws deployment
(``settings_file``), else by its default. Nothing here opens a connection or looks at the process's
own environment.
"""

from dataclasses import dataclass
from typing import Final, Literal

from personalize_assets.core.names import LOCAL_ACCOUNT, LOCAL_REGION

PREFIX: Final = "PERSONALIZE_ASSETS_"
LOCAL_BUCKET = "recommendation-sample-data"
LOCAL_ROLE_ARN = f"arn:aws:iam::{LOCAL_ACCOUNT}:role/PersonalizeRole"

SettingKind = Literal["text", "number", "flag", "tags"]


class DeploymentError(ValueError):
    """A setting is missing or not allowed; the message names its variable and its key."""


@dataclass(frozen=True)
class Setting:
    """One setting.

    Attributes:
        name: Of its environment variable.
        default: As text.
        help: What it is for.
        kind: What the settings file writes it as.
        in_file: Whether the settings file may hold it; else the environment alone does.
    """

    name: str
    default: str
    help: str
    kind: SettingKind = "text"
    in_file: bool = True

    @property
    def key(self) -> str:
        """Its key in the settings file, such as ``role_arn``."""
        return self.name.removeprefix(PREFIX).lower()


DEPLOYMENT = Setting(
    "PERSONALIZE_ASSETS_DEPLOYMENT",
    "local",
    "`local` runs everything on this machine, `aws` uses Amazon Personalize and Amazon S3.",
    in_file=False,
)
SETTINGS_FILE = Setting(
    "PERSONALIZE_ASSETS_SETTINGS",
    "deploy/aws.yaml",
    "Settings file of the aws deployment, which `personalize-assets bootstrap` writes: YAML with "
    "the names of this table in lower case and without `PERSONALIZE_ASSETS_`. Variables win.",
    in_file=False,
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
    in_file=False,
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
    kind="number",
)
TRANSFER_ACCELERATION = Setting(
    "PERSONALIZE_ASSETS_TRANSFER_ACCELERATION",
    "false",
    "`true` sends objects through S3 Transfer Acceleration (aws only; the bucket must have it).",
    kind="flag",
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
    kind="tags",
)
ENGINE_PORT = Setting(
    "PERSONALIZE_ASSETS_ENGINE_PORT",
    "0",
    "Port of the local engine; 0 takes the last one again, or a free one.",
    in_file=False,
)
S3_PORT = Setting(
    "PERSONALIZE_ASSETS_S3_PORT",
    "0",
    "Port of the local S3; 0 takes the last one again, or a free one.",
    in_file=False,
)
LOG_FORMAT = Setting(
    "PERSONALIZE_ASSETS_LOG_FORMAT",
    "text",
    "`json` has all processes log one line of JSON a record, with run, step and request ids.",
    in_file=False,
)
TRACES = Setting(
    "PERSONALIZE_ASSETS_TRACES",
    "false",
    "`true` sends a span for each step and each call of a service, as OpenTelemetry's own "
    "`OTEL_*` variables say (needs the extra `tracing`; in local only to this machine).",
    kind="flag",
    in_file=False,
)
IDLE_STOP_S = Setting(
    "PERSONALIZE_ASSETS_IDLE_STOP_S",
    "1800",
    "Seconds without request and without running job after which the local stack stops; 0: never.",
    in_file=False,
)

SETTINGS: tuple[Setting, ...] = (
    DEPLOYMENT,
    SETTINGS_FILE,
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
    LOG_FORMAT,
    TRACES,
)
