import hashlib
import os
from collections.abc import Iterator, Sequence

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from personalize_assets.aws.joining import (
    MIN_PART_BYTES,
    JoinError,
    Part,
    Piece,
    join_objects,
    plan_join,
)
from personalize_assets.aws.objects import Bucket, ObjectInfo
from personalize_assets_tests.aws_cloud import Cloud, open_cloud, serve_moto


def copied(source: int, start: int, end: int) -> Part:
    return Part((Piece(source, start, end),), copied=True)


def sent(*pieces: tuple[int, int, int]) -> Part:
    return Part(tuple(Piece(*piece) for piece in pieces), copied=False)


@pytest.mark.parametrize(
    ("sizes", "parts"),
    [
        ([], []),
        ([0, 0], []),
        ([3], [sent((0, 0, 3))]),
        ([3, 4], [sent((0, 0, 3), (1, 0, 4))]),
        # A header, topped up to the least size; the rest is copied.
        ([3, 90], [sent((0, 0, 3), (1, 0, 7)), copied(1, 7, 90)]),
        # What would be left of the second source is too small to be copied.
        ([3, 16], [sent((0, 0, 3), (1, 0, 16))]),
        ([3, 16, 50], [sent((0, 0, 3), (1, 0, 16)), copied(2, 0, 50)]),
        ([50, 4], [copied(0, 0, 50), sent((1, 0, 4))]),
        (
            [50, 4, 5, 30],
            [copied(0, 0, 50), sent((1, 0, 4), (2, 0, 5), (3, 0, 1)), copied(3, 1, 30)],
        ),
        # More than the most: the last of the copies is not smaller than the least.
        ([205], [copied(0, 0, 100), copied(0, 100, 195), copied(0, 195, 205)]),
    ],
)
def test_plan__worked_by_hand(sizes: Sequence[int], parts: list[Part]) -> None:
    assert plan_join(sizes, minimum=10, maximum=100) == parts


@given(st.lists(st.integers(0, 300), max_size=30))
def test_plan__holds_all_bytes_in_order_within_the_limits(sizes: list[int]) -> None:
    parts = plan_join(sizes, minimum=10, maximum=100)
    taken = [(p.source, at) for part in parts for p in part.pieces for at in range(p.start, p.end)]
    assert taken == [(source, at) for source, size in enumerate(sizes) for at in range(size)]
    assert all(part.size >= 10 for part in parts[:-1])
    assert all(10 <= part.size <= 100 for part in parts if part.copied)
    assert all(part.size < 20 for part in parts if not part.copied)


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with serve_moto() as address, open_cloud(address) as cloud:
        yield cloud


def put(cloud: Cloud, folder: str, contents: Sequence[bytes]) -> list[ObjectInfo]:
    cloud.put_quickly({f"{folder}/part-{n:05}": content for n, content in enumerate(contents)})
    return list(cloud.bucket.list(f"{folder}/"))


def read(bucket: Bucket, key: str) -> bytes:
    return bucket.read_bytes(key)


@pytest.mark.parametrize(
    "contents",
    [
        [],
        [b""],
        [b"a\n", b"", b"b\n"],
        [os.urandom(MIN_PART_BYTES + 7), b"tail\n"],
        [b"small\n", os.urandom(2 * MIN_PART_BYTES), os.urandom(100), os.urandom(MIN_PART_BYTES)],
    ],
    ids=["none", "empty", "small", "large", "mixed"],
)
def test_join__equals_the_concatenation(cloud: Cloud, contents: list[bytes]) -> None:
    folder = hashlib.sha256(repr([content[:9] for content in contents]).encode()).hexdigest()
    sources = put(cloud, folder, contents)
    done = join_objects(cloud.bucket, b"header\n", sources, f"{folder}.csv")
    expected = b"header\n" + b"".join(contents)
    assert read(cloud.bucket, f"{folder}.csv") == expected
    assert (done.size, done.sha256) == (len(expected), hashlib.sha256(expected).hexdigest())


def test_join__leaves_nothing_of_a_failure(cloud: Cloud) -> None:
    sources = put(cloud, "changed", [os.urandom(2 * MIN_PART_BYTES), os.urandom(MIN_PART_BYTES)])
    put(cloud, "changed", [b"x" * (2 * MIN_PART_BYTES)])
    with pytest.raises(JoinError, match=r"changed/part-00000 to changed/part-00001.*clean anew"):
        join_objects(cloud.bucket, b"", sources, "changed.csv")
    assert not cloud.bucket.exists("changed.csv")
    uploads = cloud.bucket.s3.list_multipart_uploads(Bucket=cloud.name)
    assert "Uploads" not in uploads


def test_join__passes_other_errors_on(cloud: Cloud) -> None:
    sources = put(cloud, "elsewhere", [os.urandom(MIN_PART_BYTES)])
    with pytest.raises(ClientError, match="NoSuchBucket"):
        join_objects(Bucket(cloud.bucket.s3, "nobody-has-this"), b"h", sources, "joined.csv")
