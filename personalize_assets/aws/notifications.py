"""Where notices go: an SNS topic, or on one machine a file of JSON lines.

Sending the same notice twice is allowed and cheap: a FIFO topic drops the second one by its id, and
whoever reads the others finds the same id in both.
"""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from personalize_assets.aws.clients import make_aws_client
from personalize_assets.aws.deployment import Deployment
from personalize_assets.core.messages import Notice

LOG_NAME: Final = "notifications.jsonl"

Send = Callable[[Notice], str]
"""Delivers one notice, and says where it went."""


def sender_of(deployment: Deployment) -> Send | None:
    """How notices leave ``deployment``; None in aws without a topic, where nobody is to be told."""
    if deployment.is_local:
        return LogFile(deployment.state_dir / LOG_NAME).send
    if deployment.topic_arn is None:
        return None
    # A topic is reached in its own region, wherever the pipeline runs.
    region = deployment.topic_arn.split(":")[3]
    client = make_aws_client(replace(deployment, region=region), "sns")
    return Topic(client, deployment.topic_arn).send


class Topic:
    """An SNS topic, standard or FIFO."""

    def __init__(self, client: Any, arn: str) -> None:
        self._client = client
        self._arn = arn

    def send(self, notice: Notice) -> str:
        """Publish ``notice``; event, group, run and id are attributes that filters can use.

        Raises:
            ClientError: SNS refused.
            BotoCoreError: SNS was not reached.
        """
        attributes = {name: notice.as_json()[name] for name in ("event", "group", "run_id", "id")}
        answer = self._client.publish(
            TopicArn=self._arn,
            Subject=notice.subject,
            Message=notice.text,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
            },
            **self._ordering(notice),
        )
        return f"{self._arn} as message {answer['MessageId']}"

    def _ordering(self, notice: Notice) -> dict[str, str]:
        if not self._arn.endswith(".fifo"):
            return {}
        return {"MessageGroupId": notice.group, "MessageDeduplicationId": notice.id}


class LogFile:
    """A file that each notice is a line of."""

    def __init__(self, path: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._path = path
        self._now = now

    def send(self, notice: Notice) -> str:
        """Append ``notice`` in one write, so that a line is there as a whole or not at all.

        Raises:
            OSError: The file cannot be written.
        """
        line = json.dumps({"at": self._now().isoformat(timespec="seconds"), **notice.as_json()})
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(file, f"{line}\n".encode())
        finally:
            os.close(file)
        return str(self._path)
