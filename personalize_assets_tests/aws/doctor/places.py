"""An account for the doctor to look at: moto, and the engine as Amazon Personalize."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3

from personalize_assets.aws.bootstrap import policies
from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.doctor.needs import options_of

ACCOUNT, REGION = "123456789012", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/PersonalizeRole"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:films"


def deployment(**changes: Any) -> Deployment:
    """An aws deployment with nothing but bucket and role, or with what is asked for."""
    settings = {"bucket": "films", "role_arn": ROLE, "region": REGION, **changes}
    environ = {f"PERSONALIZE_ASSETS_{name.upper()}": str(value) for name, value in settings.items()}
    return Deployment.from_environment(
        {
            "PERSONALIZE_ASSETS_DEPLOYMENT": "aws",
            "PERSONALIZE_ASSETS_SETTINGS": "/dev/null",
            **environ,
        }
    )


@dataclass(frozen=True)
class Place:
    """One account at moto's address, and what stands in it.

    Attributes:
        moto: Address of moto.
        engine: Address of the engine.
        bucket: Name of the bucket.
    """

    moto: str
    engine: str
    bucket: str

    def environment(self, **changes: str) -> Mapping[str, str]:
        """Variables of a deployment that lives here."""
        settings = {"bucket": self.bucket, "role_arn": ROLE, "region": REGION, **changes}
        return {
            "AWS_ENDPOINT_URL": self.moto,
            "AWS_ENDPOINT_URL_PERSONALIZE": self.engine,
            "AWS_ACCESS_KEY_ID": "710000000001",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "PERSONALIZE_ASSETS_DEPLOYMENT": "aws",
            "PERSONALIZE_ASSETS_SETTINGS": "/dev/null",
            **{f"PERSONALIZE_ASSETS_{name.upper()}": value for name, value in settings.items()},
        }

    @cached_property
    def deployment(self) -> Deployment:
        return Deployment.from_environment(self.environment())

    def client(self, service: str) -> Any:
        return boto3.client(
            service,  # pyright: ignore
            endpoint_url=self.moto,
            region_name=REGION,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    def furnish(self) -> dict[str, str]:
        """Make all that a deployment can name, as it should be; give the settings that name it."""
        arn = self._key()
        wanted = Deployment.from_environment(self.environment(kms_key_arn=arn))
        options = options_of(wanted, REGION)
        self._role(policies.trust_policy(options), policies.service_policy(options))
        self._bucket(arn, policies.bucket_policy(options))
        key = {**policies.key_policy(options)}
        text = json.dumps(key).replace(options.service_role_arn, ROLE)
        self.client("kms").put_key_policy(KeyId=arn, PolicyName="default", Policy=text)
        self.client("sns").create_topic(Name="films")
        queue = self._queue(policies.queue_policy(options), options.queue_arn)
        self._glue_job("5.0")
        return {
            "kms_key_arn": arn,
            "topic_arn": TOPIC,
            "queue_url": queue,
            "glue_job": "films",
            "transfer_acceleration": "true",
        }

    def _key(self) -> str:
        return str(self.client("kms").create_key()["KeyMetadata"]["Arn"])

    def _role(self, trust: Any, policy: Any) -> None:
        iam = self.client("iam")
        iam.create_role(RoleName="PersonalizeRole", AssumeRolePolicyDocument=json.dumps(trust))
        iam.put_role_policy(
            RoleName="PersonalizeRole", PolicyName="inline", PolicyDocument=json.dumps(policy)
        )

    def _bucket(self, key: str, policy: Any) -> None:
        s3, name = self.client("s3"), self.bucket
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        rule = {
            "ApplyServerSideEncryptionByDefault": {
                "SSEAlgorithm": "aws:kms",
                "KMSMasterKeyID": key,
            }
        }
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
        blocks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy")
        s3.put_public_access_block(
            Bucket=name,
            PublicAccessBlockConfiguration={
                **dict.fromkeys((*blocks, "RestrictPublicBuckets"), True)
            },
        )
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
        s3.put_bucket_accelerate_configuration(
            Bucket=name, AccelerateConfiguration={"Status": "Enabled"}
        )

    def _queue(self, policy: Any, options_arn: str) -> str:
        sqs, arn = self.client("sqs"), f"arn:aws:sqs:{REGION}:{ACCOUNT}:films"
        text = json.dumps(policy).replace(options_arn, arn)
        url = sqs.create_queue(QueueName="films", Attributes={"Policy": text})["QueueUrl"]
        self.client("s3").put_bucket_notification_configuration(
            Bucket=self.bucket,
            NotificationConfiguration={
                "QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]
            },
        )
        return str(url)

    def _glue_job(self, version: str) -> None:
        self.client("glue").create_job(
            Name="films", Role=ROLE, Command={"Name": "glueetl"}, GlueVersion=version
        )
