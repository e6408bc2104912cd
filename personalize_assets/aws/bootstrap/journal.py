"""What a bootstrap began on this machine, written down before it was made.

A tag tells what is ours, but S3 gives a bucket its tags only after it was made, and tags can get
lost. Whoever finds an untagged bucket here knows that it is ours all the same.
"""

import json
import os
import tempfile
from pathlib import Path
from typing import Final

from personalize_assets.aws.bootstrap.wanted import Resource

JOURNAL_NAME: Final = "bootstrap.json"


class Journal:
    """A file of what was begun in one account.

    Args:
        path: Of the file; it need not exist.
        account_id: Twelve digits.
    """

    def __init__(self, path: Path, account_id: str) -> None:
        self._path = path
        self._account_id = account_id

    def holds(self, resource: Resource) -> bool:
        """Whether ``resource`` was begun here and not deleted since."""
        return self._entry(resource) in self._read()

    def add(self, resource: Resource) -> None:
        """Write down that ``resource`` is about to be made."""
        self._write(self._read() | {self._entry(resource)})

    def remove(self, resource: Resource) -> None:
        """Write down that ``resource`` is gone."""
        self._write(self._read() - {self._entry(resource)})

    def _entry(self, resource: Resource) -> str:
        return f"{self._account_id} {resource.type} {resource.id}"

    def _read(self) -> set[str]:
        try:
            return set(json.loads(self._path.read_text(encoding="utf-8"))["begun"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return set()  # without it, tags alone tell what is ours

    def _write(self, entries: set[str]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"begun": sorted(entries)}, file, indent=2)
        Path(name).replace(self._path)
