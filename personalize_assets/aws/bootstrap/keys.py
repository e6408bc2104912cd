"""The key that is made for the account, and the alias that it is found again by."""

import json
from collections.abc import Collection
from typing import Any, Final

from personalize_assets.aws.bootstrap.account import Account, found_or_none
from personalize_assets.aws.bootstrap.handlers import Found
from personalize_assets.aws.bootstrap.wanted import Resource
from personalize_assets.aws.naming import PROJECT_TAG

WAITING_DAYS: Final = 30
"""So long a key can be had back after its deletion was asked for."""

_NONE: Final = "NotFoundException"
_UNKNOWN_ROLE: Final = "MalformedPolicyDocumentException"


def find_key(account: Account, alias: str, name: str) -> dict[str, Any] | None:
    """The key with our mark, behind ``alias`` or without it; else whatever ``alias`` stands for.

    Args:
        account: Where to look.
        alias: ``alias/NAME``.
        name: Value of the mark.

    Returns:
        KMS's metadata of the key; None where there is none that can be used.
    """
    kms = account.client("kms")
    answer: Any = found_or_none(lambda: kms.describe_key(KeyId=alias), _NONE)
    behind = None if answer is None else _customer_key(account, answer["KeyMetadata"]["KeyId"])
    if behind is not None and _tags(account, behind["KeyId"]).get(PROJECT_TAG) == name:
        return behind
    for page in kms.get_paginator("list_keys").paginate():
        for key in page["Keys"]:
            metadata = _customer_key(account, key["KeyId"])
            if metadata and _tags(account, key["KeyId"]).get(PROJECT_TAG) == name:
                return metadata
    return behind  # somebody else's, if any


class KeyHandler:
    """`AWS::KMS::Key`, found by its alias or its mark."""

    def find(self, account: Account, resource: Resource) -> Found | None:
        """Look at the key."""
        key = self._key(account, resource)
        if key is None:
            return None
        kms, key_id = account.client("kms"), key["KeyId"]
        policy = kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]
        rotation = kms.get_key_rotation_status(KeyId=key_id)
        properties = {
            "Description": key.get("Description"),
            "EnableKeyRotation": rotation["KeyRotationEnabled"],
            "KeyPolicy": json.loads(policy),
        }
        return Found(properties, _tags(account, key_id), key["Arn"])

    def create(self, account: Account, resource: Resource) -> None:
        """Make the key, with policy and tags from the first moment."""
        kms = account.client("kms")
        account.patiently(
            lambda: kms.create_key(
                Description=resource.properties["Description"],
                Policy=json.dumps(resource.properties["KeyPolicy"]),
                Tags=_kms_tags(resource),
            ),
            _UNKNOWN_ROLE,
        )

    def change(self, account: Account, resource: Resource, names: Collection[str]) -> None:
        """Set what is not as it should be."""
        key = self._key(account, resource)
        if key is None:
            return
        kms, key_id, properties = account.client("kms"), key["KeyId"], resource.properties
        if "Tags" in names:
            kms.tag_resource(KeyId=key_id, Tags=_kms_tags(resource))
        if "KeyPolicy" in names:
            policy = json.dumps(properties["KeyPolicy"])
            account.patiently(
                lambda: kms.put_key_policy(KeyId=key_id, PolicyName="default", Policy=policy),
                _UNKNOWN_ROLE,
            )
        if "EnableKeyRotation" in names:
            kms.enable_key_rotation(KeyId=key_id)
        if "Description" in names:
            kms.update_key_description(KeyId=key_id, Description=properties["Description"])

    def delete(self, account: Account, resource: Resource) -> None:
        """Have the key deleted after ``WAITING_DAYS``; until then it can be had back."""
        key = self._key(account, resource)
        if key is not None:
            account.client("kms").schedule_key_deletion(
                KeyId=key["KeyId"], PendingWindowInDays=WAITING_DAYS
            )

    def _key(self, account: Account, resource: Resource) -> dict[str, Any] | None:
        return find_key(account, resource.id, (resource.tags or {})[PROJECT_TAG])


class AliasHandler:
    """`AWS::KMS::Alias`."""

    def find(self, account: Account, resource: Resource) -> Found | None:
        """Look at what the alias stands for."""
        kms = account.client("kms")
        answer = found_or_none(lambda: kms.describe_key(KeyId=resource.id), _NONE)
        if answer is None:
            return None
        target = answer["KeyMetadata"]["Arn"]
        return Found({"AliasName": resource.id, "TargetKeyId": target}, {}, resource.id)

    def create(self, account: Account, resource: Resource) -> None:
        """Make the alias."""
        account.client("kms").create_alias(
            AliasName=resource.id, TargetKeyId=resource.properties["TargetKeyId"]
        )

    def change(self, account: Account, resource: Resource, names: Collection[str]) -> None:
        """Let the alias stand for the key that it should."""
        account.client("kms").update_alias(
            AliasName=resource.id, TargetKeyId=resource.properties["TargetKeyId"]
        )

    def delete(self, account: Account, resource: Resource) -> None:
        """Delete the alias; its key stays."""
        kms = account.client("kms")
        found_or_none(lambda: kms.delete_alias(AliasName=resource.id), _NONE)


def _customer_key(account: Account, key_id: str) -> dict[str, Any] | None:
    """Metadata of a key that can be used, but neither Amazon's own nor closed to us."""
    kms = account.client("kms")
    answer: Any = found_or_none(
        lambda: kms.describe_key(KeyId=key_id), _NONE, "AccessDeniedException"
    )
    if answer is None:
        return None
    metadata: dict[str, Any] = answer["KeyMetadata"]
    return metadata if metadata["KeyManager"] == "CUSTOMER" and _is_usable(metadata) else None


def _is_usable(metadata: dict[str, Any]) -> bool:
    return metadata.get("KeyState") not in ("PendingDeletion", "PendingReplicaDeletion")


def _tags(account: Account, key_id: str) -> dict[str, str]:
    kms = account.client("kms")
    answer: Any = found_or_none(
        lambda: kms.list_resource_tags(KeyId=key_id), _NONE, "AccessDeniedException"
    )
    return {} if answer is None else {one["TagKey"]: one["TagValue"] for one in answer["Tags"]}


def _kms_tags(resource: Resource) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in (resource.tags or {}).items()]


def is_behind(account: Account, alias: str, key_arn: str) -> bool:
    """Whether ``alias`` stands for the key ``key_arn``: then it was made here."""
    kms = account.client("kms")
    answer: Any = found_or_none(lambda: kms.describe_key(KeyId=alias), _NONE)
    return answer is not None and answer["KeyMetadata"]["Arn"] == key_arn
