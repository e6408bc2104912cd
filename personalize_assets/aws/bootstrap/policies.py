"""The policies of bucket, roles, key and queue: exactly what each needs, as plain documents.

What Amazon Personalize needs stands on its pages granting-personalize-s3-access.html,
granting-personalize-key-access.html, metric-attribution-requirements.html and
cross-service-confused-deputy-prevention.html. The policy of the operator is in ``operator_policy``.
"""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

from personalize_assets.aws.bootstrap.differences import canonical
from personalize_assets.aws.bootstrap.options import Options
from personalize_assets.aws.glue import glue_role_statements

VERSION: Final = "2012-10-17"
PERSONALIZE: Final = "personalize.amazonaws.com"

Document = dict[str, Any]
"""A policy document as IAM writes it."""

_KEY_ACTIONS: Final = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:ListGrants"]


def document(*statements: Document) -> Document:
    """A policy document of these statements."""
    return {"Version": VERSION, "Statement": list(statements)}


def allow(sid: str, actions: Sequence[str], *resources: str) -> Document:
    """A statement that allows ``actions`` on ``resources``."""
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def trust_policy(options: Options) -> Document:
    """Who may assume the service role: Amazon Personalize, for this account and region only."""
    source = f"arn:{options.partition}:personalize:{options.region}:{options.account_id}:*"
    return document(
        {
            "Sid": "PersonalizeOfThisAccount",
            "Effect": "Allow",
            "Principal": {"Service": [PERSONALIZE]},
            "Action": ["sts:AssumeRole"],
            "Condition": {
                "StringEquals": {"aws:SourceAccount": options.account_id},
                "ArnLike": {"aws:SourceArn": source},
            },
        }
    )


def service_policy(options: Options) -> Document:
    """What Amazon Personalize may do as the service role.

    Imports and deletions read, batch jobs and exports write as well, metric attribution puts
    metrics (which have no resource that could be named).
    """
    statements = [
        allow("ListBucket", ["s3:ListBucket"], options.bucket_arn),
        allow("ReadAndWriteObjects", ["s3:GetObject", "s3:PutObject"], f"{options.bucket_arn}/*"),
        allow("AttributeMetrics", ["cloudwatch:PutMetricData"], "*"),
    ]
    if options.key_arn is not None:
        # An export out of a group with a key of its own needs the last one.
        actions = [*_KEY_ACTIONS, "kms:GenerateDataKeyWithoutPlaintext"]
        statements.append(allow("UseKey", actions, options.key_arn))
    return document(*statements)


def bucket_policy(options: Options) -> Document:
    """What the bucket allows to Amazon Personalize, and to nobody without TLS.

    The condition holds where the service names the account that it works for; the service's own
    pages do not promise that it does so with S3, hence ``IfExists``.
    """
    principal = {"Service": [PERSONALIZE]}
    condition = _for_this_account(options)
    return document(
        {
            **allow("PersonalizeListsBucket", ["s3:ListBucket"], options.bucket_arn),
            "Principal": principal,
            "Condition": condition,
        },
        {
            **allow(
                "PersonalizeReadsAndWritesObjects",
                ["s3:GetObject", "s3:PutObject"],
                f"{options.bucket_arn}/*",
            ),
            "Principal": principal,
            "Condition": condition,
        },
        {
            "Sid": "NobodyWithoutEncryptedTransport",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:*"],
            "Resource": [options.bucket_arn, f"{options.bucket_arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    )


def key_policy(options: Options) -> Document:
    """Policy of a key that is made here: the account manages it, Personalize works with it."""
    root = f"arn:{options.partition}:iam::{options.account_id}:root"
    return document(
        {**allow("AccountManagesKey", ["kms:*"], "*"), "Principal": {"AWS": [root]}},
        *key_statements(options),
    )


def key_statements(options: Options) -> list[Document]:
    """What the policy of any key has to hold so that Amazon Personalize can use it."""
    actions = sorted([*_KEY_ACTIONS, "kms:CreateGrant"])
    return [
        {
            **allow("ServiceRoleUsesKey", actions, "*"),
            "Principal": {"AWS": [options.service_role_arn]},
        },
        {
            **allow("PersonalizeUsesKey", actions, "*"),
            "Principal": {"Service": [PERSONALIZE]},
            "Condition": _for_this_account(options),
        },
    ]


def missing_key_statements(policy: Mapping[str, Any], options: Options) -> list[Document]:
    """Statements that the policy of a given key lacks for Amazon Personalize to use it.

    Only statements that allow are looked at; conditions are taken to hold.
    """
    return [one for one in key_statements(options) if not _allows(policy, one)]


def _allows(policy: Mapping[str, Any], wanted: Document) -> bool:
    ((kind, (principal,)),) = wanted["Principal"].items()
    granted: list[str] = []
    for statement in canonical(policy).get("Statement", []):
        principals = statement.get("Principal", {})
        named: list[str] = [] if principals == "*" else principals.get(kind, [])
        if statement["Effect"] == "Allow" and (principals == "*" or principal in named):
            granted += statement.get("Action", [])
    return all(any(fnmatchcase(action, one) for one in granted) for action in wanted["Action"])


def queue_policy(options: Options) -> Document:
    """Who may put messages into the queue: S3, for this bucket of this account only."""
    return document(
        {
            **allow("BucketTellsOfObjects", ["sqs:SendMessage"], options.queue_arn),
            "Principal": {"Service": ["s3.amazonaws.com"]},
            "Condition": {
                "StringEquals": {"aws:SourceAccount": options.account_id},
                "ArnEquals": {"aws:SourceArn": options.bucket_arn},
            },
        }
    )


def glue_policy(options: Options) -> Document:
    """What the Glue job may do."""
    return document(
        *glue_role_statements(
            bucket=options.bucket,
            region=options.region,
            account_id=options.account_id,
            partition=options.partition,
            kms_key_arn=options.key_arn,
        )
    )


def _for_this_account(options: Options) -> Document:
    return {"StringEqualsIfExists": {"aws:SourceAccount": options.account_id}}
