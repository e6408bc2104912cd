"""Objects in the pipeline's bucket, with what both Amazon S3 and plain folders can do.

The local S3 knows no batch delete, no metadata, no versions and no conditional overwrite
(``personalize_assets.local.s3``), so none of these is used. An object is identified by key, ETag
and time of change together.
"""

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypedDict

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from personalize_assets.aws.clients import Clients
from personalize_assets.aws.kinds import error_code

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

log = logging.getLogger(__name__)

PART_BYTES = 8 * 1024 * 1024
_BLOCK_BYTES = 1024 * 1024
_MISSING = ("404", "NoSuchKey", "NotFound")


class ObjectNotFound(FileNotFoundError):
    """There is no such object, or no such bucket; the message names it."""


@dataclass(frozen=True)
class ObjectInfo:
    """One object as a listing shows it.

    Attributes:
        key: Key in the bucket.
        size: Bytes.
        etag: ETag without quotes.
        last_modified: Aware UTC time of the last change.
    """

    key: str
    size: int
    etag: str
    last_modified: datetime

    @property
    def identity(self) -> str:
        """Text that changes whenever the object is written anew: key, ETag and time."""
        return f"{self.key}|{self.etag}|{self.last_modified.astimezone(UTC).isoformat()}"


@dataclass(frozen=True)
class StoredFile:
    """One object that was written or read as a file.

    Attributes:
        key: Key in the bucket.
        size: Bytes.
        sha256: Hash of the content, 64 hex digits.
        written: False where the object already held this content and nothing was sent.
    """

    key: str
    size: int
    sha256: str
    written: bool


class _Owner(TypedDict, total=False):
    ExpectedBucketOwner: str


@dataclass(frozen=True)
class Bucket:
    """The pipeline's bucket.

    Attributes:
        s3: boto3 client.
        name: Name of the bucket.
        owner: Account that must own it (sent with every request), or None on this machine.
    """

    s3: "S3Client"
    name: str
    owner: str | None = None

    @staticmethod
    def of(clients: Clients) -> "Bucket":
        """The bucket of a deployment."""
        deployment = clients.deployment
        return Bucket(clients.s3, deployment.bucket, deployment.bucket_owner)

    @property
    def _owner(self) -> _Owner:
        return {} if self.owner is None else {"ExpectedBucketOwner": self.owner}

    def uri(self, key: str = "") -> str:
        """The address ``s3://bucket/key``."""
        return f"s3://{self.name}/{key}"

    def ensure(self, *, create: bool) -> bool:
        """Make sure that the bucket is there; return whether it was created.

        Args:
            create: Whether it may be created; on AWS names are global, so better not.

        Raises:
            ObjectNotFound: It is not there and must not be created.
            ClientError: It belongs to someone else, or access is refused.
        """
        try:
            self.s3.head_bucket(Bucket=self.name, **self._owner)
        except ClientError as error:
            if error_code(error) not in (*_MISSING, "NoSuchBucket"):
                raise
            if not create:
                raise ObjectNotFound(f"there is no bucket {self.name}") from error
        else:
            return False
        try:
            self.s3.create_bucket(Bucket=self.name)
        except ClientError as error:
            if error_code(error) != "BucketAlreadyOwnedByYou":
                raise
            return False
        return True

    def list(self, prefix: str = "", after: str = "") -> Iterator[ObjectInfo]:
        """List the objects whose keys begin with ``prefix``, in order of their keys.

        Args:
            prefix: Beginning of the keys.
            after: Only keys that come after this one.

        Raises:
            ClientError: The bucket is missing or access is refused.
        """
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.name, Prefix=prefix, StartAfter=after, **self._owner
        )
        for page in pages:
            for entry in page.get("Contents", []):
                yield ObjectInfo(
                    key=entry.get("Key", ""),
                    size=entry.get("Size", 0),
                    etag=entry.get("ETag", "").strip('"'),
                    last_modified=entry["LastModified"],  # pyright: ignore[reportTypedDictNotRequiredAccess]
                )

    def head(self, key: str) -> ObjectInfo | None:
        """Look at one object; None where there is none.

        Raises:
            ClientError: Access is refused.
        """
        try:
            answer = self.s3.head_object(Bucket=self.name, Key=key, **self._owner)
        except ClientError as error:
            if error_code(error) not in _MISSING:
                raise
            return None
        return ObjectInfo(
            key, answer["ContentLength"], answer["ETag"].strip('"'), answer["LastModified"]
        )

    def exists(self, key: str) -> bool:
        """Tell whether there is an object ``key``."""
        return self.head(key) is not None

    def put_file(self, path: Path, key: str) -> StoredFile:
        """Upload a file, in parts where it is large; nothing is sent if it is there already.

        Raises:
            OSError: The file cannot be read.
            ClientError: The bucket is missing or access is refused.
        """
        size = path.stat().st_size
        sha256, etags = _digests(path)
        there = self.head(key)
        if there is not None and there.size == size and there.etag in etags:
            log.info("%s is there already (%d bytes)", self.uri(key), size)
            return StoredFile(key, size, sha256, written=False)
        config = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES)
        extra: dict[str, Any] = {**self._owner}
        self.s3.upload_file(str(path), self.name, key, ExtraArgs=extra, Config=config)
        log.info("wrote %s (%d bytes)", self.uri(key), size)
        return StoredFile(key, size, sha256, written=True)

    def get_file(self, key: str, path: Path) -> StoredFile:
        """Download an object to ``path``, which appears only when it is complete.

        Raises:
            ObjectNotFound: There is no such object.
            OSError: The file cannot be written, or the object ended early.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
        try:
            with os.fdopen(handle, "wb") as file:
                for block in self._blocks(key):
                    digest.update(block)
                    size += file.write(block)
            Path(part).replace(path)
        except BaseException:
            with suppress(FileNotFoundError):
                Path(part).unlink()
            raise
        return StoredFile(key, size, digest.hexdigest(), written=True)

    def _blocks(self, key: str) -> Iterator[bytes]:
        body = self._open(key)
        while block := body.read(_BLOCK_BYTES):
            yield block

    def _open(self, key: str) -> BinaryIO:
        try:
            answer: Any = self.s3.get_object(Bucket=self.name, Key=key, **self._owner)
        except ClientError as error:
            if error_code(error) not in _MISSING:
                raise
            raise ObjectNotFound(f"there is no object {self.uri(key)}") from error
        return answer["Body"]

    def read_start(self, key: str, size: int = 65_536) -> bytes:
        """Read the first ``size`` bytes of an object, or all of a smaller one.

        Raises:
            ObjectNotFound: There is no such object.
        """
        return self._open(key).read(size)

    def read_bytes(self, key: str) -> bytes:
        """Read a small object.

        Raises:
            ObjectNotFound: There is no such object.
        """
        return b"".join(self._blocks(key))

    def write_bytes(self, key: str, content: bytes) -> None:
        """Write a small object, in one step.

        Raises:
            ClientError: The bucket is missing or access is refused.
        """
        self.s3.put_object(Bucket=self.name, Key=key, Body=content, **self._owner)

    def read_json(self, key: str) -> Any:
        """Read a small JSON object.

        Raises:
            ObjectNotFound: There is no such object.
            ValueError: It is not JSON; the message names the object.
        """
        content = self.read_bytes(key)
        try:
            return json.loads(content)
        except ValueError as error:
            raise ValueError(f"{self.uri(key)} is not JSON: {error}") from error

    def write_json(self, key: str, value: Any) -> None:
        """Write ``value`` as JSON, keys sorted, one line per member.

        Raises:
            TypeError: ``value`` holds something that JSON does not know.
        """
        text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
        self.write_bytes(key, f"{text}\n".encode())

    def copy(self, source_key: str, key: str) -> None:
        """Copy an object inside the bucket, without its bytes passing here.

        Raises:
            ObjectNotFound: There is no object ``source_key``.
        """
        extra: dict[str, Any] = {**self._owner}
        source: Any = {"Bucket": self.name, "Key": source_key}
        try:
            # The managed copy also takes objects beyond the 5 GB of CopyObject.
            self.s3.copy(source, self.name, key, ExtraArgs=extra)
        except ClientError as error:
            if error_code(error) not in _MISSING:
                raise
            raise ObjectNotFound(f"there is no object {self.uri(source_key)}") from error

    def delete(self, key: str) -> None:
        """Delete an object, if it is there.

        Raises:
            ClientError: The bucket is missing or access is refused.
        """
        self.s3.delete_object(Bucket=self.name, Key=key, **self._owner)


def _digests(path: Path) -> tuple[str, tuple[str, str]]:
    """sha256 of a file, and the ETags it has as one object and as one of several parts."""
    sha256, whole, parts = hashlib.sha256(), _md5(), [_md5()]
    in_part = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            sha256.update(block)
            whole.update(block)
            if in_part == PART_BYTES:
                parts.append(_md5())
                in_part = 0
            parts[-1].update(block)
            in_part += len(block)
    combined = _md5(b"".join(part.digest() for part in parts)).hexdigest()
    return sha256.hexdigest(), (whole.hexdigest(), f"{combined}-{len(parts)}")


def _md5(content: bytes = b"") -> Any:
    return hashlib.md5(content, usedforsecurity=False)
