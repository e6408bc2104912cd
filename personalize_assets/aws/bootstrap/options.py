"""What a person chose for the account, and the names that follow from it. Only values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from personalize_assets.aws.naming import PROJECT_TAG

DEFAULT_NAME: Final = "personalize-assets"
ADOPTED_TAG: Final = f"{PROJECT_TAG}-adopted"
"""Tag of a bucket that was there before: it is cared for, and never deleted."""

KEY_TO_COME: Final = "key/that-is-yet-to-be-made"
"""End of the key's ARN in a plan, as long as nobody knows its id."""


class BootstrapError(ValueError):
    """An option is not allowed, or something must not be touched; says what to do."""


@dataclass(frozen=True)
class Options:
    """What is to be in the account.

    Attributes:
        account_id: Twelve digits.
        region: Of everything but the roles and policies, which are global and bear its name.
        partition: ``aws``, ``aws-cn`` or ``aws-us-gov``.
        name: Begins the name of everything, and is the value of the tag that marks it.
        bucket_name: Bucket of the pipeline; empty means name, account and region.
        kms_key_arn: Key that encrypts bucket, topic and dataset groups; None is Amazon's own.
        creates_key: Whether to make such a key.
        is_accelerated: Whether the bucket offers S3 Transfer Acceleration.
        email: Address that subscribes to the topic, or None.
        has_queue: Whether the bucket tells an SQS queue of new objects.
        has_glue: Whether to make the AWS Glue job.
        tags: Of everything, beside the mark.
    """

    account_id: str
    region: str
    partition: str = "aws"
    name: str = DEFAULT_NAME
    bucket_name: str = ""
    kms_key_arn: str | None = None
    creates_key: bool = False
    is_accelerated: bool = False
    email: str | None = None
    has_queue: bool = False
    has_glue: bool = False
    tags: Mapping[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        _check(self)

    @property
    def bucket(self) -> str:
        """Name of the bucket."""
        return self.bucket_name or f"{self.name}-{self.account_id}-{self.region}"

    @property
    def bucket_arn(self) -> str:
        """ARN of the bucket."""
        return f"arn:{self.partition}:s3:::{self.bucket}"

    @property
    def service_role(self) -> str:
        """Name of the role that Amazon Personalize assumes."""
        return f"{self.name}-service-{self.region}"

    @property
    def service_role_arn(self) -> str:
        """ARN of the role that Amazon Personalize assumes."""
        return self._global("iam", f"role/{self.service_role}")

    @property
    def glue_role(self) -> str:
        """Name of the role that the Glue job works as."""
        return f"{self.name}-glue-{self.region}"

    @property
    def glue_role_arn(self) -> str:
        """ARN of the role that the Glue job works as."""
        return self._global("iam", f"role/{self.glue_role}")

    @property
    def operator_policy(self) -> str:
        """Name of the policy for whoever runs Dagster."""
        return f"{self.name}-operator-{self.region}"

    @property
    def operator_policy_arn(self) -> str:
        """ARN of the policy for whoever runs Dagster."""
        return self._global("iam", f"policy/{self.operator_policy}")

    @property
    def topic_arn(self) -> str:
        """ARN of the topic, which bears the plain name."""
        return self._regional("sns", self.name)

    @property
    def queue_arn(self) -> str:
        """ARN of the queue, which bears the plain name."""
        return self._regional("sqs", self.name)

    @property
    def glue_job_arn(self) -> str:
        """ARN of the Glue job, which bears the plain name."""
        return self._regional("glue", f"job/{self.name}")

    @property
    def key_alias(self) -> str:
        """Alias by which a key that was made here is found again."""
        return f"alias/{self.name}"

    @property
    def key_arn(self) -> str | None:
        """Key that encrypts: the given one, or the one that is made and may not be known yet."""
        if self.kms_key_arn is None and self.creates_key:
            return self._regional("kms", KEY_TO_COME)
        return self.kms_key_arn

    @property
    def all_tags(self) -> dict[str, str]:
        """Tags of everything that is made, the mark among them."""
        return {**self.tags, PROJECT_TAG: self.name}

    def with_key(self, kms_key_arn: str) -> "Options":
        """These options once the id of the key that is made is known."""
        return replace(self, kms_key_arn=kms_key_arn)

    def everything(self) -> "Options":
        """These options with every part that can be left out, to find all that was ever made."""
        return replace(self, has_queue=True, has_glue=True, creates_key=True, kms_key_arn=None)

    def _regional(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"

    def _global(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}::{self.account_id}:{resource}"


def _check(options: Options) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9-]{1,28}[a-z0-9]", options.name):
        raise BootstrapError(
            "--name must be 3 to 30 lower case letters, digits and hyphens, beginning with a "
            f"letter and not ending with a hyphen, got {options.name!r}"
        )
    if not re.fullmatch(r"\d{12}", options.account_id):
        raise BootstrapError(f"an account has twelve digits, got {options.account_id!r}")
    _check_bucket(options)
    _check_key(options)
    if options.email is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", options.email):
        raise BootstrapError(f"--email must look like name@example.org, got {options.email!r}")
    if PROJECT_TAG in options.tags or ADOPTED_TAG in options.tags:
        raise BootstrapError(f"the tags {PROJECT_TAG} and {ADOPTED_TAG} are set by the bootstrap")
    if any(key.lower().startswith("aws:") for key in options.tags):
        raise BootstrapError("tags that begin with aws: are Amazon's own; choose another key")


def _check_bucket(options: Options) -> None:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", options.bucket):
        raise BootstrapError(
            "--bucket must be 3 to 63 lower case letters, digits, hyphens and dots, beginning and "
            f"ending with a letter or digit, got {options.bucket!r}"
        )
    if options.is_accelerated and "." in options.bucket:
        raise BootstrapError(
            f"--transfer-acceleration needs a bucket whose name has no dot, got {options.bucket!r}"
        )


def _check_key(options: Options) -> None:
    arn = options.kms_key_arn
    if arn is None:
        return
    found = re.fullmatch(r"arn:[a-z\d-]+:kms:([a-z\d-]+):(\d{12}):key/\S+", arn)
    if found is None:
        raise BootstrapError(
            "--kms-key-arn must look like arn:aws:kms:REGION:ACCOUNT:key/ID (an alias will not "
            f"do), got {arn!r}"
        )
    if found.group(1) != options.region:
        raise BootstrapError(
            f"--kms-key-arn is a key of {found.group(1)}, but everything else goes to "
            f"{options.region}: give a key of that region"
        )
