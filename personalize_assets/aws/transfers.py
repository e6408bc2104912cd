"""Files to and from S3: in parts that travel at the same time, hashed as they pass, compared after.

Uploads are s3transfer's, which boto3's own are made of: it tries parts again, and clears an upload
away that fails or is cancelled. It is used directly because only so a size can be handed in, and
because boto3 may swap it for a library in C whose requests pass no handlers (see ``bucket_owner``).
Its downloads come in order only by a way that can wait for itself for ever, so they are made here.
No file is held in memory: at most one part for each that travels.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from botocore.exceptions import (
    ClientError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from s3transfer.manager import TransferConfig, TransferManager
from s3transfer.subscribers import BaseSubscriber

from personalize_assets.aws.checksums import (
    PART_BYTES,
    Checksum,
    ContentDigest,
    checksum_of,
    part_bytes,
)

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

log = logging.getLogger(__name__)

TELL_EVERY_S: Final = 10.0
_BLOCK_BYTES: Final = 1024 * 1024
_MOST_PARTS_ASKED: Final = 1000  # of an object that others wrote: each is a request
_ATTEMPTS: Final = 5  # of a part whose answer breaks off; requests that fail boto3 sends again
_BROKEN: Final = (
    ConnectionError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
    TimeoutError,
)
_CHANGED: Final = ("412", "PreconditionFailed")


class TransferError(OSError):
    """A file did not arrive as it was; the message says what differs and what to do."""


class ObjectChanged(TransferError):
    """The object was replaced while it was read: to read it again is enough."""


@dataclass(frozen=True)
class TransferState:
    """How far a file is on its way.

    Attributes:
        uri: Of the object.
        verb: ``sent`` or ``received``.
        done: Bytes that travelled.
        size: Bytes in all.
        seconds: Since the start.
    """

    uri: str
    verb: str
    done: int
    size: int
    seconds: float

    def __str__(self) -> str:
        """Such as ``sent 35 % of 2.4 GB to s3://films/a.csv, 80 MB/s``."""
        share = self.done / self.size if self.size else 1.0
        direction = "to" if self.verb == "sent" else "of"
        speed = self.done / self.seconds / 1e6 if self.seconds else 0.0
        return (
            f"{self.verb} {share:.0%} of {self.size / 1e9:.2f} GB {direction} {self.uri}, "
            f"{speed:.0f} MB/s"
        )


Observe = Callable[[TransferState], None]
"""Is told whenever bytes have travelled: from any thread, but never from two at once."""


@dataclass(frozen=True)
class TransferSettings:
    """How files travel.

    Attributes:
        concurrency: Parts of one file at the same time.
        keeps_checksums: Whether S3 is asked to check and keep SHA-256; a plain folder knows ETags.
        observe: Told how far large files are; by default nobody, and the log every 10 s.
    """

    concurrency: int = 10
    keeps_checksums: bool = False
    observe: Observe | None = None

    @property
    def config(self) -> TransferConfig:
        """As s3transfer takes them, for parts of 8 MiB."""
        return self.config_for(0)

    def config_for(self, size: int) -> TransferConfig:
        """As s3transfer takes them, for a file of ``size`` bytes."""
        return TransferConfig(
            multipart_threshold=PART_BYTES,
            multipart_chunksize=part_bytes(size),
            max_request_concurrency=self.concurrency,
            max_in_memory_upload_chunks=self.concurrency,
        )


def send(
    s3: "S3Client", path: Path, bucket: str, key: str, settings: TransferSettings
) -> ContentDigest:
    """Upload a file, read once; return what passed.

    Raises:
        TransferError: The file changed meanwhile, or S3 holds something else afterwards.
        OSError: The file cannot be read.
        ClientError: The bucket is missing or access is refused.
    """
    size, uri = path.stat().st_size, f"s3://{bucket}/{key}"
    in_parts = size >= PART_BYTES
    digest = _sent_digest(size, in_parts=in_parts and settings.keeps_checksums, settings=settings)
    extra = {"ChecksumAlgorithm": "SHA256"} if settings.keeps_checksums else {}
    with path.open("rb") as file, TransferManager(s3, settings.config_for(size)) as manager:
        manager.upload(
            cast(Any, _HashedReader(file, digest)),
            bucket,
            key,
            extra_args=extra,
            subscribers=[_Known(size, _Progress(uri, "sent", size, settings.observe))],
        ).result()
    if digest.size != size:
        raise TransferError(
            f"{path} changed while it was sent: it had {size:,} bytes, then {digest.size:,}; send "
            f"it again when it is complete ({uri} holds what was read)"
        )
    answer = head(s3, bucket, key, settings)
    what = f"{uri} is not what was sent from {path}"
    _compare(digest, answer, what)
    if settings.keeps_checksums:
        _require_kept(digest, answer, what)
    return digest


def receive(
    s3: "S3Client", bucket: str, key: str, file: BinaryIO, settings: TransferSettings
) -> ContentDigest:
    """Download one version of an object into an empty file, in order; return what passed.

    Args:
        s3: boto3 client.
        bucket: Name of the bucket.
        key: Of the object.
        file: Open for writing and reading.
        settings: How.

    Raises:
        ObjectChanged: The object was replaced meanwhile, or arrived other than S3 tells.
        TransferError: The connection broke again and again.
        OSError: The file cannot be written.
        ClientError: There is no such object, or access is refused.
    """
    answer = head(s3, bucket, key, settings)
    size, uri = int(answer["ContentLength"]), f"s3://{bucket}/{key}"
    checksum = checksum_of(answer)
    digest = _digest_to_compare(s3, bucket, key, checksum, size)
    progress = _Progress(uri, "received", size, settings.observe)
    download = _Download(s3, bucket, key, answer["ETag"], size, progress)
    with closing(download.parts(settings.concurrency)) as parts:
        for part in parts:
            digest.update(part)
            file.write(part)
    if digest.agrees_with(checksum) is False and checksum is not None and checksum.parts:
        # Parts of other sizes may be as many as of the usual one.
        digest = ContentDigest(checksum.algorithm, _part_sizes(s3, bucket, key, checksum.parts))
        file.seek(0)
        _read_into(digest, file)
    _compare(digest, answer, f"{uri} did not arrive as it is")
    return digest


def head(s3: "S3Client", bucket: str, key: str, settings: TransferSettings) -> dict[str, Any]:
    """S3's description of an object, with its checksums where it keeps them.

    Raises:
        ClientError: There is no such object, or access is refused.
    """
    if settings.keeps_checksums:
        return dict(s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED"))
    return dict(s3.head_object(Bucket=bucket, Key=key))


def digest_file(path: Path, checksum: Checksum | None, size: int) -> ContentDigest:
    """Read a file of ``size`` bytes once, to compare it with ``checksum``.

    Raises:
        OSError: The file cannot be read.
    """
    digest = ContentDigest.like(checksum, size)
    with path.open("rb") as file:
        _read_into(digest, file)
    return digest


def _sent_digest(size: int, *, in_parts: bool, settings: TransferSettings) -> ContentDigest:
    """What S3 will tell of a file: the SHA-256 asked for, or the MD5 of a plain folder."""
    each = part_bytes(size)
    parts = [each] * -(-size // each) if in_parts else []
    return ContentDigest("sha256" if settings.keeps_checksums else "md5", parts)


def _compare(digest: ContentDigest, answer: dict[str, Any], what: str) -> None:
    checksum = checksum_of(answer)
    if digest.size != answer["ContentLength"]:
        raise ObjectChanged(
            f"{what}: {digest.size:,} bytes passed, S3 tells {answer['ContentLength']:,}; "
            "did somebody else write it meanwhile? Run it again"
        )
    if checksum is not None and digest.agrees_with(checksum) is False:
        raise ObjectChanged(
            f"{what}: its {checksum.algorithm.upper()} differs from what passed; "
            "did somebody else write it meanwhile? Run it again"
        )


def _require_kept(digest: ContentDigest, answer: dict[str, Any], what: str) -> None:
    """Refuse an object that has a checksum, but not the one that was sent with the content."""
    checksum = checksum_of(answer)
    if checksum is not None and checksum.algorithm != "md5" and not digest.is_like(checksum):
        raise ObjectChanged(f"{what}: somebody else wrote it meanwhile. Run it again")


def _digest_to_compare(
    s3: "S3Client", bucket: str, key: str, checksum: Checksum | None, size: int
) -> ContentDigest:
    """A digest for what is about to come; by its real parts where others wrote it in their way."""
    digest = ContentDigest.like(checksum, size)
    if checksum is None or not checksum.parts or digest.is_like(checksum):
        return digest
    if checksum.parts > _MOST_PARTS_ASKED:
        return digest
    return ContentDigest(checksum.algorithm, _part_sizes(s3, bucket, key, checksum.parts))


def _part_sizes(s3: "S3Client", bucket: str, key: str, count: int) -> list[int]:
    return [
        s3.head_object(Bucket=bucket, Key=key, PartNumber=number)["ContentLength"]
        for number in range(1, count + 1)
    ]


def _read_into(digest: ContentDigest, file: BinaryIO) -> None:
    while block := file.read(_BLOCK_BYTES):
        digest.update(block)


class _HashedReader:
    """A file that is hashed as it is read; it cannot seek, so it is read once and in order."""

    def __init__(self, file: BinaryIO, digest: ContentDigest) -> None:
        self._file = file
        self._digest = digest

    def read(self, amount: int = -1) -> bytes:
        block = self._file.read(amount)
        self._digest.update(block)
        return block


class _Known(BaseSubscriber):
    """Hands in the size of what cannot seek, and counts what travels."""

    def __init__(self, size: int, progress: "_Progress") -> None:
        self._size = size
        self._progress = progress

    def on_queued(self, future: Any, **_: Any) -> None:
        future.meta.provide_transfer_size(self._size)

    def on_progress(self, future: Any, bytes_transferred: int, **_: Any) -> None:
        self._progress.add(bytes_transferred)


@dataclass(frozen=True)
class _Download:
    """One version of one object, in parts."""

    s3: "S3Client"
    bucket: str
    key: str
    etag: str
    size: int
    progress: "_Progress"

    def parts(self, concurrency: int) -> Generator[bytes]:
        """The parts in their order, of which ``concurrency`` travel or wait for their turn."""
        stopped = threading.Event()
        waiting: deque[Future[bytes]] = deque()
        with ThreadPoolExecutor(concurrency, thread_name_prefix="download") as pool:
            try:
                for start in range(0, max(self.size, 1), PART_BYTES):
                    if len(waiting) == concurrency:
                        yield waiting.popleft().result()
                    waiting.append(pool.submit(self._part, start, stopped))
                while waiting:
                    yield waiting.popleft().result()
            finally:
                stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)

    def _part(self, start: int, stopped: threading.Event) -> bytes:
        for left in reversed(range(_ATTEMPTS)):
            if stopped.is_set():
                break
            try:
                return self._read(start)
            except _BROKEN as error:
                if not left:
                    raise TransferError(
                        f"{self.progress.uri}: the connection broke again and again ({error}); "
                        "run it again"
                    ) from error
                log.debug("%s: bytes from %d on once more: %s", self.progress.uri, start, error)
        raise CancelledError

    def _read(self, start: int) -> bytes:
        last = min(start + PART_BYTES, self.size) - 1
        # Nothing has no first byte that could be asked for.
        extra: Any = {"Range": f"bytes={start}-{last}"} if self.size else {}
        try:
            answer = self.s3.get_object(
                Bucket=self.bucket, Key=self.key, IfMatch=self.etag, **extra
            )
            with closing(answer["Body"]) as body:
                part = body.read()
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _CHANGED:
                raise
            raise ObjectChanged(f"{self.progress.uri} was replaced meanwhile") from error
        self.progress.add(len(part))
        return part


@dataclass
class _Progress:
    """Counts bytes, and tells of them."""

    uri: str
    verb: str
    size: int
    observe: Observe | None
    done: int = 0
    _started: float = field(default_factory=time.monotonic)
    _told_at: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, count: int) -> None:
        """Take note of bytes that travelled; less than 0 when a part begins anew."""
        with self._lock:
            self.done += count
            now = time.monotonic()
            state = TransferState(self.uri, self.verb, self.done, self.size, now - self._started)
            if self.observe is not None:
                self.observe(state)
            if now - self._told_at >= TELL_EVERY_S:
                self._told_at = now
                log.info("%s", state)
