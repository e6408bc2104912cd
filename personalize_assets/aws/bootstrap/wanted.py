"""Everything that is to be in the account, resource by resource, in CloudFormation's terms.

Logical names, types and properties are those of ``deploy/cloudformation.yaml``; the order is one
in which the resources can be made. Pure: the same options give the same description.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from personalize_assets.aws.bootstrap.operator_policy import operator_policy
from personalize_assets.aws.bootstrap.options import Options
from personalize_assets.aws.bootstrap.policies import (
    bucket_policy,
    glue_policy,
    key_policy,
    queue_policy,
    service_policy,
    trust_policy,
)
from personalize_assets.aws.glue import TEMPORARY_PREFIX, glue_job_properties, glue_trust_policy
from personalize_assets.aws.queue import VISIBILITY_S

BUCKET: Final = "AWS::S3::Bucket"
BUCKET_POLICY: Final = "AWS::S3::BucketPolicy"
ROLE: Final = "AWS::IAM::Role"
ROLE_POLICY: Final = "AWS::IAM::Policy"
MANAGED_POLICY: Final = "AWS::IAM::ManagedPolicy"
KEY: Final = "AWS::KMS::Key"
ALIAS: Final = "AWS::KMS::Alias"
TOPIC: Final = "AWS::SNS::Topic"
SUBSCRIPTION: Final = "AWS::SNS::Subscription"
QUEUE: Final = "AWS::SQS::Queue"
QUEUE_POLICY: Final = "AWS::SQS::QueuePolicy"
GLUE_JOB: Final = "AWS::Glue::Job"

UPLOADS_RULE: Final = "personalize-assets-abandoned-uploads"
TEMPORARY_RULE: Final = "personalize-assets-temporary-files"
OUR_RULES: Final = (UPLOADS_RULE, TEMPORARY_RULE)
"""Lifecycle rules of the bucket that are cared for; others stay as they are."""

OBJECT_CREATED: Final = "s3:ObjectCreated:*"
_ABANDONED_DAYS, _TEMPORARY_DAYS = 7, 1
_QUEUE_KEEPS_S = 4 * 24 * 3600


@dataclass(frozen=True)
class Resource:
    """One resource as it is to be.

    Attributes:
        logical: Name in the template.
        type: CloudFormation's type.
        label: For people.
        id: What it is found by: name, ARN of the managed policy and topic, address of who listens.
        properties: In CloudFormation's terms, without tags.
        tags: Its tags; None for what has none and belongs to another resource.
        is_shared: Whether others have a part in it that stays, as in an adopted bucket.
    """

    logical: str
    type: str
    label: str
    id: str
    properties: Mapping[str, Any]
    tags: Mapping[str, str] | None = None
    is_shared: bool = False

    def template_properties(self) -> dict[str, Any]:
        """Its properties as the template has them, tags included."""
        if self.tags is None or self.type == MANAGED_POLICY:  # CloudFormation cannot tag these
            return dict(self.properties)
        if self.type == GLUE_JOB:
            return {**self.properties, "Tags": dict(self.tags)}
        tags = [{"Key": key, "Value": value} for key, value in sorted(self.tags.items())]
        return {**self.properties, "Tags": tags}


def wanted(options: Options) -> tuple[Resource, ...]:
    """Describe everything that ``options`` asks for, in an order in which it can be made."""
    return (
        _service_role(options),
        *(_key(options) if options.creates_key else ()),
        _service_policy(options),
        *_topic(options),
        *(_queue(options) if options.has_queue else ()),
        *_bucket(options),
        *(_glue(options) if options.has_glue else ()),
        _operator_policy(options),
    )


def _service_role(options: Options) -> Resource:
    return Resource(
        "ServiceRole",
        ROLE,
        "role of Amazon Personalize",
        options.service_role,
        {
            "RoleName": options.service_role,
            "Description": "Amazon Personalize reads and writes the bucket as this role.",
            "AssumeRolePolicyDocument": trust_policy(options),
            "ManagedPolicyArns": [],
        },
        options.all_tags,
    )


def _service_policy(options: Options) -> Resource:
    return _role_policy(
        "ServicePolicy", "rights of that role", options.service_role, service_policy(options)
    )


def _role_policy(logical: str, label: str, role: str, policy: Mapping[str, Any]) -> Resource:
    name = f"{role}-policy"
    properties = {"PolicyName": name, "PolicyDocument": policy, "Roles": [role]}
    return Resource(logical, ROLE_POLICY, label, f"{role}/{name}", properties)


def _key(options: Options) -> tuple[Resource, ...]:
    key = Resource(
        "Key",
        KEY,
        "key for encryption",
        options.key_alias,
        {
            "Description": f"Encrypts data of {options.name}.",
            "EnableKeyRotation": True,
            "KeyPolicy": key_policy(options),
        },
        options.all_tags,
    )
    target = {"AliasName": options.key_alias, "TargetKeyId": options.key_arn}
    return (key, Resource("KeyAlias", ALIAS, "alias of that key", options.key_alias, target))


def _topic(options: Options) -> tuple[Resource, ...]:
    properties: dict[str, Any] = {"TopicName": options.name}
    if options.key_arn is not None:
        properties["KmsMasterKeyId"] = options.key_arn
    topic = Resource(
        "Topic", TOPIC, "topic for notices", options.topic_arn, properties, options.all_tags
    )
    if options.email is None:
        return (topic,)
    subscribed = {"TopicArn": options.topic_arn, "Protocol": "email", "Endpoint": options.email}
    return (
        topic,
        Resource("Subscription", SUBSCRIPTION, "e-mail for notices", options.email, subscribed),
    )


def _queue(options: Options) -> tuple[Resource, ...]:
    queue = Resource(
        "Queue",
        QUEUE,
        "queue of new objects",
        options.name,
        {
            "QueueName": options.name,
            # Not the bucket's key: S3 would have to be let into that one as well.
            "SqsManagedSseEnabled": True,
            "VisibilityTimeout": VISIBILITY_S,
            "MessageRetentionPeriod": _QUEUE_KEEPS_S,
        },
        options.all_tags,
    )
    policy = {"PolicyDocument": queue_policy(options), "Queues": [options.name]}
    return (
        queue,
        Resource("QueuePolicy", QUEUE_POLICY, "rights on that queue", options.name, policy),
    )


def _bucket(options: Options) -> tuple[Resource, ...]:
    properties: dict[str, Any] = {
        "BucketName": options.bucket,
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [_encryption(options)]},
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "LifecycleConfiguration": {"Rules": _lifecycle_rules()},
    }
    if options.is_accelerated:
        properties["AccelerateConfiguration"] = {"AccelerationStatus": "Enabled"}
    if options.has_queue:
        told = {"Event": OBJECT_CREATED, "Queue": options.queue_arn}
        properties["NotificationConfiguration"] = {"QueueConfigurations": [told]}
    policy = {"Bucket": options.bucket, "PolicyDocument": bucket_policy(options)}
    return (
        Resource("Bucket", BUCKET, "bucket", options.bucket, properties, options.all_tags),
        Resource("BucketPolicy", BUCKET_POLICY, "policy of the bucket", options.bucket, policy),
    )


def _encryption(options: Options) -> dict[str, Any]:
    if options.key_arn is None:
        default: dict[str, Any] = {"SSEAlgorithm": "AES256"}
    else:
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": options.key_arn}
    # A bucket key asks KMS once for many objects, which is what KMS is paid for.
    has_key = options.key_arn is not None
    return {"BucketKeyEnabled": has_key, "ServerSideEncryptionByDefault": default}


def _lifecycle_rules() -> list[dict[str, Any]]:
    return [
        {
            "Id": UPLOADS_RULE,
            "Status": "Enabled",
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": _ABANDONED_DAYS},
        },
        {
            "Id": TEMPORARY_RULE,
            "Status": "Enabled",
            "Prefix": TEMPORARY_PREFIX,
            "ExpirationInDays": _TEMPORARY_DAYS,
        },
    ]


def _glue(options: Options) -> tuple[Resource, ...]:
    role = Resource(
        "GlueRole",
        ROLE,
        "role of the Glue job",
        options.glue_role,
        {
            "RoleName": options.glue_role,
            "Description": "The AWS Glue job that cleans data works as this role.",
            "AssumeRolePolicyDocument": glue_trust_policy(),
            "ManagedPolicyArns": [],
        },
        options.all_tags,
    )
    policy = _role_policy(
        "GluePolicy", "rights of that role", options.glue_role, glue_policy(options)
    )
    properties = glue_job_properties(
        name=options.name, role_arn=options.glue_role_arn, bucket=options.bucket, tags={}
    )
    del properties["Tags"]
    job = Resource("GlueJob", GLUE_JOB, "Glue job", options.name, properties, options.all_tags)
    return (role, policy, job)


def _operator_policy(options: Options) -> Resource:
    return Resource(
        "OperatorPolicy",
        MANAGED_POLICY,
        "policy for whoever runs Dagster",
        options.operator_policy_arn,
        {
            "ManagedPolicyName": options.operator_policy,
            "Description": "Runs Dagster with Amazon Personalize.",
            "Path": "/",
            "PolicyDocument": operator_policy(options),
        },
        options.all_tags,
    )
