"""Where a run of a Spark job finds its code and its order, and where it writes.

Either in a folder of this machine or under a prefix of the bucket. One cleaning has a place of its
own, named by all that its outputs depend on; each try at it is an attempt, a folder below. What a
killed run left is found there again: a finished attempt is taken as it is, a dead one cleared away.
Knows neither Spark nor Dagster, and not what an order says.
"""

import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from personalize_assets.aws.cleaners import Cleaning
from personalize_assets.aws.glue import SPARK_PREFIX, TEMPORARY_PREFIX
from personalize_assets.aws.naming import digest_of
from personalize_assets.aws.objects import Bucket, ObjectNotFound
from personalize_assets.aws.spark_outputs import FolderStore, PartsStore, PrefixStore

OUT: Final = "out"
"""Folder of an attempt that the job writes to."""

ORDER: Final = "order.json"
_DIGITS: Final = 16


@dataclass(frozen=True)
class JobCode:
    """What a job runs: a script, and zips that must be importable beside it.

    Attributes:
        script: Content of the script.
        zips: Content of each zip by its name.
    """

    script: bytes
    zips: Mapping[str, bytes]

    @property
    def digest(self) -> str:
        """16 hex digits of all content."""
        parts = {name: hashlib.sha256(zipped).hexdigest() for name, zipped in self.zips.items()}
        return digest_of([hashlib.sha256(self.script).hexdigest(), parts])[:_DIGITS]


@dataclass(frozen=True)
class CodePlaces:
    """Where the code lies: paths, or addresses ``s3://``."""

    script: str
    zips: tuple[str, ...]


def write_code(folder: Path, code: JobCode) -> CodePlaces:
    """Write the code under ``folder``, in a folder of its digest, if it is not there.

    Raises:
        OSError: It cannot be written.
    """
    target = folder / f"code-{code.digest}"
    if not target.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as made:
            staged = Path(made) / "code"
            staged.mkdir()
            for name, content in {"start.py": code.script, **code.zips}.items():
                (staged / name).write_bytes(content)
            # Another process may have been quicker, with the same content.
            with suppress(OSError):
                staged.replace(target)
    return CodePlaces(str(target / "start.py"), tuple(str(target / name) for name in code.zips))


def upload_code(bucket: Bucket, code: JobCode) -> CodePlaces:
    """Store the code under a prefix of its digest, if it is not there.

    Raises:
        ClientError: The bucket is missing or access is refused.
    """
    prefix = f"{SPARK_PREFIX}code-{code.digest}/"
    there = {found.key for found in bucket.list(prefix)}
    for name, content in {"start.py": code.script, **code.zips}.items():
        if f"{prefix}{name}" not in there:
            bucket.write_bytes(f"{prefix}{name}", content)
    zips = tuple(bucket.uri(f"{prefix}{name}") for name in code.zips)
    return CodePlaces(bucket.uri(f"{prefix}start.py"), zips)


def run_digest(cleaning: Cleaning, code: JobCode) -> str:
    """Name of the place of a cleaning: 16 hex digits of what its outputs depend on."""
    return digest_of([cleaning.dataset, cleaning.inputs(), code.digest])[:_DIGITS]


def new_attempt() -> str:
    """Name of an attempt of this process."""
    return f"{os.getpid()}-{secrets.token_hex(4)}"


class Workplace(Protocol):
    """The place of one cleaning; ``attempt`` is the name of a try at it."""

    def raw(self, attempt: str) -> str:
        """Where the job finds the raw file."""
        ...

    def items(self, attempt: str) -> str | None:
        """Where the job finds the cleaned items, if it is to know them."""
        ...

    def output(self, attempt: str) -> str:
        """Where the job writes, without a slash at its end."""
        ...

    def write_order(self, attempt: str, text: str) -> str:
        """Write the order; return where the job finds it."""
        ...

    def attempts(self) -> list[str]:
        """Attempts that have left something."""
        ...

    def read(self, attempt: str, name: str) -> str | None:
        """Text of a small output; None where there is none."""
        ...

    def store(self, attempt: str) -> PartsStore:
        """What the attempt left; names of parts begin with ``OUT``."""
        ...


@dataclass(frozen=True)
class FolderWorkplace:
    """A place on this machine.

    Attributes:
        cleaning: What is cleaned.
        folder: The place.
        bucket_folder: Folder whose files are the bucket's objects; None where they have to be
            downloaded.
    """

    cleaning: Cleaning
    folder: Path
    bucket_folder: Path | None

    def raw(self, attempt: str) -> str:
        """The object's own file, or a copy of it."""
        return str(self._file(attempt, self.cleaning.raw.file(self.cleaning.dataset).key))

    def items(self, attempt: str) -> str | None:
        """The object's own file, or a copy of it."""
        key = self.cleaning.items_key
        return None if key is None else str(self._file(attempt, key))

    def _file(self, attempt: str, key: str) -> Path:
        if self.bucket_folder is not None:
            return self.bucket_folder / key
        path = self.folder / attempt / "in" / key.rpartition("/")[2]
        self.cleaning.bucket.get_file(key, path)
        return path

    def output(self, attempt: str) -> str:
        """A folder."""
        return str(self.folder / attempt / OUT)

    def scratch(self, attempt: str) -> Path:
        """A folder for what Spark writes beside its output; it goes with the attempt."""
        path = self.folder / attempt / "scratch"
        path.mkdir(parents=True, exist_ok=True)
        return path

    def write_order(self, attempt: str, text: str) -> str:
        """Into the folder of the attempt."""
        path = self.folder / attempt / ORDER
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return str(path)

    def attempts(self) -> list[str]:
        """Folders of the place."""
        return sorted(path.name for path in self.folder.glob("*") if path.is_dir())

    def read(self, attempt: str, name: str) -> str | None:
        """A file of the attempt's output."""
        try:
            return (self.folder / attempt / OUT / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def store(self, attempt: str) -> FolderStore:
        """The folder of the attempt."""
        return FolderStore(self.folder / attempt)

    def clear_dead(self) -> None:
        """Delete attempts of processes that have ended."""
        for attempt in self.attempts():
            pid = attempt.partition("-")[0]
            if pid.isdecimal() and not _is_running(int(pid)):
                shutil.rmtree(self.folder / attempt, ignore_errors=True)


@dataclass(frozen=True)
class PrefixWorkplace:
    """A place in the bucket.

    Attributes:
        cleaning: What is cleaned.
        name: Of the place.
        scheme: How the job calls S3: ``s3`` (Glue) or ``s3a`` (Hadoop).
    """

    cleaning: Cleaning
    name: str
    scheme: str

    @property
    def prefix(self) -> str:
        """Prefix of the place, ending in a slash."""
        return f"{TEMPORARY_PREFIX}{self.name}/"

    def _uri(self, key: str) -> str:
        return f"{self.scheme}://{self.cleaning.bucket.name}/{key}"

    def raw(self, attempt: str) -> str:
        """The object itself."""
        return self._uri(self.cleaning.raw.file(self.cleaning.dataset).key)

    def items(self, attempt: str) -> str | None:
        """The object itself."""
        key = self.cleaning.items_key
        return None if key is None else self._uri(key)

    def output(self, attempt: str) -> str:
        """A prefix, without its slash."""
        return self._uri(f"{self.prefix}{attempt}/{OUT}")

    def order(self, attempt: str) -> str:
        """Where the job finds the order."""
        return self._uri(f"{self.prefix}{attempt}/{ORDER}")

    def write_order(self, attempt: str, text: str) -> str:
        """Under the prefix of the attempt."""
        self.cleaning.bucket.write_bytes(f"{self.prefix}{attempt}/{ORDER}", text.encode())
        return self.order(attempt)

    def attempts(self) -> list[str]:
        """Prefixes of the place."""
        keys = (found.key for found in self.cleaning.bucket.list(self.prefix))
        return sorted({key[len(self.prefix) :].partition("/")[0] for key in keys})

    def read(self, attempt: str, name: str) -> str | None:
        """An object of the attempt's output."""
        try:
            found = self.cleaning.bucket.read_bytes(f"{self.prefix}{attempt}/{OUT}/{name}")
        except ObjectNotFound:
            return None
        return found.decode()

    def store(self, attempt: str) -> PrefixStore:
        """The prefix of the attempt."""
        return PrefixStore(self.cleaning.bucket, f"{self.prefix}{attempt}/")


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
