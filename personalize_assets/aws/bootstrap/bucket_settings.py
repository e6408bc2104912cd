"""What a bucket is set to: each setting read and written in CloudFormation's terms.

Lifecycle rules and notifications of others stay as they are. Every request names the account that
must own the bucket.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from personalize_assets.aws.bootstrap.account import Account, found_or_none
from personalize_assets.aws.bootstrap.handlers import tag_list, tag_map
from personalize_assets.aws.bootstrap.wanted import OUR_RULES, Resource

NOT_YET: Final = ("NoSuchBucket", "OperationAborted")
"""What S3 says for a while of a bucket that was made a moment ago."""

_NOTIFIED: Final = (
    "TopicConfigurations",
    "QueueConfigurations",
    "LambdaFunctionConfigurations",
    "EventBridgeConfiguration",
)


def at(account: Account, name: str) -> dict[str, str]:
    """The bucket as a request names it, with the account that must own it."""
    return {"Bucket": name, "ExpectedBucketOwner": account.account_id}


def bucket_tags(account: Account, name: str) -> dict[str, str]:
    """Tags of a bucket."""
    s3, here = account.client("s3"), at(account, name)
    answer: Any = found_or_none(lambda: s3.get_bucket_tagging(**here), "NoSuchTagSet")
    return {} if answer is None else tag_map(answer["TagSet"])


def _encryption(account: Account, resource: Resource) -> Any:
    s3, here = account.client("s3"), at(account, resource.id)
    none = "ServerSideEncryptionConfigurationNotFoundError"
    answer = found_or_none(lambda: s3.get_bucket_encryption(**here), none)
    if answer is None:
        return None
    rules = answer["ServerSideEncryptionConfiguration"]["Rules"]
    return {
        "ServerSideEncryptionConfiguration": [
            {
                "BucketKeyEnabled": rule.get("BucketKeyEnabled", False),
                "ServerSideEncryptionByDefault": _default_encryption(rule),
            }
            for rule in rules
        ]
    }


def _default_encryption(rule: Mapping[str, Any]) -> dict[str, Any]:
    default = dict(rule.get("ApplyServerSideEncryptionByDefault", {}))
    if default.get("KMSMasterKeyID") is None:
        default.pop("KMSMasterKeyID", None)
    return default


def _put_encryption(account: Account, resource: Resource) -> None:
    wanted = resource.properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    rules = [
        {
            "BucketKeyEnabled": rule["BucketKeyEnabled"],
            "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
        }
        for rule in wanted
    ]
    account.client("s3").put_bucket_encryption(
        **at(account, resource.id), ServerSideEncryptionConfiguration={"Rules": rules}
    )


def _public_access(account: Account, resource: Resource) -> Any:
    s3, here = account.client("s3"), at(account, resource.id)
    none = "NoSuchPublicAccessBlockConfiguration"
    answer = found_or_none(lambda: s3.get_public_access_block(**here), none)
    return None if answer is None else answer["PublicAccessBlockConfiguration"]


def _put_public_access(account: Account, resource: Resource) -> None:
    wanted = resource.properties["PublicAccessBlockConfiguration"]
    account.client("s3").put_public_access_block(
        **at(account, resource.id), PublicAccessBlockConfiguration=dict(wanted)
    )


def _ownership(account: Account, resource: Resource) -> Any:
    s3, here = account.client("s3"), at(account, resource.id)
    none = "OwnershipControlsNotFoundError"
    answer = found_or_none(lambda: s3.get_bucket_ownership_controls(**here), none)
    return None if answer is None else answer["OwnershipControls"]


def _put_ownership(account: Account, resource: Resource) -> None:
    wanted = resource.properties["OwnershipControls"]
    account.client("s3").put_bucket_ownership_controls(
        **at(account, resource.id), OwnershipControls=dict(wanted)
    )


def _acceleration(account: Account, resource: Resource) -> Any:
    here = at(account, resource.id)
    answer = account.client("s3").get_bucket_accelerate_configuration(**here)
    status = answer.get("Status")
    return None if not status else {"AccelerationStatus": status}


def _put_acceleration(account: Account, resource: Resource) -> None:
    status = resource.properties["AccelerateConfiguration"]["AccelerationStatus"]
    account.client("s3").put_bucket_accelerate_configuration(
        **at(account, resource.id), AccelerateConfiguration={"Status": status}
    )


def _put_tags(account: Account, resource: Resource) -> None:
    tags = {**bucket_tags(account, resource.id), **(resource.tags or {})}
    account.client("s3").put_bucket_tagging(
        **at(account, resource.id), Tagging={"TagSet": tag_list(tags)}
    )


def _rules(account: Account, name: str) -> list[dict[str, Any]]:
    s3, here = account.client("s3"), at(account, name)
    none = "NoSuchLifecycleConfiguration"
    answer = found_or_none(lambda: s3.get_bucket_lifecycle_configuration(**here), none)
    return [] if answer is None else answer["Rules"]


def other_rules(account: Account, name: str) -> list[dict[str, Any]]:
    """Lifecycle rules of a bucket that are not ours."""
    return [rule for rule in _rules(account, name) if rule.get("ID") not in OUR_RULES]


def _lifecycle(account: Account, resource: Resource) -> Any:
    ours = [rule for rule in _rules(account, resource.id) if rule.get("ID") in OUR_RULES]
    return {"Rules": [_rule_as_template(rule) for rule in ours]} if ours else None


def _rule_as_template(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A lifecycle rule of the API as CloudFormation writes it; what ours never have is kept."""
    plain = {k: v for k, v in rule.items() if k not in ("ID", "Filter", "Expiration", "Prefix")}
    plain["Id"] = rule["ID"]
    conditions = dict(rule.get("Filter") or {})
    if prefix := conditions.pop("Prefix", None) or rule.get("Prefix"):
        plain["Prefix"] = prefix
    if conditions:
        plain["Filter"] = conditions
    expiration = dict(rule.get("Expiration") or {})
    if days := expiration.pop("Days", None):
        plain["ExpirationInDays"] = days
    return plain


def _rule_of_template(rule: Mapping[str, Any]) -> dict[str, Any]:
    plain = {k: v for k, v in rule.items() if k not in ("Id", "Prefix", "ExpirationInDays")}
    plain |= {"ID": rule["Id"], "Filter": {"Prefix": rule.get("Prefix", "")}}
    if "ExpirationInDays" in rule:
        plain["Expiration"] = {"Days": rule["ExpirationInDays"]}
    return plain


def _put_lifecycle(account: Account, resource: Resource) -> None:
    wanted = resource.properties["LifecycleConfiguration"]["Rules"]
    rules = [*other_rules(account, resource.id), *map(_rule_of_template, wanted)]
    account.client("s3").put_bucket_lifecycle_configuration(
        **at(account, resource.id), LifecycleConfiguration={"Rules": rules}
    )


def _notified(account: Account, name: str) -> dict[str, Any]:
    here = at(account, name)
    answer = account.client("s3").get_bucket_notification_configuration(**here)
    return {member: answer[member] for member in _NOTIFIED if answer.get(member) is not None}


def _told_queues(resource: Resource) -> list[dict[str, Any]]:
    wanted = resource.properties.get("NotificationConfiguration", {})
    return list(wanted.get("QueueConfigurations", []))


def _notification(account: Account, resource: Resource) -> Any:
    ours = {one["Queue"] for one in _told_queues(resource)}
    configurations = _notified(account, resource.id).get("QueueConfigurations", [])
    told = [
        {"Event": event, "Queue": one["QueueArn"]}
        | ({"Filter": one["Filter"]} if one.get("Filter") else {})
        for one in configurations
        if one["QueueArn"] in ours
        for event in one["Events"]
    ]
    return {"QueueConfigurations": told} if told else None


def _put_notification(account: Account, resource: Resource) -> None:
    set_notifications(account, resource, _told_queues(resource))


def set_notifications(account: Account, resource: Resource, wanted: list[dict[str, Any]]) -> None:
    """Set ``wanted`` in place of what our queue is told now; others' notifications stay."""
    present = _notified(account, resource.id)
    ours = {one["Queue"] for one in _told_queues(resource)}
    queues = present.get("QueueConfigurations", [])
    others = [one for one in queues if one["QueueArn"] not in ours]
    new = [{"QueueArn": one["Queue"], "Events": [one["Event"]]} for one in wanted]
    # S3 asks the queue whether it may send, and a new queue's policy takes a while.
    account.patiently(
        lambda: account.client("s3").put_bucket_notification_configuration(
            **at(account, resource.id),
            NotificationConfiguration={**present, "QueueConfigurations": [*others, *new]},
        ),
        "InvalidArgument",
        *NOT_YET,
    )


READERS: Final[Mapping[str, Callable[[Account, Resource], Any]]] = {
    "BucketEncryption": _encryption,
    "PublicAccessBlockConfiguration": _public_access,
    "OwnershipControls": _ownership,
    "LifecycleConfiguration": _lifecycle,
    "AccelerateConfiguration": _acceleration,
    "NotificationConfiguration": _notification,
}
"""How each property is read; None where it is not set."""

WRITERS: Final[Mapping[str, Callable[[Account, Resource], None]]] = {
    "Tags": _put_tags,
    "PublicAccessBlockConfiguration": _put_public_access,
    "OwnershipControls": _put_ownership,
    "BucketEncryption": _put_encryption,
    "LifecycleConfiguration": _put_lifecycle,
    "AccelerateConfiguration": _put_acceleration,
    "NotificationConfiguration": _put_notification,
}
"""How each property is written, in this order: the mark first, a bucket without it is nobody's."""
