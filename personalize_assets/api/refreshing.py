"""What is read from objects in S3 and kept in memory, read anew when an object changes."""

import logging
import tempfile
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from personalize_assets.aws.objects import Bucket, ObjectNotFound
from personalize_assets.local.settings import StackError

log = logging.getLogger(__name__)

T = TypeVar("T")
State = Literal["loading", "loaded", "absent", "failed"]


class Refreshed(Generic[T]):
    """A value read from one object of a bucket.

    A file that cannot be read leaves the last good value in place.

    Args:
        bucket: Where the object is.
        key: Its key.
        read: Makes the value of the downloaded file; a ValueError says what is wrong with it.
        nothing: The value until the object was read, and where there is none.

    Attributes:
        value: The newest good value.
        state: What became of the last look: not looked yet, there and read, not there, or there
            and not readable.
        problem: Why it failed, or empty.
        loaded_at: When the value was read; None where it never was.
    """

    def __init__(self, bucket: Bucket, key: str, read: Callable[[Path], T], nothing: T) -> None:
        self._bucket, self._key, self._read, self._nothing = bucket, key, read, nothing
        self._identity: str | None = None
        self.value = nothing
        self.state: State = "loading"
        self.problem = ""
        self.loaded_at: datetime | None = None

    @property
    def uri(self) -> str:
        """Address of the object."""
        return self._bucket.uri(self._key)

    def refresh(self) -> bool:
        """Look at the object, and read it where it is another than last time.

        Returns:
            Whether the value is another now.

        Raises:
            ClientError: The bucket is missing or access is refused.
            BotoCoreError: S3 could not be reached.
            OSError: There is no room for the download.
        """
        found = self._bucket.head(self._key)
        if found is None:
            changed = self.state == "loaded"
            self.value, self._identity, self.state = self._nothing, None, "absent"
            return changed
        if found.identity == self._identity:
            return False
        try:
            value = self._download()
        except ObjectNotFound:
            return self.refresh()
        except ValueError as error:
            self._identity, self.state, self.problem = found.identity, "failed", str(error)
            log.warning("%s is left out: %s", self.uri, error)
            return False
        # An object that was replaced while it was read has another identity at the next look.
        self.value, self._identity, self.problem = value, found.identity, ""
        self.state, self.loaded_at = "loaded", datetime.now(UTC)
        log.info("read %s (%d bytes)", self.uri, found.size)
        return True

    def _download(self) -> T:
        with tempfile.TemporaryDirectory(prefix="personalize-api-") as folder:
            path = Path(folder) / Path(self._key).name
            self._bucket.get_file(self._key, path)
            return self._read(path)


class Refresher:
    """Refreshes values every some seconds in a thread of its own.

    Args:
        values: In the order in which they are looked at.
        interval_s: Seconds between two looks.
    """

    def __init__(self, values: Sequence[Refreshed[Any]], interval_s: float) -> None:
        self._values, self._interval_s = tuple(values), interval_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="refresh", daemon=True)

    def start(self) -> None:
        """Look for the first time at once, beside whatever else happens."""
        self._thread.start()

    def stop(self, timeout_s: float = 5) -> None:
        """Look no more; a download in work is given some seconds to end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def look(self) -> None:
        """Refresh all values once; what fails is tried again the next time."""
        for value in self._values:
            try:
                value.refresh()
            except (BotoCoreError, ClientError, OSError, StackError) as error:
                value.problem = str(error)
                log.warning("cannot look at %s: %s", value.uri, error)

    def _work(self) -> None:
        while not self._stop.is_set():
            self.look()
            self._stop.wait(self._interval_s)
