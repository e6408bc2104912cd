"""The aws deployment without AWS: moto answers for S3 and SQS on this machine."""

import json
import os
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from unittest import mock
from urllib.parse import quote_plus

import boto3
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer
from moto.sqs.models import sqs_backends

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.objects import Bucket
from personalize_assets.local.clients import open_clients

ACCOUNT, REGION = "123456789012", "us-east-1"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": REGION,
}


@dataclass(frozen=True)
class Cloud:
    """One bucket and one queue of its events, in the account that moto plays.

    Attributes:
        address: Of moto.
        name: Of bucket and queue.
    """

    address: str
    name: str

    @property
    def environment(self) -> Mapping[str, str]:
        """What makes boto3 and the deployment find all this."""
        return {
            **CREDENTIALS,
            "AWS_ENDPOINT_URL_S3": self.address,
            "AWS_ENDPOINT_URL_SQS": self.address,
            "PERSONALIZE_ASSETS_DEPLOYMENT": "aws",
            "PERSONALIZE_ASSETS_BUCKET": self.name,
            "PERSONALIZE_ASSETS_REGION": REGION,
            "PERSONALIZE_ASSETS_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/PersonalizeRole",
            "PERSONALIZE_ASSETS_QUEUE_URL": self.queue_url,
        }

    @property
    def queue_url(self) -> str:
        return f"{self.address}/{ACCOUNT}/{self.name}"

    @cached_property
    def sqs(self) -> Any:
        return boto3.client("sqs", endpoint_url=self.address, region_name=REGION)

    @cached_property
    def deployment(self) -> Deployment:
        return Deployment.from_environment(self.environment)

    @cached_property
    def bucket(self) -> Bucket:
        return Bucket.of(open_clients(self.deployment))

    def notify_of_new_objects(self) -> None:
        """Have S3 send its events to the queue, as a person sets it up."""
        configuration: Any = {
            "QueueConfigurations": [
                {
                    "QueueArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self.name}",
                    "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"],
                }
            ]
        }
        self.bucket.s3.put_bucket_notification_configuration(
            Bucket=self.name, NotificationConfiguration=configuration
        )

    def send(self, bodies: Iterable[str]) -> None:
        """Put messages into the queue, in their order."""
        waiting = list(bodies)
        for first in range(0, len(waiting), 10):
            entries = [
                {"Id": str(number), "MessageBody": body}
                for number, body in enumerate(waiting[first : first + 10])
            ]
            self.sqs.send_message_batch(QueueUrl=self.queue_url, Entries=entries)

    def counts(self) -> tuple[int, int]:
        """Messages that wait, and messages that someone received and did not delete."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.sqs.get_queue_attributes(QueueUrl=self.queue_url, AttributeNames=names)
        waiting, held = (int(answer["Attributes"][name]) for name in names)
        return waiting, held

    def put_quickly(self, objects: Mapping[str, bytes]) -> None:
        """Write objects without asking moto over HTTP, of which nobody is told."""
        for key, content in objects.items():
            s3_backends[ACCOUNT]["aws"].put_object(self.name, key, content)

    def show_again(self) -> None:
        """Let the visibility timeout of every held message end."""
        for message in sqs_backends[ACCOUNT][REGION].queues[self.name]._messages:
            message.visible_at = 0

    def empty_queue(self) -> None:
        """A queue of this name that never had a message; to purge one is allowed once a minute."""
        self.sqs.delete_queue(QueueUrl=self.queue_url)
        self.sqs.create_queue(QueueName=self.name)


def s3_event(bucket: str, *keys: str, event: str = "ObjectCreated:Put") -> str:
    """A message as S3 writes it."""
    records = [
        {
            "eventSource": "aws:s3",
            "eventName": event,
            "s3": {"bucket": {"name": bucket}, "object": {"key": quote_plus(key)}},
        }
        for key in keys
    ]
    return json.dumps({"Records": records})


@contextmanager
def open_cloud(address: str) -> Iterator[Cloud]:
    """A bucket and a queue of their own; boto3 finds them until the end."""
    cloud = Cloud(address, f"cloud-{uuid.uuid4().hex[:10]}")
    with mock.patch.dict(os.environ, cloud.environment):
        cloud.bucket.s3.create_bucket(Bucket=cloud.name)
        cloud.sqs.create_queue(QueueName=cloud.name)
        yield cloud


@contextmanager
def serve_moto() -> Iterator[str]:
    """A server that plays AWS; gives its address."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()
