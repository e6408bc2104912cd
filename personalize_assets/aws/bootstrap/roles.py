"""Roles, what they may do, and the managed policy."""

import json
from collections.abc import Collection
from typing import Any, Final

from personalize_assets.aws.bootstrap.account import Account, found_or_none
from personalize_assets.aws.bootstrap.handlers import Found, tag_list, tag_map
from personalize_assets.aws.bootstrap.wanted import Resource

_NONE: Final = "NoSuchEntity"
_MOST_VERSIONS: Final = 5  # of a managed policy: reference_iam-quotas.html


class RoleHandler:
    """`AWS::IAM::Role`; managed policies that somebody attached to it are taken off again."""

    def find(self, account: Account, resource: Resource) -> Found | None:
        """Look at the role."""
        iam = account.client("iam")
        answer = found_or_none(lambda: iam.get_role(RoleName=resource.id), _NONE)
        if answer is None:
            return None
        role = answer["Role"]
        properties = {
            "RoleName": resource.id,
            "Description": role.get("Description"),
            "AssumeRolePolicyDocument": role["AssumeRolePolicyDocument"],
            "ManagedPolicyArns": _attached(account, resource.id),
        }
        return Found(properties, tag_map(role.get("Tags")), role["Arn"])

    def create(self, account: Account, resource: Resource) -> None:
        """Make the role, with its tags from the first moment."""
        account.client("iam").create_role(
            RoleName=resource.id,
            Description=resource.properties["Description"],
            AssumeRolePolicyDocument=json.dumps(resource.properties["AssumeRolePolicyDocument"]),
            Tags=tag_list(resource.tags),
        )

    def change(self, account: Account, resource: Resource, names: Collection[str]) -> None:
        """Set what is not as it should be."""
        iam, properties = account.client("iam"), resource.properties
        if "AssumeRolePolicyDocument" in names:
            document = json.dumps(properties["AssumeRolePolicyDocument"])
            iam.update_assume_role_policy(RoleName=resource.id, PolicyDocument=document)
        if "Description" in names:
            iam.update_role(RoleName=resource.id, Description=properties["Description"])
        if "ManagedPolicyArns" in names:
            _detach_all(account, resource.id)
        if "Tags" in names:
            iam.tag_role(RoleName=resource.id, Tags=tag_list(resource.tags))

    def delete(self, account: Account, resource: Resource) -> None:
        """Delete the role with all policies in it."""
        iam = account.client("iam")
        if found_or_none(lambda: iam.get_role(RoleName=resource.id), _NONE) is None:
            return
        _detach_all(account, resource.id)
        for page in iam.get_paginator("list_role_policies").paginate(RoleName=resource.id):
            for name in page["PolicyNames"]:
                iam.delete_role_policy(RoleName=resource.id, PolicyName=name)
        iam.delete_role(RoleName=resource.id)


class RolePolicyHandler:
    """`AWS::IAM::Policy` inside one role."""

    def find(self, account: Account, resource: Resource) -> Found | None:
        """Look at the policy."""
        iam, (role, name) = account.client("iam"), resource.id.split("/")
        answer = found_or_none(lambda: iam.get_role_policy(RoleName=role, PolicyName=name), _NONE)
        if answer is None:
            return None
        properties = {
            "PolicyName": name,
            "PolicyDocument": answer["PolicyDocument"],
            "Roles": [role],
        }
        return Found(properties, {}, resource.id)

    def create(self, account: Account, resource: Resource) -> None:
        """Put the policy."""
        self.change(account, resource, ["PolicyDocument"])

    def change(self, account: Account, resource: Resource, names: Collection[str]) -> None:
        """Put the policy in place of the one that is there."""
        role, name = resource.id.split("/")
        account.client("iam").put_role_policy(
            RoleName=role,
            PolicyName=name,
            PolicyDocument=json.dumps(resource.properties["PolicyDocument"]),
        )

    def delete(self, account: Account, resource: Resource) -> None:
        """Take the policy out of its role."""
        iam, (role, name) = account.client("iam"), resource.id.split("/")
        found_or_none(lambda: iam.delete_role_policy(RoleName=role, PolicyName=name), _NONE)


class ManagedPolicyHandler:
    """`AWS::IAM::ManagedPolicy`; who it is attached to is the account's own affair."""

    def find(self, account: Account, resource: Resource) -> Found | None:
        """Look at the version of the policy that counts."""
        iam = account.client("iam")
        answer = found_or_none(lambda: iam.get_policy(PolicyArn=resource.id), _NONE)
        if answer is None:
            return None
        policy = answer["Policy"]
        version = iam.get_policy_version(
            PolicyArn=resource.id, VersionId=policy["DefaultVersionId"]
        )
        properties = {
            "ManagedPolicyName": policy["PolicyName"],
            # Given once, when it is made: IAM cannot change it.
            "Description": resource.properties["Description"],
            "Path": policy["Path"],
            "PolicyDocument": version["PolicyVersion"]["Document"],
        }
        return Found(properties, tag_map(policy.get("Tags")), resource.id)

    def create(self, account: Account, resource: Resource) -> None:
        """Make the policy, with its tags from the first moment."""
        account.client("iam").create_policy(
            PolicyName=resource.properties["ManagedPolicyName"],
            Path=resource.properties["Path"],
            Description=resource.properties["Description"],
            PolicyDocument=json.dumps(resource.properties["PolicyDocument"]),
            Tags=tag_list(resource.tags),
        )

    def change(self, account: Account, resource: Resource, names: Collection[str]) -> None:
        """Make a new version of the policy the one that counts; the oldest has to go for it."""
        iam = account.client("iam")
        if "Tags" in names:
            iam.tag_policy(PolicyArn=resource.id, Tags=tag_list(resource.tags))
        if "PolicyDocument" in names:
            versions = [one for one in _versions(account, resource.id) if not one["default"]]
            if len(versions) >= _MOST_VERSIONS - 1:
                oldest = min(versions, key=lambda one: one["number"])
                iam.delete_policy_version(PolicyArn=resource.id, VersionId=oldest["id"])
            document = json.dumps(resource.properties["PolicyDocument"])
            iam.create_policy_version(
                PolicyArn=resource.id, PolicyDocument=document, SetAsDefault=True
            )

    def delete(self, account: Account, resource: Resource) -> None:
        """Take the policy off whoever has it, and delete it with all versions."""
        iam = account.client("iam")
        if found_or_none(lambda: iam.get_policy(PolicyArn=resource.id), _NONE) is None:
            return
        _detach_from_all(account, resource.id)
        for version in _versions(account, resource.id):
            if not version["default"]:
                iam.delete_policy_version(PolicyArn=resource.id, VersionId=version["id"])
        iam.delete_policy(PolicyArn=resource.id)


def who_has(account: Account, policy_arn: str) -> list[str]:
    """Users, groups and roles that a managed policy is attached to, as ``role/NAME``."""
    pages = account.client("iam").get_paginator("list_entities_for_policy")
    found: list[str] = []
    for page in pages.paginate(PolicyArn=policy_arn):
        for kind in ("User", "Group", "Role"):
            found += [f"{kind.lower()}/{one[f'{kind}Name']}" for one in page[f"Policy{kind}s"]]
    return sorted(found)


def _detach_from_all(account: Account, policy_arn: str) -> None:
    iam = account.client("iam")
    for entity in who_has(account, policy_arn):
        kind, _, name = entity.partition("/")
        if kind == "user":
            iam.detach_user_policy(UserName=name, PolicyArn=policy_arn)
        elif kind == "group":
            iam.detach_group_policy(GroupName=name, PolicyArn=policy_arn)
        else:
            iam.detach_role_policy(RoleName=name, PolicyArn=policy_arn)


def _attached(account: Account, role: str) -> list[str]:
    pages = account.client("iam").get_paginator("list_attached_role_policies")
    return [
        one["PolicyArn"]
        for page in pages.paginate(RoleName=role)
        for one in page["AttachedPolicies"]
    ]


def _detach_all(account: Account, role: str) -> None:
    for arn in _attached(account, role):
        account.client("iam").detach_role_policy(RoleName=role, PolicyArn=arn)


def _versions(account: Account, policy_arn: str) -> list[dict[str, Any]]:
    pages = account.client("iam").get_paginator("list_policy_versions")
    return [
        {
            "id": one["VersionId"],
            "number": int(one["VersionId"].removeprefix("v")),
            "default": one["IsDefaultVersion"],
        }
        for page in pages.paginate(PolicyArn=policy_arn)
        for one in page["Versions"]
    ]
