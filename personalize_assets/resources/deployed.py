"""What the resources of one deployment share: its settings as fields, and its boto3 clients."""

from functools import cached_property
from pathlib import Path
from typing import Literal, Self

import dagster as dg
from pydantic import Field

from personalize_assets.aws.clients import Clients
from personalize_assets.aws.deployment import Deployment
from personalize_assets.local.clients import open_clients
from personalize_assets.resources.local_stack import LocalStackResource


class DeployedResource(dg.ConfigurableResource):
    """Settings of a deployment; connects when first used, and keeps its clients."""

    deployment: Literal["local", "aws"] = Field(description="Where everything runs.")
    region_name: str | None = Field(description="AWS region; None for boto3's own chain.")
    account_id: str = Field(description="Account of the role.")
    bucket: str = Field(description="Bucket of the pipeline.")
    bucket_owner: str | None = Field(description="Account that must own the bucket, in aws.")
    role_arn: str = Field(description="Role that Amazon Personalize reaches the bucket with.")
    kms_key_arn: str | None = Field(default=None, description="Key for encryption at rest.")
    topic_arn: str | None = Field(default=None, description="SNS topic of notifications, in aws.")
    queue_url: str | None = Field(default=None, description="SQS queue of S3's events, in aws.")
    ui_url: str | None = Field(default=None, description="Address of the Dagster UI.")
    profile: str | None = Field(default=None, description="Profile of the AWS configuration.")
    assume_role_arn: str | None = Field(default=None, description="Role to work as, in aws.")
    transfer_concurrency: int = Field(default=10, description="Parts that travel at a time.")
    accelerated: bool = Field(default=False, description="S3 Transfer Acceleration, in aws.")
    glue_job: str | None = Field(default=None, description="AWS Glue job that cleans, in aws.")
    tags: dict[str, str] = Field(default_factory=dict, description="Tags of all that is created.")
    local_stack: LocalStackResource

    @classmethod
    def of(cls, deployment: Deployment, local_stack: LocalStackResource) -> Self:
        """The resource with the settings of ``deployment``."""
        return cls(
            deployment=deployment.name,
            region_name=deployment.region,
            account_id=deployment.account_id,
            bucket=deployment.bucket,
            bucket_owner=deployment.bucket_owner,
            role_arn=deployment.role_arn,
            kms_key_arn=deployment.kms_key_arn,
            topic_arn=deployment.topic_arn,
            queue_url=deployment.queue_url,
            ui_url=deployment.ui_url,
            profile=deployment.profile,
            assume_role_arn=deployment.assume_role_arn,
            transfer_concurrency=deployment.transfer_concurrency,
            accelerated=deployment.accelerated,
            glue_job=deployment.glue_job,
            tags=dict(deployment.tags),
            local_stack=local_stack,
        )

    @property
    def settings(self) -> Deployment:
        """The settings as the workflow takes them."""
        return Deployment(
            name=self.deployment,
            region=self.region_name,
            account_id=self.account_id,
            bucket=self.bucket,
            bucket_owner=self.bucket_owner,
            role_arn=self.role_arn,
            kms_key_arn=self.kms_key_arn,
            topic_arn=self.topic_arn,
            queue_url=self.queue_url,
            ui_url=self.ui_url,
            profile=self.profile,
            assume_role_arn=self.assume_role_arn,
            transfer_concurrency=self.transfer_concurrency,
            accelerated=self.accelerated,
            glue_job=self.glue_job,
            tags=self.tags,
            state_dir=Path(self.local_stack.state_dir),
            engine_port=self.local_stack.engine_port,
            s3_port=self.local_stack.s3_port,
            idle_stop_s=self.local_stack.idle_stop_s,
        )

    @cached_property
    def _clients(self) -> Clients:
        return open_clients(self.settings)
