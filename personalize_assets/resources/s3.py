"""S3, or folders that speak its protocol, as a Dagster resource."""

from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

import dagster as dg

from personalize_assets.aws.objects import Bucket
from personalize_assets.resources.deployed import DeployedResource

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


class S3Resource(DeployedResource):
    """boto3's `s3` client, and the pipeline's bucket."""

    def get_client(self) -> "S3Client":
        """boto3's `s3` client, always the same one."""
        return self._clients.s3

    def store(self) -> Bucket:
        """The pipeline's bucket; in the local deployment it is made if it is not there."""
        return self._bucket

    @cached_property
    def _bucket(self) -> Bucket:
        bucket = Bucket.of(self._clients)
        if self.deployment == "local":
            bucket.ensure(create=True)
        return bucket

    def uri(self, key: str) -> str:
        """The address ``s3://bucket/key``."""
        return f"s3://{self.bucket}/{key}"

    def link(self, key: str) -> dg.MetadataValue:
        """Where a person can open the object: its file on this machine, or the AWS console."""
        if self.deployment == "local":
            return dg.MetadataValue.path(str(self.settings.bucket_folder / key))
        region = f"&region={self.region_name}" if self.region_name else ""
        return dg.MetadataValue.url(
            f"https://console.aws.amazon.com/s3/object/{self.bucket}?prefix={quote(key)}{region}"
        )
