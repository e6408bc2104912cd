"""Objects in the pipeline's bucket, with what both Amazon S3 and plain folders can do.

The local S3 knows no batch delete, no metadata, no versions and no conditional overwrite
(``personalize_assets.local.s3``), so none of these is used. An object is identified by key, ETag
and time of change together.
"""

import json
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from botocore.exceptions import ClientError
from s3transfer.manager import TransferManager

from personalize_assets.aws.checksums import checksum_of
from personalize_assets.aws.clients import Clients
from personalize_assets.aws.kinds import error_code
from personalize_assets.aws.transfers import (
    ObjectChanged,
    TransferSettings,
    digest_file,
    head,
    receive,
    send,
)

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

log = logging.getLogger(__name__)

_BLOCK_BYTES = 1024 * 1024
_DOWNLOADS: Final = 3
"""So often is a download begun whose object is replaced meanwhile."""
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


@dataclass(frozen=True)
class Bucket:
    """The pipeline's bucket.

    Attributes:
        s3: boto3 client; that of the aws deployment names the owner in every request.
        name: Name of the bucket.
        transfers: How files travel.
    """

    s3: "S3Client"
    name: str
    transfers: TransferSettings = field(default_factory=TransferSettings)

    @staticmethod
    def of(clients: Clients) -> "Bucket":
        """The bucket of a deployment."""
        deployment = clients.deployment
        # A folder of this machine gains nothing by more connections than a client keeps open.
        concurrency = deployment.transfer_concurrency
        transfers = TransferSettings(
            concurrency=min(concurrency, 10) if deployment.is_local else concurrency,
            keeps_checksums=not deployment.is_local,
        )
        return Bucket(clients.s3, deployment.bucket, transfers)

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
            self.s3.head_bucket(Bucket=self.name)
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
            Bucket=self.name, Prefix=prefix, StartAfter=after
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
            answer = self.s3.head_object(Bucket=self.name, Key=key)
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
            TransferError: It changed meanwhile, or S3 holds something else afterwards.
            OSError: The file cannot be read.
            ClientError: The bucket is missing or access is refused.
        """
        if there := self._same(path, key):
            log.info("%s is there already (%d bytes)", self.uri(key), there.size)
            return there
        digest = send(self.s3, path, self.name, key, self.transfers)
        log.info("wrote %s (%d bytes)", self.uri(key), digest.size)
        return StoredFile(key, digest.size, digest.sha256, written=True)

    def _same(self, path: Path, key: str) -> StoredFile | None:
        """The object, if it holds what the file does, which is read only if that may be."""
        size = path.stat().st_size
        try:
            answer = head(self.s3, self.name, key, self.transfers)
        except ClientError as error:
            if error_code(error) not in _MISSING:
                raise
            return None
        checksum = checksum_of(answer)
        if answer["ContentLength"] != size or checksum is None:
            return None
        digest = digest_file(path, checksum, size)
        if digest.size != size or not digest.agrees_with(checksum):
            return None
        return StoredFile(key, size, digest.sha256, written=False)

    def get_file(self, key: str, path: Path) -> StoredFile:
        """Download an object to ``path``, which appears only when it is complete.

        Parts of it travel at the same time, all of one version: where the object is replaced
        meanwhile, it is begun anew.

        Raises:
            ObjectNotFound: There is no such object.
            TransferError: It is replaced again and again, or arrives other than S3 tells.
            OSError: The file cannot be written.
            ClientError: Access is refused.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        for left in reversed(range(_DOWNLOADS)):
            try:
                return self._get(key, path)
            except ObjectChanged as error:
                if not left:
                    raise
                log.warning("%s; beginning anew", error)
        raise AssertionError("unreachable")

    def _get(self, key: str, path: Path) -> StoredFile:
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
        try:
            with os.fdopen(handle, "w+b") as file:
                digest = receive(self.s3, self.name, key, file, self.transfers)
            Path(part).replace(path)
        except BaseException as error:
            with suppress(FileNotFoundError):
                Path(part).unlink()
            if isinstance(error, ClientError) and error_code(error) in _MISSING:
                raise ObjectNotFound(f"there is no object {self.uri(key)}") from error
            raise
        return StoredFile(key, digest.size, digest.sha256, written=True)

    def _blocks(self, key: str) -> Iterator[bytes]:
        with closing(self._open(key)) as body:
            while block := body.read(_BLOCK_BYTES):
                yield block

    def _open(self, key: str) -> BinaryIO:
        try:
            answer: Any = self.s3.get_object(Bucket=self.name, Key=key)
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
        with closing(self._open(key)) as body:
            return body.read(size)

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
        self.s3.put_object(Bucket=self.name, Key=key, Body=content)

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
        source: Any = {"Bucket": self.name, "Key": source_key}
        try:
            # The managed copy also takes objects beyond the 5 GB of CopyObject.
            with TransferManager(self.s3, self.transfers.config) as manager:
                manager.copy(source, self.name, key).result()
        except ClientError as error:
            if error_code(error) not in _MISSING:
                raise
            raise ObjectNotFound(f"there is no object {self.uri(source_key)}") from error

    def delete(self, key: str) -> None:
        """Delete an object, if it is there.

        Raises:
            ClientError: The bucket is missing or access is refused.
        """
        self.s3.delete_object(Bucket=self.name, Key=key)
