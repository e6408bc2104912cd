r"""What each setting may be: a check takes what was given and returns its value, or refuses.

Texts that are empty stand for settings that were not given; most checks return None for them.
"""

import re

from personalize_assets.aws.given import Given

MAX_TAGS = 40
"""The service takes 50 on a resource, and the project adds its own."""

_MAX_TAG_KEY, _MAX_TAG_VALUE = 128, 256  # botocore: TagKey and TagValue of personalize
_TAG_TEXT = re.compile(r"[\w\s.:/=+\-@]*")
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


def partition_of(region: str) -> str:
    """The partition of a region: ``aws-cn`` for China, ``aws-us-gov`` for GovCloud, or ``aws``.

    Example:
        >>> partition_of("eu-west-1"), partition_of("cn-north-1")
        ('aws', 'aws-cn')
    """
    return next((p for prefix, p in _PARTITIONS.items() if region.startswith(prefix)), "aws")


def role_arn(given: Given) -> str:
    """The ARN of a role.

    Raises:
        DeploymentError: It is none.
    """
    if not re.fullmatch(r"arn:aws[a-z-]*:iam::\d{12}:role/[!-~]+", given.text):
        raise given.refusal("must look like arn:aws:iam::123456789012:role/NAME")
    return given.text


def same_partition(role: Given, region: str | None) -> None:
    """Check that a role can exist where the region is.

    Raises:
        DeploymentError: The role is of another partition.
    """
    if region is not None and role.text.split(":")[1] != partition_of(region):
        raise role.refusal(f"must begin with arn:{partition_of(region)}: in the region {region}")


def region(given: Given) -> str | None:
    """The name of a region, such as ``eu-west-1``.

    Raises:
        DeploymentError: It has another form.
    """
    return _matching(given, r"[a-z]{2}(-[a-z]+)+-\d{1,2}", "must be a region such as eu-west-1")


def account(given: Given) -> str | None:
    """Twelve digits.

    Raises:
        DeploymentError: They are not.
    """
    return _matching(given, r"\d{12}", "must be the twelve digits of an account")


def bucket(given: Given) -> str | None:
    """The name of a bucket, not its address.

    Raises:
        DeploymentError: S3 allows no such name.
    """
    expected = (
        "must be the name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens, "
        "without s3://"
    )
    return _matching(given, r"(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", expected)


def kms_key_arn(given: Given) -> str | None:
    """The ARN of a KMS key.

    Raises:
        DeploymentError: It is none, but an alias, an id or something else.
    """
    expected = "must look like arn:aws:kms:REGION:ACCOUNT:key/ID (an alias does not do)"
    return _matching(given, r"arn:aws[a-z-]*:kms:[a-z\d-]+:\d{12}:key/[\w-]+", expected)


def topic_arn(given: Given) -> str | None:
    """The ARN of an SNS topic, standard or FIFO.

    Raises:
        DeploymentError: It is none.
    """
    expected = "must look like arn:aws:sns:REGION:ACCOUNT:NAME"
    return _matching(given, r"arn:aws[a-z-]*:sns:[a-z\d-]+:\d{12}:[\w-]+(\.fifo)?", expected)


def queue_url(given: Given) -> str | None:
    """The address of an SQS queue.

    Raises:
        DeploymentError: It is none.
    """
    expected = "must look like https://sqs.REGION.amazonaws.com/ACCOUNT/NAME"
    return _matching(given, r"https?://\S+/\d{12}/[\w-]+(\.fifo)?", expected)


def ui_url(given: Given) -> str | None:
    """The address of the Dagster UI.

    Raises:
        DeploymentError: It is none of http or https.
    """
    return _matching(
        given, r"https?://[^\s/]+(/\S*)?", "must look like https://dagster.example.org"
    )


def glue_job(given: Given) -> str | None:
    """The name of a Glue job.

    Raises:
        DeploymentError: Glue allows no such name.
    """
    return _matching(given, r"[^\s/:][^/:\n]{0,254}", "must be the name of a Glue job, no ARN")


def tags(given: Given) -> dict[str, str]:
    """Tags, from ``key=value,key=value`` or from the file's mapping.

    Raises:
        DeploymentError: They are written otherwise, too many, too long, or AWS allows none such.
    """
    found = dict(given.tags) if given.tags is not None else _tags_of_text(given)
    if len(found) > MAX_TAGS:
        raise given.refusal(f"must be at most {MAX_TAGS} tags", f"{len(found)}")
    for key, value in found.items():
        if fault := _tag_fault(key, value):
            raise given.refusal(fault, f"{key}={value}")
    return found


def flag(given: Given) -> bool:
    """``true`` or ``false``.

    Raises:
        DeploymentError: It is neither.
    """
    if given.text.lower() not in ("true", "false"):
        raise given.refusal("must be true or false")
    return given.text.lower() == "true"


def one_of(given: Given, *allowed: str) -> str:
    """One of a few words.

    Raises:
        DeploymentError: It is another one.
    """
    if given.text not in allowed:
        raise given.refusal(f"must be {' or '.join(allowed)}")
    return given.text


def whole_number(given: Given, lowest: int, highest: int) -> int:
    """A whole number between two bounds, both allowed.

    Raises:
        DeploymentError: It is none, or beyond them.
    """
    if not re.fullmatch(r"\d{1,9}", given.text) or not lowest <= int(given.text) <= highest:
        raise given.refusal(f"must be a whole number from {lowest} to {highest}")
    return int(given.text)


def port(given: Given) -> int:
    """A port; 0 for any.

    Raises:
        DeploymentError: It is none.
    """
    if not re.fullmatch(r"\d{1,5}", given.text) or int(given.text) > 65535:
        raise given.refusal("must be a port between 0 and 65535")
    return int(given.text)


def seconds(given: Given) -> float:
    """A number of seconds.

    Raises:
        DeploymentError: It is none, or negative.
    """
    if not re.fullmatch(r"\d{1,9}(\.\d+)?", given.text):
        raise given.refusal("must be a number of seconds >= 0")
    return float(given.text)


def _matching(given: Given, pattern: str, expected: str) -> str | None:
    if given.text and not re.fullmatch(pattern, given.text):
        raise given.refusal(expected)
    return given.text or None


def _tags_of_text(given: Given) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in given.text.split(","))):
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise given.refusal("must be key=value,key=value", pair)
        found[key.strip()] = value.strip()
    return found


def _tag_fault(key: str, value: str) -> str:
    """What AWS would refuse a tag for; empty where it would not."""
    if not 1 <= len(key) <= _MAX_TAG_KEY or len(value) > _MAX_TAG_VALUE:
        return f"must have keys of 1 to {_MAX_TAG_KEY} and values of 0 to {_MAX_TAG_VALUE} letters"
    if key.lower().startswith("aws:"):
        return "must have no keys that begin with aws:, which are Amazon's own"
    if not _TAG_TEXT.fullmatch(key) or not _TAG_TEXT.fullmatch(value):
        return "must consist of letters, digits, spaces and _ . : / = + - @"
    return ""
