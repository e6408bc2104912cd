"""Which objects under a prefix have arrived: listed in bounded windows, and only when settled.

An object version is its key, ETag and time of change together. A file that is being copied into
the folder of the local S3 shows up half written, so a version counts only once it is some seconds
old, or was the same at the look before. Nothing here remembers what was done with an arrival.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from personalize_assets.aws.objects import Bucket, ObjectInfo

WINDOW_KEYS = 5_000
"""Keys that one look lists at the most: five requests."""

_PAGE_KEYS = 1_000  # S3: keys in one answer of a listing


@dataclass(frozen=True)
class Interest:
    """What someone waits for.

    Attributes:
        watcher: Who waits.
        prefix: Where objects arrive, ending in a slash.
        suffix: How their keys end; empty for any.
    """

    watcher: str
    prefix: str
    suffix: str = ""

    def wants(self, key: str) -> bool:
        """Whether an object of this key counts."""
        under = key.startswith(self.prefix) and key.endswith(self.suffix)
        return under and is_visible(key, self.prefix)


@dataclass(frozen=True)
class Look:
    """What one look at a prefix found.

    Attributes:
        settled: Objects that are complete, in order of their keys.
        unsettled: Objects that may still be written.
        after: Where the next look goes on; empty where it begins anew.
    """

    settled: tuple[ObjectInfo, ...]
    unsettled: tuple[ObjectInfo, ...]
    after: str


@dataclass
class Watch:
    """Looks at a prefix again and again; keeps only what was young at the last look.

    Attributes:
        settle_s: Age in seconds from which a version counts at once.
        window: Keys that one look lists at the most.
    """

    settle_s: float
    window: int = WINDOW_KEYS
    _before: dict[str, str] = field(default_factory=dict[str, str])

    def look(
        self,
        bucket: Bucket,
        interest: Interest,
        after: str,
        now: datetime,
        is_late: Callable[[], bool] = lambda: False,
    ) -> Look:
        """List the next window of objects that someone waits for.

        Args:
            bucket: The pipeline's bucket.
            interest: What is waited for.
            after: Where the look before ended; empty for the beginning.
            now: The present moment, aware.
            is_late: Whether time is up; asked after each page, and the look then ends there.
        """
        window: list[ObjectInfo] = []
        more = False
        for entry in bucket.list(interest.prefix, after):
            full = len(window) >= self.window
            if full or (window and len(window) % _PAGE_KEYS == 0 and is_late()):
                more = True
                break
            window.append(entry)
        settled, unsettled = self.divide((o for o in window if interest.wants(o.key)), now)
        return Look(settled, unsettled, window[-1].key if more else "")

    def divide(
        self, objects: Iterable[ObjectInfo], now: datetime
    ) -> tuple[tuple[ObjectInfo, ...], tuple[ObjectInfo, ...]]:
        """Tell complete objects from those that may still be written."""
        old = now - timedelta(seconds=self.settle_s)
        settled: list[ObjectInfo] = []
        unsettled: list[ObjectInfo] = []
        young: dict[str, str] = {}
        for entry in objects:
            same = self._before.get(entry.key) == entry.identity
            (settled if same or entry.last_modified <= old else unsettled).append(entry)
            if entry.last_modified > old:
                young[entry.key] = entry.identity
        self._before = young
        return tuple(settled), tuple(unsettled)


def is_visible(key: str, prefix: str) -> bool:
    """Whether a key is a file that people mean: no folder mark, nothing hidden or temporary."""
    parts = PurePosixPath(key.removeprefix(prefix)).parts
    hidden = any(part.startswith((".", "_")) for part in parts)
    return bool(parts) and not hidden and not key.endswith(("/", ".tmp", ".part", ".partial", "~"))


def arrival_id(entry: ObjectInfo) -> str:
    """Short text for one version of an object: 32 hex digits."""
    return hashlib.sha256(entry.identity.encode()).hexdigest()[:32]


def set_id(entries: Mapping[str, ObjectInfo]) -> str:
    """Short text for a set of versions, whatever their order: 32 hex digits."""
    text = "\n".join(sorted(entry.identity for entry in entries.values()))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
