"""The bucket: found, made, emptied, left. Every request names the account that must own it."""

from collections.abc import Collection
from typing import Any

from botocore.exceptions import ClientError

from personalize_assets.aws.bootstrap.account import Account, found_or_none
from personalize_assets.aws.bootstrap.bucket_settings import (
    NOT_YET,
    READERS,
    WRITERS,
    at,
    bucket_tags,
    other_rules,
    set_notifications,
)
from personalize_assets.aws.bootstrap.handlers import Found, tag_list
from personalize_assets.aws.bootstrap.options import ADOPTED_TAG, BootstrapError
from personalize_assets.aws.bootstrap.wanted import Resource
from personalize_assets.aws.kinds import error_code


class BucketHandler:
    """`AWS::S3::Bucket`; rules and notifications of others stay as they are."""

    def find(self, account: Account, resource: Resource) -> Found | None:
        """Look at the bucket.

        Raises:
            BootstrapError: It is another account's, or in another region.
        """
        if not _exists(account, resource.id):
            return None
        properties: dict[str, Any] = {"BucketName": resource.id}
        for name, read in READERS.items():
            if name in resource.properties:
                properties[name] = read(account, resource)
        arn = f"arn:{account.partition}:s3:::{resource.id}"
        return Found(properties, bucket_tags(account, resource.id), arn)

    def create(self, account: Account, resource: Resource) -> None:
        """Make the bucket in the account's region, closed to the public from the first moment."""
        arguments: dict[str, Any] = {
            "Bucket": resource.id,
            "ObjectOwnership": "BucketOwnerEnforced",
        }
        if account.region != "us-east-1":  # the one that must not be named
            arguments["CreateBucketConfiguration"] = {"LocationConstraint": account.region}
        try:
            account.client("s3").create_bucket(**arguments)
        except ClientError as error:
            if error_code(error) == "BucketAlreadyOwnedByYou":
                return
            if error_code(error) == "BucketAlreadyExists":
                raise _not_yours(account, resource.id) from error
            raise

    def change(self, account: Account, resource: Resource, names: Collection[str]) -> None:
        """Set what is not as it should be, the mark first: a bucket without it is nobody's."""
        for name, write in WRITERS.items():
            if name in names:
                account.patiently(lambda write=write: write(account, resource), *NOT_YET)

    def delete(self, account: Account, resource: Resource) -> None:
        """Delete the bucket, which has to be empty."""
        s3, here = account.client("s3"), at(account, resource.id)
        found_or_none(lambda: s3.delete_bucket(**here), "NoSuchBucket")


def _exists(account: Account, name: str) -> bool:
    try:
        answer = account.client("s3").head_bucket(**at(account, name))
    except ClientError as error:
        code = error_code(error)
        if code in ("404", "NoSuchBucket", "NotFound"):
            return False
        if code in ("403", "AccessDenied", "Forbidden"):
            raise _not_yours(account, name) from error
        headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        _check_region(account, name, headers.get("x-amz-bucket-region"))
        raise
    _check_region(account, name, answer.get("BucketRegion"))
    return True


def _check_region(account: Account, name: str, region: str | None) -> None:
    if region and region != account.region:
        raise BootstrapError(
            f"the bucket {name} is in {region}, and Amazon Personalize reads only buckets of its "
            f"own region, {account.region}: choose another with --bucket, or --region {region}"
        )


def _not_yours(account: Account, name: str) -> BootstrapError:
    return BootstrapError(
        f"the bucket {name} is there, and account {account.account_id} may not use it: it belongs "
        f"to another account, or {account.identity} lacks s3:ListBucket on it. Names of buckets "
        "are taken all over AWS: choose another with --bucket"
    )


def is_empty(account: Account, name: str) -> bool:
    """Whether a bucket holds no object, no older version and no deletion marker."""
    answer = account.client("s3").list_object_versions(**at(account, name), MaxKeys=1)
    return not (answer.get("Versions") or answer.get("DeleteMarkers"))


def empty(account: Account, name: str) -> int:
    """Delete every object of a bucket with all its versions; return how many there were."""
    s3, here, count = account.client("s3"), at(account, name), 0
    for page in s3.get_paginator("list_object_versions").paginate(**here):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if not found:
            continue
        objects = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
        answer = s3.delete_objects(**here, Delete={"Objects": objects, "Quiet": True})
        if errors := answer.get("Errors"):
            first = errors[0]
            raise BootstrapError(
                f"{len(errors)} objects of s3://{name} cannot be deleted, such as {first['Key']}: "
                f"{first.get('Message') or first.get('Code')}"
            )
        count += len(objects)
    return count


def leave(account: Account, resource: Resource) -> None:
    """Take our notification, rules and tags off a bucket that stays."""
    s3, here = account.client("s3"), at(account, resource.id)
    set_notifications(account, resource, [])
    if rules := other_rules(account, resource.id):
        s3.put_bucket_lifecycle_configuration(**here, LifecycleConfiguration={"Rules": rules})
    else:
        s3.delete_bucket_lifecycle(**here)
    tags = bucket_tags(account, resource.id)
    kept = {key: value for key, value in tags.items() if key not in (resource.tags or {})}
    kept.pop(ADOPTED_TAG, None)
    if kept:
        s3.put_bucket_tagging(**here, Tagging={"TagSet": tag_list(kept)})
    else:
        s3.delete_bucket_tagging(**here)


def stop_telling(account: Account, resource: Resource) -> None:
    """Take our notification off a bucket whose queue goes."""
    set_notifications(account, resource, [])
