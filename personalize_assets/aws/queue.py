"""A queue of S3's event notifications, read by several sensors of one process.

Every sensor wants the notices of its own prefix, but a queue hands any message to whoever asks: so
one mailbox takes messages for all of them and holds them in memory until the sensor that they are
for has decided about them. Only then is a message deleted. A process that dies loses nothing: what
it held comes again after its visibility timeout, and what was decided twice is told apart by the
ledger of runs. Knows nothing of Dagster.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from personalize_assets.aws.arrivals import Interest
from personalize_assets.aws.clients import make_aws_client
from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.notices import NoticeError, parse_notices
from personalize_assets.aws.objects import ObjectInfo

log = logging.getLogger(__name__)

VISIBILITY_S = 300
"""So long nobody else gets a message that was received: many ticks of a sensor."""

WAIT_S = 1
"""A long poll asks all servers of SQS; a short one may miss messages that are there."""

_AT_ONCE = 10  # SQS: most messages in one request


@dataclass(eq=False)
class Letter:
    """One notice, for one watcher.

    Attributes:
        key: The object that was written.
        entry: The version of it that a run was asked for; None before.
        message: Where it came in.
    """

    key: str
    interest: Interest
    message: "_Message" = field(repr=False)
    entry: ObjectInfo | None = None


@dataclass(eq=False)
class _Message:
    """A message that was received, and its letters that nobody has decided about."""

    id: str
    receipt: str
    expires_at: float
    open: list[Letter] = field(default_factory=list[Letter])


@dataclass
class Mailbox:
    """Notices of new objects in one bucket, held until they are decided.

    Attributes:
        client: boto3 client of SQS.
        url: Address of the queue.
        bucket: Name of the bucket that counts.
        interests: Everything that is waited for in this process; notices of other keys are deleted.
        clock: Seconds that only grow.
    """

    client: Any
    url: str
    bucket: str
    interests: set[Interest]
    clock: Callable[[], float] = time.monotonic
    _held: dict[str, _Message] = field(default_factory=dict[str, _Message])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def receive(self, most: int, is_late: Callable[[], bool] = lambda: False) -> int:
        """Take messages out of the queue until it seems empty; return how many.

        Args:
            most: Messages to take at the most, up to the next ten.
            is_late: Whether time is up; asked before each request but the first.

        Raises:
            ClientError: The queue is not there or must not be read.
        """
        self._forget_expired()
        taken = 0
        while taken < most and not (taken and is_late()):
            asked_at = self.clock()
            answer = self.client.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=_AT_ONCE,
                VisibilityTimeout=VISIBILITY_S,
                WaitTimeSeconds=0 if taken else WAIT_S,
            )
            messages: list[Any] = answer.get("Messages", [])
            if not messages:
                break
            taken += len(messages)
            self._sort_in(messages, asked_at + VISIBILITY_S)
        return taken

    def letters(self, interest: Interest) -> list[Letter]:
        """The letters of one watcher that wait for a decision, in order of their keys."""
        with self._lock:
            found = [
                letter
                for message in self._held.values()
                for letter in message.open
                if letter.interest == interest
            ]
        return sorted(found, key=lambda letter: letter.key)

    def settle(self, letters: Iterable[Letter]) -> None:
        """Take note that these letters are decided; delete messages that hold no other.

        Raises:
            ClientError: The queue is not there or must not be changed.
        """
        done: list[_Message] = []
        with self._lock:
            for letter in letters:
                if letter in letter.message.open:
                    letter.message.open.remove(letter)
                    if not letter.message.open:
                        done.append(letter.message)
        self._delete(done)

    def _sort_in(self, messages: Iterable[Any], expires_at: float) -> None:
        for_nobody: list[_Message] = []
        with self._lock:
            for received in messages:
                message = _Message(received["MessageId"], received["ReceiptHandle"], expires_at)
                again = self._held.get(message.id)
                if again is not None:
                    again.receipt, again.expires_at = message.receipt, expires_at
                    continue
                message.open = self._open(message, str(received.get("Body", "")))
                if message.open:
                    self._held[message.id] = message
                else:
                    for_nobody.append(message)
        self._delete(for_nobody)

    def _open(self, message: _Message, body: str) -> list[Letter]:
        try:
            keys = parse_notices(body, self.bucket)
        except NoticeError as error:
            # It would come again for days, and never be anything else.
            log.warning("deleting message %s of the queue: %s", message.id, error)
            return []
        return [
            Letter(key, interest, message)
            for key in dict.fromkeys(keys)
            for interest in sorted(self.interests, key=lambda one: one.watcher)
            if interest.wants(key)
        ]

    def _forget_expired(self) -> None:
        now = self.clock()
        with self._lock:
            self._held = {key: one for key, one in self._held.items() if one.expires_at > now}

    def _delete(self, messages: Sequence[_Message]) -> None:
        for first in range(0, len(messages), _AT_ONCE):
            chunk = messages[first : first + _AT_ONCE]
            entries = [
                {"Id": str(number), "ReceiptHandle": message.receipt}
                for number, message in enumerate(chunk)
            ]
            answer = self.client.delete_message_batch(QueueUrl=self.url, Entries=entries)
            for failed in answer.get("Failed", []):
                # It comes again, and is then known to be decided.
                log.warning("a message was not deleted from the queue: %s", failed.get("Code"))
            with self._lock:
                for message in chunk:
                    self._held.pop(message.id, None)


_INTERESTS: set[Interest] = set()
_OPEN: dict[tuple[str, str], Mailbox] = {}
_OPENING = threading.Lock()


def watch_for(interest: Interest) -> None:
    """Say that this process waits for something, before any mailbox is opened."""
    _INTERESTS.add(interest)


def open_mailbox(deployment: Deployment) -> Mailbox | None:
    """The mailbox of this process for the deployment's queue; None where it has no queue."""
    if deployment.queue_url is None:
        return None
    name = (deployment.queue_url, deployment.bucket)
    with _OPENING:
        if name not in _OPEN:
            client = make_aws_client(deployment, "sqs")
            _OPEN[name] = Mailbox(client, deployment.queue_url, deployment.bucket, _INTERESTS)
        return _OPEN[name]
