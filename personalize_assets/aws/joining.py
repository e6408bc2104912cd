"""Many objects become one, in their order, without most of their bytes passing here.

S3 copies ranges of objects into a multipart upload by itself, if they have 5 MiB or more; what is
smaller is gathered here and sent. `plan_join` decides, purely; `join_objects` does it. The bytes
are read once all the same, in order and without being kept, for the digest of the whole.
"""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from personalize_assets.aws.objects import Bucket, ObjectInfo, StoredFile

MIN_PART_BYTES: Final = 5 * 1024 * 1024  # of any part but the last [qfacts.html]
MAX_PART_BYTES: Final = 1024 * 1024 * 1024  # S3 allows 5 GiB; smaller ones are copied side by side
_BLOCK_BYTES: Final = 1024 * 1024


class JoinError(OSError):
    """Objects could not be joined; the message names them."""


@dataclass(frozen=True)
class Piece:
    """Bytes ``start`` (included) to ``end`` (excluded) of the source with this index."""

    source: int
    start: int
    end: int

    @property
    def size(self) -> int:
        """Bytes."""
        return self.end - self.start


@dataclass(frozen=True)
class Part:
    """One part of the upload.

    Attributes:
        pieces: What it is made of, in order.
        copied: Whether S3 copies it (then it is one piece); else its bytes are sent.
    """

    pieces: tuple[Piece, ...]
    copied: bool

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(piece.size for piece in self.pieces)


def plan_join(
    sizes: Sequence[int], minimum: int = MIN_PART_BYTES, maximum: int = MAX_PART_BYTES
) -> list[Part]:
    """Cut sources that follow each other into the parts of one upload.

    Args:
        sizes: Bytes of each source; 0 is allowed.
        minimum: Least bytes of a part that is not the last.
        maximum: Most bytes of a part that is copied; at least twice ``minimum``.

    Returns:
        Parts that hold all bytes in order. As many bytes as possible are copied; a part whose bytes
        are sent is smaller than twice ``minimum``.
    """
    parts: list[Part] = []
    waiting: list[Piece] = []

    def send() -> None:
        if waiting:
            parts.append(Part(tuple(waiting), copied=False))
            waiting.clear()

    for source, size in enumerate(sizes):
        start = 0
        lacking = minimum - sum(piece.size for piece in waiting)
        if waiting and size - lacking < minimum:
            start = size  # What would be left could not be copied: all of it waits with the rest.
        elif waiting:
            start = lacking
        if start:
            waiting.append(Piece(source, 0, start))
        if sum(piece.size for piece in waiting) >= minimum:
            send()
        if size - start >= minimum:
            parts.extend(_copied(Piece(source, start, size), minimum, maximum))
        elif size > start:
            waiting.append(Piece(source, start, size))
    send()
    return parts


def _copied(piece: Piece, minimum: int, maximum: int) -> Iterator[Part]:
    start = piece.start
    while start < piece.end:
        end = min(start + maximum, piece.end)
        if 0 < piece.end - end < minimum:
            end = piece.end - minimum
        yield Part((Piece(piece.source, start, end),), copied=True)
        start = end


def join_objects(
    bucket: Bucket, head: bytes, sources: Sequence[ObjectInfo], key: str, concurrency: int = 10
) -> StoredFile:
    """Write ``head`` and then the content of ``sources`` as one object.

    Args:
        bucket: The pipeline's bucket.
        head: A few bytes, such as the header of a CSV file.
        sources: Objects as they were listed; one that was written anew since is noticed.
        key: Where the whole goes. It appears when it is complete; nothing stays of a failure.
        concurrency: Parts that are copied at the same time.

    Raises:
        JoinError: A source is gone or was changed.
        ClientError: Access is refused.
    """
    join = _Join(bucket, head, sources, key)
    sizes = [len(head), *(source.size for source in sources)]
    try:
        sha256 = join.at_once() if sum(sizes) < MIN_PART_BYTES else join.parts(sizes, concurrency)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ("PreconditionFailed", "NoSuchKey"):
            names = f"{sources[0].key} to {sources[-1].key}" if sources else "none"
            raise JoinError(
                f"of the objects ({names}) that {bucket.uri(key)} is made of, one was changed or "
                "deleted meanwhile: clean anew, and by one process only"
            ) from error
        raise
    return StoredFile(key, sum(sizes), sha256, written=True)


@dataclass(frozen=True)
class _Join:
    """One joining; ``head`` is source 0, the objects follow from 1."""

    bucket: Bucket
    head: bytes
    sources: Sequence[ObjectInfo]
    key: str

    def at_once(self) -> str:
        content = self.head + b"".join(self._read(one) for one in self.sources if one.size)
        self.bucket.write_bytes(self.key, content)
        return hashlib.sha256(content).hexdigest()

    def parts(self, sizes: Sequence[int], concurrency: int) -> str:
        s3: Any = self.bucket.s3
        place = {"Bucket": self.bucket.name, "Key": self.key}
        # Said here, because parts that are sent bear this checksum by boto3's default.
        upload = s3.create_multipart_upload(**place, ChecksumAlgorithm="CRC32")["UploadId"]
        try:
            with ThreadPoolExecutor(concurrency) as pool:
                sent: list[Future[dict[str, Any]]] = [
                    pool.submit(self._send, upload, number, part)
                    for number, part in enumerate(plan_join(sizes), 1)
                ]
                try:
                    sha256 = self._digest()
                    done: Any = [one.result() for one in sent]
                except BaseException:
                    pool.shutdown(wait=True, cancel_futures=True)
                    raise
            s3.complete_multipart_upload(**place, UploadId=upload, MultipartUpload={"Parts": done})
        except BaseException:
            self._abort(upload)
            raise
        return sha256

    def _send(self, upload: str, number: int, part: Part) -> dict[str, Any]:
        s3, key = self.bucket.s3, self.key
        where: Any = {"Bucket": self.bucket.name, "UploadId": upload, "PartNumber": number}
        if not part.copied:
            content = b"".join(self._piece(piece) for piece in part.pieces)
            return _receipt(number, s3.upload_part(Key=key, Body=content, **where))
        (piece,) = part.pieces
        source = self.sources[piece.source - 1]
        answer: Any = s3.upload_part_copy(
            Key=key,
            CopySource={"Bucket": self.bucket.name, "Key": source.key},
            CopySourceRange=f"bytes={piece.start}-{piece.end - 1}",
            CopySourceIfMatch=f'"{source.etag}"',
            **where,
        )
        return _receipt(number, answer["CopyPartResult"])

    def _abort(self, upload: str) -> None:
        # The first error is the one to tell; parts that stay are for the bucket's lifecycle rule.
        try:
            self.bucket.s3.abort_multipart_upload(
                Bucket=self.bucket.name, Key=self.key, UploadId=upload
            )
        except (BotoCoreError, ClientError):
            return

    def _piece(self, piece: Piece) -> bytes:
        if piece.source == 0:
            return self.head[piece.start : piece.end]
        source = self.sources[piece.source - 1]
        return self._read(source, Range=f"bytes={piece.start}-{piece.end - 1}")

    def _read(self, source: ObjectInfo, **where: str) -> bytes:
        return self._open(source, **where).read()

    def _open(self, source: ObjectInfo, **where: Any) -> Any:
        answer = self.bucket.s3.get_object(
            Bucket=self.bucket.name, Key=source.key, IfMatch=f'"{source.etag}"', **where
        )
        return answer["Body"]

    def _digest(self) -> str:
        whole = hashlib.sha256(self.head)
        for source in self.sources:
            body = self._open(source)
            while block := body.read(_BLOCK_BYTES):
                whole.update(block)
        return whole.hexdigest()


def _receipt(number: int, answer: Any) -> dict[str, Any]:
    """What completing the upload has to say of a part."""
    names = ("ETag", "ChecksumCRC32")
    return {"PartNumber": number, **{name: answer[name] for name in names if name in answer}}
