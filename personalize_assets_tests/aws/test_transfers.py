"""Files that travel in parts: broken connections, objects that change, parts of others, the end."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ResponseStreamingError
from moto import mock_aws

from personalize_assets.aws.checksums import PART_BYTES
from personalize_assets.aws.clients import Clients
from personalize_assets.aws.objects import Bucket
from personalize_assets.aws.transfers import (
    ObjectChanged,
    TransferError,
    TransferSettings,
    TransferState,
)
from personalize_assets.loopback import make_client
from personalize_assets_tests.aws_cloud import CREDENTIALS

pytestmark = pytest.mark.slow

CONTENT = os.urandom(2 * PART_BYTES + 1000)


class Body:
    """Content of an answer that a test has replaced."""

    def __init__(self, content: bytes | Exception) -> None:
        self._content = content

    def read(self) -> bytes:
        if isinstance(self._content, Exception):
            raise self._content
        return self._content

    def close(self) -> None:
        pass


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """A bucket that keeps checksums."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="films")
        yield Bucket(s3, "films", TransferSettings(concurrency=2, keeps_checksums=True))


@pytest.fixture
def slow_bucket(bucket: Bucket) -> Bucket:
    """The same, where one part travels after the other: moto's objects are of one thread."""
    return Bucket(bucket.s3, bucket.name, TransferSettings(1, keeps_checksums=True))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(CONTENT)
    return path


def put_parts(s3: Any, key: str, parts: list[bytes], algorithm: str) -> None:
    """Write an object as others do, in parts of any size."""
    place = {"Bucket": "films", "Key": key}
    begun = s3.create_multipart_upload(**place, ChecksumAlgorithm=algorithm)["UploadId"]
    done = []
    for number, part in enumerate(parts, start=1):
        answer = s3.upload_part(
            **place, UploadId=begun, PartNumber=number, Body=part, ChecksumAlgorithm=algorithm
        )
        done.append({"PartNumber": number, "ETag": answer["ETag"]})
    s3.complete_multipart_upload(**place, UploadId=begun, MultipartUpload={"Parts": done})


def answer_with(s3: Any, change: Callable[[int, dict[str, Any]], None]) -> list[int]:
    """Change the answers of GetObject; returns a list of how many there were."""
    asked = [0]

    def handle(parsed: dict[str, Any], **_: Any) -> None:
        asked[0] += 1
        change(asked[0], parsed)

    s3.meta.events.register("after-call.s3.GetObject", handle)
    return asked


def test_put_file__s3_keeps_the_checksum(bucket: Bucket, source: Path) -> None:
    bucket.put_file(source, "a")
    answer = bucket.s3.head_object(Bucket="films", Key="a", ChecksumMode="ENABLED")

    assert "ChecksumSHA256" in answer
    assert answer["ETag"].endswith('-3"')
    assert bucket.put_file(source, "a").written is False


@pytest.mark.parametrize(
    ("cuts", "algorithm"),
    [
        pytest.param([PART_BYTES + 1, 6 << 20], "SHA256", id="uneven, as many parts as ours"),
        pytest.param([5 << 20, 5 << 20, 5 << 20], "CRC32", id="more parts than ours"),
    ],
)
def test_get_file__parts_that_others_wrote(
    bucket: Bucket, tmp_path: Path, cuts: list[int], algorithm: str
) -> None:
    parts, rest = [], CONTENT
    for cut in cuts:
        parts.append(rest[:cut])
        rest = rest[cut:]
    put_parts(bucket.s3, "a", [*parts, rest], algorithm)

    bucket.get_file("a", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == CONTENT


def test_get_file__a_broken_part_is_asked_for_again(
    bucket: Bucket, source: Path, tmp_path: Path
) -> None:
    bucket.put_file(source, "a")

    def break_off(number: int, parsed: dict[str, Any]) -> None:
        if number == 2:
            parsed["Body"] = Body(ResponseStreamingError(error="broken off"))

    asked = answer_with(bucket.s3, break_off)
    bucket.get_file("a", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == CONTENT
    assert asked == [4]


def test_get_file__a_connection_that_stays_broken(
    bucket: Bucket, source: Path, tmp_path: Path
) -> None:
    bucket.put_file(source, "a")
    answer_with(
        bucket.s3,
        lambda _, parsed: parsed.update(Body=Body(ResponseStreamingError(error="broken off"))),
    )
    with pytest.raises(TransferError, match="films/a: the connection broke again and again"):
        bucket.get_file("a", tmp_path / "back")
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_get_file__an_object_that_is_replaced_is_begun_anew(
    slow_bucket: Bucket, source: Path, tmp_path: Path
) -> None:
    slow_bucket.put_file(source, "a")
    newer = CONTENT[::-1]

    def replace(number: int, _: dict[str, Any]) -> None:
        if number == 1:
            slow_bucket.s3.put_object(Bucket="films", Key="a", Body=newer)

    asked = answer_with(slow_bucket.s3, replace)
    slow_bucket.get_file("a", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == newer
    assert asked[0] > 3


def test_get_file__an_object_that_is_replaced_again_and_again(
    slow_bucket: Bucket, source: Path, tmp_path: Path
) -> None:
    slow_bucket.put_file(source, "a")
    answer_with(
        slow_bucket.s3,
        lambda number, _: slow_bucket.s3.put_object(
            Bucket="films", Key="a", Body=CONTENT + bytes(number)
        ),
    )
    with pytest.raises(ObjectChanged, match="s3://films/a was replaced meanwhile"):
        slow_bucket.get_file("a", tmp_path / "back")
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"1,3\n", "films/a did not arrive as it is: its SHA256 differs from what passed"),
        (b"1,", "films/a did not arrive as it is: 2 bytes passed, S3 tells 4"),
    ],
)
def test_get_file__content_that_is_not_the_objects(
    bucket: Bucket, tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "small").write_bytes(b"1,2\n")
    bucket.put_file(tmp_path / "small", "a")
    answer_with(bucket.s3, lambda _, parsed: parsed.update(Body=Body(content)))

    with pytest.raises(ObjectChanged, match=said):
        bucket.get_file("a", tmp_path / "back")


def test_get_file__content_that_is_not_that_of_a_plain_folder(
    clients: Clients, unique: str, tmp_path: Path
) -> None:
    endpoints = clients.endpoints
    assert endpoints is not None
    store = Bucket(make_client("s3", endpoints.s3), unique)
    store.ensure(create=True)
    store.write_bytes("a", b"1,2\n")
    asked = answer_with(store.s3, lambda _, parsed: parsed.update(Body=Body(b"1,3\n")))

    with pytest.raises(ObjectChanged, match="its MD5 differs"):
        store.get_file("a", tmp_path / "back")
    assert asked == [3]


def test_put_file__a_file_that_grows_meanwhile(bucket: Bucket, source: Path) -> None:
    def grow(**_: Any) -> None:
        with source.open("ab") as file:
            file.write(b"more")

    bucket.s3.meta.events.register("before-call.s3.CreateMultipartUpload", grow)
    with pytest.raises(TransferError, match="changed while it was sent: it had 16,778,216 bytes"):
        bucket.put_file(source, "a")


def test_put_file__s3_holds_something_else_afterwards(bucket: Bucket, source: Path) -> None:
    def overwrite(**_: Any) -> None:
        bucket.s3.meta.events.unregister("after-call.s3.CompleteMultipartUpload", overwrite)
        bucket.s3.put_object(Bucket="films", Key="a", Body=bytes(len(CONTENT)))

    bucket.s3.meta.events.register("after-call.s3.CompleteMultipartUpload", overwrite)
    with pytest.raises(ObjectChanged, match=r"films/a is not what was sent from .*/source"):
        bucket.put_file(source, "a")


@pytest.mark.parametrize("verb", ["sent", "received"])
def test_transfers__an_interrupt_leaves_nothing_behind(
    bucket: Bucket, source: Path, tmp_path: Path, verb: str
) -> None:
    bucket.put_file(source, "there")

    main = threading.main_thread().ident or 0

    def interrupt(state: TransferState) -> None:
        signal.pthread_kill(main, signal.SIGINT)

    settings = TransferSettings(concurrency=2, keeps_checksums=True, observe=interrupt)
    interrupted = Bucket(bucket.s3, bucket.name, settings)
    transfer = {
        "sent": lambda: interrupted.put_file(source, "new"),
        "received": lambda: interrupted.get_file("there", tmp_path / "back"),
    }[verb]
    with pytest.raises(KeyboardInterrupt):
        transfer()

    assert [path.name for path in tmp_path.iterdir()] == ["source"]
    assert not bucket.exists("new")
    assert bucket.s3.list_multipart_uploads(Bucket="films").get("Uploads", []) == []


@pytest.mark.parametrize("verb", ["sent", "received"])
def test_transfers__progress_ends_at_the_size(
    bucket: Bucket, source: Path, tmp_path: Path, verb: str
) -> None:
    seen: list[TransferState] = []
    settings = TransferSettings(keeps_checksums=True, observe=seen.append)
    watched = Bucket(bucket.s3, bucket.name, settings)
    watched.put_file(source, "a")
    watched.get_file("a", tmp_path / "back")

    states = [state for state in seen if state.verb == verb]
    assert (states[-1].done, states[-1].size) == (len(CONTENT), len(CONTENT))
    assert states[0].done < len(CONTENT)
    assert {state.uri for state in states} == {"s3://films/a"}


def test_transfer_state__text() -> None:
    state = TransferState("s3://films/a.csv", "sent", 840_000_000, 2_400_000_000, 10.5)
    assert str(state) == "sent 35% of 2.40 GB to s3://films/a.csv, 80 MB/s"
    state = TransferState("s3://films/a.csv", "received", 0, 0, 0)
    assert str(state) == "received 100% of 0.00 GB of s3://films/a.csv, 0 MB/s"


def test_transfer_settings__parts_grow_with_the_file() -> None:
    settings = TransferSettings(concurrency=3)
    config = settings.config_for(PART_BYTES * 30_000)
    assert (config.multipart_chunksize, config.max_request_concurrency) == (4 * PART_BYTES, 3)
    assert config.max_in_memory_upload_chunks == 3
