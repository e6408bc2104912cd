"""Notices reach a mailbox through moto's SNS and SQS, and a file on one machine."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.notifications import LogFile, sender_of
from personalize_assets.core.messages import Happening, Notice, write_notice

NOTICE = write_notice(
    Happening("run_failed", "films", "1f0c", "run", "films_main failed", {"job": "films_main"})
)
CREDENTIALS = {
    "aws_access_key_id": "testing",
    "aws_secret_access_key": "testing",
    "region_name": "eu-west-1",
}


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(moto: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The environment in which the aws deployment meets moto; gives its address."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", moto)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    return moto


def subscribed(address: str, name: str, **attributes: str) -> tuple[str, Any]:
    """A topic, and a function that receives what its only subscriber got."""
    sns: Any = boto3.client("sns", endpoint_url=address, **CREDENTIALS)
    sqs: Any = boto3.client("sqs", endpoint_url=address, **CREDENTIALS)
    topic = sns.create_topic(Name=name, Attributes=attributes)["TopicArn"]
    queue = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])

    def receive() -> list[dict[str, Any]]:
        answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]

    return topic, receive


def deployment(topic_arn: str | None) -> Deployment:
    # The pipeline's region is another than the topic's.
    return Deployment(
        "aws",
        "us-east-1",
        "123456789012",
        "films",
        "arn:aws:iam::123456789012:role/R",
        Path("/state"),
        topic_arn=topic_arn,
    )


def test_topic__delivers_subject_text_and_attributes(aws: str) -> None:
    topic, receive = subscribed(aws, "notices")
    send = sender_of(deployment(topic))
    assert send is not None

    place = send(NOTICE)

    (message,) = receive()
    assert place == f"{topic} as message {message['MessageId']}"
    assert (message["Subject"], message["Message"]) == (NOTICE.subject, NOTICE.text)
    assert {name: value["Value"] for name, value in message["MessageAttributes"].items()} == {
        "event": "run_failed",
        "group": "films",
        "run_id": "1f0c",
        "id": NOTICE.id,
    }


def test_topic__of_fifo_kind_takes_the_same_notice_once(aws: str) -> None:
    topic, receive = subscribed(aws, "films.fifo", FifoTopic="true", FifoQueue="true")
    send = sender_of(deployment(topic))
    assert send is not None

    send(NOTICE)
    send(NOTICE)

    assert [message["Subject"] for message in receive()] == [NOTICE.subject]


def test_topic__that_is_not_there_is_an_error(aws: str) -> None:
    send = sender_of(deployment("arn:aws:sns:eu-west-1:123456789012:nowhere"))
    assert send is not None

    with pytest.raises(ClientError, match="NotFound"):
        send(NOTICE)


def test_sender_of__aws_without_a_topic_tells_nobody() -> None:
    assert sender_of(deployment(None)) is None


def test_sender_of__local_writes_a_file(tmp_path: Path) -> None:
    send = sender_of(
        Deployment.from_environment({"PERSONALIZE_ASSETS_STATE_DIR": str(tmp_path / "state")})
    )
    assert send is not None

    assert send(NOTICE) == str(tmp_path / "state" / "notifications.jsonl")


def test_log_file__holds_a_line_a_notice(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "n.jsonl", now=lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))

    log.send(NOTICE)
    log.send(NOTICE)

    lines = [json.loads(line) for line in (tmp_path / "n.jsonl").read_text().splitlines()]
    assert lines == [{"at": "2026-01-02T03:04:05+00:00", **NOTICE.as_json()}] * 2
    assert Notice(**{k: v for k, v in lines[0].items() if k != "at"}) == NOTICE
