"""What is imported, in S3: a copy of each file at a key that names its content.

A dataset's last import job then tells by its data location what the dataset holds, in any process
and whatever was lost elsewhere; and the copy is there to compare the next file with. Beside the
copies lie the files of INCREMENTAL imports, which are called after what they lead from and to.
"""

import logging
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from personalize_assets.aws.objects import Bucket

log = logging.getLogger(__name__)

KEPT: Final = timedelta(days=7)
"""Age up to which files of earlier imports stay, since another run may be about to use them."""


class ChangedMeanwhile(RuntimeError):
    """The cleaned file is not the one that was materialized: another run replaced it."""


@dataclass(frozen=True)
class ImportFiles:
    """The files of one dataset's imports.

    Attributes:
        bucket: The pipeline's bucket.
        folder: Prefix of all of them, ending in a slash.
    """

    bucket: Bucket
    folder: str

    def full_key(self, sha256: str) -> str:
        """Key of the whole content of this digest."""
        return f"{self.folder}{sha256}/all.csv"

    def added_key(self, base_sha256: str, sha256: str) -> str:
        """Key of the records that lead from one content to another."""
        return f"{self.folder}{sha256}/added-to-{base_sha256}.csv"

    def content_of(self, location: str) -> str | None:
        """Digest of what a dataset holds after an import of ``location``; None for foreign files.

        Args:
            location: ``s3://bucket/key`` of an import job.
        """
        start = re.escape(self.bucket.uri(self.folder))
        found = re.fullmatch(rf"{start}([0-9a-f]{{64}})/[^/]+\.csv", location)
        return None if found is None else found.group(1)

    def keep(self, key: str, sha256: str, path: Path) -> str:
        """Copy the object ``key`` to the place of its content, and download it to ``path``.

        Returns:
            The key of the copy.

        Raises:
            ChangedMeanwhile: The object has another digest.
            ObjectNotFound: There is no such object.
        """
        copy = self.full_key(sha256)
        if not self.bucket.exists(copy):
            self.bucket.copy(key, copy)
        found = self.bucket.get_file(copy, path).sha256
        if found != sha256:
            self.bucket.delete(copy)
            raise ChangedMeanwhile(
                f"{self.bucket.uri(key)} has the digest {found[:12]}, not {sha256[:12]} as when it "
                f"was cleaned: clean it again"
            )
        return copy

    def fetch(self, sha256: str, path: Path) -> bool:
        """Download the content of this digest; tell whether it is there and whole."""
        key = self.full_key(sha256)
        if not self.bucket.exists(key):
            return False
        return self.bucket.get_file(key, path).sha256 == sha256

    def remove_old(self, sha256: str, now: datetime) -> int:
        """Delete the files of other contents that are older than ``KEPT``; tell how many."""
        kept = f"{self.folder}{sha256}/"
        old = [
            entry.key
            for entry in self.bucket.list(self.folder)
            if not entry.key.startswith(kept) and entry.last_modified < now - KEPT
        ]
        for key in old:
            self.bucket.delete(key)
        if old:
            log.info("deleted %d files of earlier imports under %s", len(old), self.folder)
        return len(old)
