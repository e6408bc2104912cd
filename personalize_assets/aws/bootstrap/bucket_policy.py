"""The policy of the bucket: ours alone, or beside the statements of others in a shared bucket."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from personalize_assets.aws.bootstrap.account import Account, found_or_none
from personalize_assets.aws.bootstrap.bucket_settings import NOT_YET, at
from personalize_assets.aws.bootstrap.handlers import Found
from personalize_assets.aws.bootstrap.wanted import Resource


class BucketPolicyHandler:
    """`AWS::S3::BucketPolicy`; in a shared bucket the statements of others stay."""

    def find(self, account: Account, resource: Resource) -> Found | None:
        """Look at the policy, or at our statements of it."""
        document = _policy(account, resource.id)
        if document is not None and resource.is_shared:
            ours = [one for one in document["Statement"] if _is_ours(one, resource)]
            document = {**document, "Statement": ours} if ours else None
        if document is None:
            return None
        return Found({"Bucket": resource.id, "PolicyDocument": document}, {}, resource.id)

    def create(self, account: Account, resource: Resource) -> None:
        """Put the policy."""
        self.change(account, resource, ["PolicyDocument"])

    def change(self, account: Account, resource: Resource, names: Collection[str]) -> None:
        """Put the policy, with the statements of others where the bucket is shared."""
        wanted = resource.properties["PolicyDocument"]
        others = _others(account, resource)
        self._put(account, resource, {**wanted, "Statement": [*others, *wanted["Statement"]]})

    def delete(self, account: Account, resource: Resource) -> None:
        """Take our statements away, and the policy where nothing is left of it."""
        s3, here = account.client("s3"), at(account, resource.id)
        document, others = _policy(account, resource.id), _others(account, resource)
        if document is not None and others:
            self._put(account, resource, {**document, "Statement": others})
            return
        found_or_none(lambda: s3.delete_bucket_policy(**here), "NoSuchBucket")

    def _put(self, account: Account, resource: Resource, document: Mapping[str, Any]) -> None:
        s3, here = account.client("s3"), at(account, resource.id)
        account.patiently(
            lambda: s3.put_bucket_policy(**here, Policy=json.dumps(document)), *NOT_YET
        )


def _policy(account: Account, name: str) -> dict[str, Any] | None:
    s3, here = account.client("s3"), at(account, name)
    none = ("NoSuchBucketPolicy", "NoSuchBucket")
    answer = found_or_none(lambda: s3.get_bucket_policy(**here), *none)
    return None if answer is None else json.loads(answer["Policy"])


def _is_ours(statement: Mapping[str, Any], resource: Resource) -> bool:
    sids = {one["Sid"] for one in resource.properties["PolicyDocument"]["Statement"]}
    return statement.get("Sid") in sids


def _others(account: Account, resource: Resource) -> list[Any]:
    """Statements of others that are to stay: those of a shared bucket."""
    document = _policy(account, resource.id)
    if document is None or not resource.is_shared:
        return []
    return [one for one in document["Statement"] if not _is_ours(one, resource)]
