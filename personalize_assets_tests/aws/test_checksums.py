"""Checksums as S3 tells them, against values worked out with hashlib alone."""

import base64
import hashlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_assets.aws.checksums import (
    MAX_PARTS,
    PART_BYTES,
    Checksum,
    ContentDigest,
    checksum_of,
    part_bytes,
)

CONTENT = b"userId,movieId\n1,2\n"


def sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def md5(content: bytes) -> bytes:
    return hashlib.md5(content).digest()


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"ETag": f'"{md5(CONTENT).hex()}"'}, Checksum("md5", md5(CONTENT))),
        ({"ETag": f'"{md5(b"ab").hex()}-3"'}, Checksum("md5", md5(b"ab"), 3)),
        (
            {"ETag": '"x"', "ChecksumSHA256": base64_of(sha256(CONTENT))},
            Checksum("sha256", sha256(CONTENT)),
        ),
        (
            {"ETag": '"x"', "ChecksumSHA256": f"{base64_of(sha256(b'ab'))}-2"},
            Checksum("sha256", sha256(b"ab"), 2),
        ),
        (
            {"ETag": f'"{md5(CONTENT).hex()}"', "ChecksumCRC32": "AAAAAQ=="},
            Checksum("crc32", bytes([0, 0, 0, 1])),
        ),
        (  # the number of parts stands behind the ETag at least
            {"ETag": '"x-2"', "ChecksumSHA256": base64_of(sha256(b"ab"))},
            Checksum("sha256", sha256(b"ab"), 2),
        ),
        (
            {"ETag": '"x-2"', "ChecksumCRC32": "AAAAAQ==", "ChecksumType": "FULL_OBJECT"},
            Checksum("crc32", bytes([0, 0, 0, 1])),
        ),
        (  # needs the C library that boto3 does without: the ETag is still there
            {"ETag": f'"{md5(CONTENT).hex()}"', "ChecksumCRC64NVME": "AAAAAAAAAAE="},
            Checksum("md5", md5(CONTENT)),
        ),
        ({"ETag": f'"{md5(CONTENT).hex()}"', "ServerSideEncryption": "aws:kms"}, None),
        ({"ETag": f'"{md5(CONTENT).hex()}"', "SSECustomerAlgorithm": "AES256"}, None),
        (
            {"ETag": f'"{md5(CONTENT).hex()}"', "ServerSideEncryption": "AES256"},
            Checksum("md5", md5(CONTENT)),
        ),
        ({"ETag": '"something else"'}, None),
        ({}, None),
    ],
)
def test_checksum_of__answers(answer: dict[str, str], expected: Checksum | None) -> None:
    assert checksum_of(answer) == expected


def test_content_digest__whole() -> None:
    digest = ContentDigest("md5")
    digest.update(CONTENT[:5])
    digest.update(CONTENT[5:])

    assert (digest.size, digest.sha256) == (len(CONTENT), sha256(CONTENT).hex())
    assert digest.agrees_with(Checksum("md5", md5(CONTENT))) is True
    assert digest.agrees_with(Checksum("md5", md5(b"other"))) is False
    assert digest.agrees_with(Checksum("sha256", sha256(CONTENT))) is None
    assert digest.agrees_with(Checksum("md5", md5(CONTENT), 1)) is None
    assert digest.agrees_with(None) is None


@pytest.mark.parametrize(
    ("checksum", "size"),
    [
        (Checksum("sha256", b"", 2), PART_BYTES),  # one part would do
        (Checksum("sha256", b"", 1), PART_BYTES + 1),
    ],
)
def test_content_digest__like_parts_of_another_size(checksum: Checksum, size: int) -> None:
    assert ContentDigest.like(checksum, size).agrees_with(checksum) is None


@pytest.mark.parametrize("size", [0, 1, PART_BYTES, PART_BYTES + 1])
def test_content_digest__like_parts_of_the_usual_size(size: int) -> None:
    content = bytes(size)
    parts = [content[at : at + PART_BYTES] for at in range(0, size, PART_BYTES)] or [b""]
    checksum = Checksum("sha256", sha256(b"".join(map(sha256, parts))), len(parts))
    digest = ContentDigest.like(checksum, size)
    digest.update(content)

    assert digest.agrees_with(checksum) is True


@given(st.lists(st.binary(min_size=1, max_size=9), min_size=1), st.integers(1, 40))
def test_content_digest__blocks_and_parts_need_not_meet(parts: list[bytes], block: int) -> None:
    content = b"".join(parts)
    crc32 = zlib.crc32(b"".join(zlib.crc32(part).to_bytes(4, "big") for part in parts))
    digest = ContentDigest("crc32", [len(part) for part in parts])
    for at in range(0, len(content), block):
        digest.update(content[at : at + block])

    assert digest.agrees_with(Checksum("crc32", crc32.to_bytes(4, "big"), len(parts))) is True
    assert digest.sha256 == hashlib.sha256(content).hexdigest()


def test_content_digest__fewer_parts_than_told() -> None:
    digest = ContentDigest("md5", [3, 3])
    digest.update(b"abc")

    assert digest.agrees_with(Checksum("md5", md5(md5(b"abc")), 2)) is False


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, PART_BYTES),
        (PART_BYTES * MAX_PARTS, PART_BYTES),
        (PART_BYTES * MAX_PARTS + 1, 2 * PART_BYTES),
        (5 * 1024**4, 1024**3),  # the largest object of S3
    ],
)
def test_part_bytes(size: int, expected: int) -> None:
    assert part_bytes(size) == expected
