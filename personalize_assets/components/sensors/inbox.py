"""Notices from the queue for one sensor: which versions they are of, and when they are decided."""

from collections.abc import Callable
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from personalize_assets.aws.arrivals import Interest
from personalize_assets.aws.objects import Bucket, ObjectInfo
from personalize_assets.aws.queue import Letter, Mailbox
from personalize_assets.components.sensors.pace import Pace

MAX_LETTERS = 500
"""Letters that one sensor holds at the most; the rest stays in the queue meanwhile."""

_RECEIVE_SHARE, _HEAD_SHARE = 0.2, 0.4  # of a tick's time


@dataclass
class Inbox:
    """The letters of one sensor in one tick.

    Attributes:
        mailbox: Where letters come in; None where the deployment has no queue.
        interest: What the sensor waits for.
        trouble: Why the queue could not be read, or empty.
    """

    mailbox: Mailbox | None
    interest: Interest
    trouble: str = ""

    def receive(self, pace: Pace) -> None:
        """Take new messages; a queue that cannot be read is no reason not to list."""
        if self.mailbox is None:
            return
        try:
            most = MAX_LETTERS - len(self.letters)
            if most > 0:
                self.mailbox.receive(most, lambda: pace.is_late(_RECEIVE_SHARE))
        except (ClientError, BotoCoreError) as error:
            self.trouble = f"the queue cannot be read: {error}"

    @property
    def letters(self) -> list[Letter]:
        """What waits for a decision."""
        return [] if self.mailbox is None else self.mailbox.letters(self.interest)

    def asked(self) -> list[ObjectInfo]:
        """The versions that an earlier tick found for letters."""
        return [letter.entry for letter in self.letters if letter.entry is not None]

    def find(self, bucket: Bucket, pace: Pace) -> dict[str, ObjectInfo]:
        """The versions that lie there now, by key; letters of what is gone are settled.

        A notice may be older than the version: whatever was written since has notices of its own.
        """
        by_key: dict[str, list[Letter]] = {}
        for letter in self.letters:
            by_key.setdefault(letter.key, []).append(letter)
        found: dict[str, ObjectInfo] = {}
        for key, letters in by_key.items():
            if found and pace.is_late(_HEAD_SHARE):
                break
            entry = bucket.head(key)
            if entry is None:
                self.settle(letters)
                continue
            found[key] = entry
            for letter in letters:
                letter.entry = entry
        return found

    def settle_those(self, is_decided: Callable[[ObjectInfo], bool]) -> None:
        """Settle the letters whose versions are decided."""
        self.settle([one for one in self.letters if one.entry and is_decided(one.entry)])

    def settle(self, letters: list[Letter]) -> None:
        """Take note that these letters are decided, and delete their messages."""
        if self.mailbox is None or not letters:
            return
        try:
            self.mailbox.settle(letters)
        except (ClientError, BotoCoreError) as error:
            # They come again, and are then known to be decided.
            self.trouble = f"messages of the queue cannot be deleted: {error}"
