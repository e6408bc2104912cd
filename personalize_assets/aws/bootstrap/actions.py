"""Which IAM actions an operation of AWS needs: mostly its own name, with the exceptions listed.

Operations are named as botocore does, ``service:Operation``; actions as IAM does. The exceptions
are those of the Service Authorization Reference.
"""

from collections.abc import Iterable, Mapping
from typing import Final

_PREFIXES: Final[Mapping[str, str]] = {
    "personalize-runtime": "personalize",
    "personalize-events": "personalize",
    "service-quotas": "servicequotas",
}
"""Services whose actions begin otherwise than their name."""

_EXCEPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "s3:AbortMultipartUpload": ("s3:AbortMultipartUpload",),
    "s3:CompleteMultipartUpload": ("s3:PutObject",),
    "s3:CopyObject": ("s3:GetObject", "s3:PutObject"),
    "s3:CreateMultipartUpload": ("s3:PutObject",),
    "s3:DeleteBucketLifecycle": ("s3:PutLifecycleConfiguration",),
    "s3:DeleteBucketTagging": ("s3:PutBucketTagging",),
    "s3:DeleteObjects": ("s3:DeleteObject",),
    "s3:GetBucketAccelerateConfiguration": ("s3:GetAccelerateConfiguration",),
    "s3:GetBucketEncryption": ("s3:GetEncryptionConfiguration",),
    "s3:GetBucketLifecycleConfiguration": ("s3:GetLifecycleConfiguration",),
    "s3:GetBucketNotificationConfiguration": ("s3:GetBucketNotification",),
    "s3:GetPublicAccessBlock": ("s3:GetBucketPublicAccessBlock",),
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:ListMultipartUploads": ("s3:ListBucketMultipartUploads",),
    "s3:ListObjectVersions": ("s3:ListBucketVersions",),
    "s3:ListObjects": ("s3:ListBucket",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:ListParts": ("s3:ListMultipartUploadParts",),
    "s3:PutBucketAccelerateConfiguration": ("s3:PutAccelerateConfiguration",),
    "s3:PutBucketEncryption": ("s3:PutEncryptionConfiguration",),
    "s3:PutBucketLifecycleConfiguration": ("s3:PutLifecycleConfiguration",),
    "s3:PutBucketNotificationConfiguration": ("s3:PutBucketNotification",),
    "s3:PutPublicAccessBlock": ("s3:PutBucketPublicAccessBlock",),
    "s3:UploadPart": ("s3:PutObject",),
    "s3:UploadPartCopy": ("s3:GetObject", "s3:PutObject"),
    "sns:PublishBatch": ("sns:Publish",),
    "sqs:ChangeMessageVisibilityBatch": ("sqs:ChangeMessageVisibility",),
    "sqs:DeleteMessageBatch": ("sqs:DeleteMessage",),
    "sqs:SendMessageBatch": ("sqs:SendMessage",),
    "sts:GetCallerIdentity": (),  # allowed to everybody
}


def actions_of(operation: str) -> tuple[str, ...]:
    """The IAM actions that ``operation`` needs, none where it is allowed to everybody.

    What the objects of a call need beside it, such as ``iam:PassRole`` for its role or the key of
    an encrypted object, is no part of the table.

    Args:
        operation: Service and operation in botocore's names.

    Raises:
        ValueError: It is not of the form ``service:Operation``.

    Example:
        >>> actions_of("s3:HeadObject"), actions_of("personalize-runtime:GetRecommendations")
        (('s3:GetObject',), ('personalize:GetRecommendations',))
    """
    service, colon, name = operation.partition(":")
    if not (service and colon and name):
        raise ValueError(f"expected service:Operation, such as s3:HeadObject, got {operation!r}")
    return _EXCEPTIONS.get(operation, (f"{_PREFIXES.get(service, service)}:{name}",))


def actions_of_all(operations: Iterable[str]) -> list[str]:
    """The IAM actions of several operations together, each once, in order of their names.

    Example:
        >>> actions_of_all(["s3:HeadBucket", "s3:ListObjectsV2"])
        ['s3:ListBucket']
    """
    return sorted({action for operation in operations for action in actions_of(operation)})
