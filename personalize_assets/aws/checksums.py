"""What S3 tells of an object's content, and the same computed from bytes as they pass.

S3 keeps a checksum either of the whole object or of its parts: then it is the hash of the parts'
hashes, with their number behind it. Without a checksum there is the ETag, an MD5 in one of the same
two forms unless a KMS key encrypts the object. Pure: nothing here opens a file or a connection.
"""

import base64
import binascii
import hashlib
import math
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, Final, Literal, Protocol

Algorithm = Literal["sha256", "crc32", "md5"]

PART_BYTES: Final = 8 * 1024 * 1024
MAX_PARTS: Final = 10_000  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html

_KEPT: Final[Sequence[tuple[str, Algorithm]]] = (
    ("ChecksumSHA256", "sha256"),
    ("ChecksumCRC32", "crc32"),
)
"""Checksums that S3 may keep and that Python can compute, the strongest first."""


@dataclass(frozen=True)
class Checksum:
    """What S3 tells of an object's content.

    Attributes:
        algorithm: Of the hash.
        digest: The hash.
        parts: Number of the parts whose hashes were hashed; 0 where it is of the whole content.
    """

    algorithm: Algorithm
    digest: bytes
    parts: int = 0


def part_bytes(size: int) -> int:
    """Bytes of each part of an object of ``size`` bytes: 8 MiB, doubled until 10,000 suffice."""
    bytes_each = PART_BYTES
    while bytes_each * MAX_PARTS < size:
        bytes_each *= 2
    return bytes_each


def checksum_of(answer: Mapping[str, Any]) -> Checksum | None:
    """The strongest checksum in an answer of HeadObject that can be compared; None without any.

    Args:
        answer: With checksums where they were asked for.
    """
    etag = str(answer.get("ETag", "")).strip('"')
    for member, algorithm in _KEPT:
        if found := _parse(answer.get(member, ""), algorithm):
            if answer.get("ChecksumType") == "FULL_OBJECT" or found.parts:
                return found
            return replace(found, parts=_parts_of(etag))
    if _has_foreign_etag(answer) or not re.fullmatch(r"[0-9a-f]{32}(-\d+)?", etag):
        return None
    return Checksum("md5", bytes.fromhex(etag[:32]), _parts_of(etag))


def _parse(text: str, algorithm: Algorithm) -> Checksum | None:
    content, _, parts = text.partition("-")
    try:
        digest = base64.b64decode(content, validate=True)
    except binascii.Error:
        return None
    return Checksum(algorithm, digest, int(parts or 0)) if digest else None


def _parts_of(etag: str) -> int:
    found = re.search(r"-(\d+)$", etag)
    return 0 if found is None else int(found[1])


def _has_foreign_etag(answer: Mapping[str, Any]) -> bool:
    """Whether the object is encrypted with a key, by which the ETag is no MD5 of the content."""
    encryption = str(answer.get("ServerSideEncryption", ""))
    return encryption.startswith("aws:kms") or "SSECustomerAlgorithm" in answer


class ContentDigest:
    """Size and SHA-256 of bytes that pass, and one more hash to compare with S3's.

    Attributes:
        size: Bytes so far.
    """

    def __init__(self, algorithm: Algorithm = "sha256", part_sizes: Sequence[int] = ()) -> None:
        """Begin.

        Args:
            algorithm: Hash to compare.
            part_sizes: Sizes of the parts whose hashes are hashed, in their order; the last one
                may be short. None of them: the whole content is hashed at once.
        """
        self.size = 0
        self._sha256 = hashlib.sha256()
        self._algorithm: Algorithm = algorithm
        self._ends = list(accumulate(part_sizes))
        self._digests: list[bytes] = []
        self._compared = _start(algorithm, shared=None if part_sizes else self._sha256)

    @staticmethod
    def like(checksum: Checksum | None, size: int) -> "ContentDigest":
        """A digest to compare with ``checksum`` of an object of ``size`` bytes.

        Parts are taken to be as large as ``part_bytes`` says; where that cannot be, no comparison
        is tried (``agrees_with`` tells None).
        """
        if checksum is None:
            return ContentDigest()
        if not checksum.parts:
            return ContentDigest(checksum.algorithm)
        each = part_bytes(size)
        if checksum.parts != max(1, -(-size // each)):
            return ContentDigest()
        return ContentDigest(checksum.algorithm, [each] * checksum.parts)

    @property
    def sha256(self) -> str:
        """SHA-256 of all bytes, 64 hex digits."""
        return self._sha256.hexdigest()

    def update(self, block: bytes) -> None:
        """Take the next bytes."""
        self._sha256.update(block)
        start, self.size = self.size, self.size + len(block)
        if not self._ends:
            if self._compared is not self._sha256:
                self._compared.update(block)
            return
        view = memoryview(block)
        while start < self.size:
            end = self._end_of_part()
            if start == end:
                self._digests.append(self._compared.digest())
                self._compared = _start(self._algorithm)
                continue
            taken = int(min(self.size, end)) - start
            self._compared.update(view[:taken])
            view, start = view[taken:], start + taken

    def _end_of_part(self) -> float:
        """Where the part ends that bytes now belong to; the last one has no end."""
        number = len(self._digests)
        return self._ends[number] if number < len(self._ends) - 1 else math.inf

    def is_like(self, checksum: Checksum) -> bool:
        """Whether the two are hashes of the same kind, of as many parts."""
        return (checksum.algorithm, checksum.parts) == (self._algorithm, len(self._ends))

    def agrees_with(self, checksum: Checksum | None) -> bool | None:
        """Whether S3 tells the same of the content; None where the two cannot be compared."""
        if checksum is None or not self.is_like(checksum):
            return None
        parts = len(self._ends)
        if not parts:
            return self._compared.digest() == checksum.digest
        combined = _start(self._algorithm)
        combined.update(b"".join([*self._digests, self._compared.digest()]))
        return len(self._digests) + 1 == parts and combined.digest() == checksum.digest


class _Hash(Protocol):
    def update(self, data: bytes | memoryview, /) -> None: ...
    def digest(self) -> bytes: ...


class _Crc32:
    """CRC-32 with the interface of hashlib."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes | memoryview, /) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


def _start(algorithm: Algorithm, shared: _Hash | None = None) -> _Hash:
    if algorithm == "crc32":
        return _Crc32()
    if algorithm == "md5":
        return hashlib.md5(usedforsecurity=False)
    return hashlib.sha256() if shared is None else shared
