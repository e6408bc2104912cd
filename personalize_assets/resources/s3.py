"""S3, or folders that speak its protocol, as a Dagster resource."""

from typing import TYPE_CHECKING

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
        bucket = Bucket.of(self._clients)
        if self.deployment == "local":
            bucket.ensure(create=True)
        return bucket

    def uri(self, key: str) -> str:
        """The address ``s3://bucket/key``."""
        return f"s3://{self.bucket}/{key}"
