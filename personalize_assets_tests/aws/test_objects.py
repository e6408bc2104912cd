"""Objects in plain folders, and the same against moto's S3 as a second opinion."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from personalize_assets.aws.checksums import PART_BYTES
from personalize_assets.aws.clients import Clients
from personalize_assets.aws.objects import Bucket, ObjectNotFound
from personalize_assets.aws.transfers import TransferSettings


@pytest.fixture(params=["local", "moto"])
def store(request: pytest.FixtureRequest, unique: str) -> Iterator[Bucket]:
    """An empty bucket, in folders on disk and in moto."""
    if request.param == "local":
        clients: Clients = request.getfixturevalue("clients")
        bucket = Bucket(clients.s3, unique)
        assert bucket.ensure(create=True)
        yield bucket
        return
    with mock_aws():
        s3 = boto3.client(
            "s3", "us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing"
        )
        bucket = Bucket(s3, unique, TransferSettings(keeps_checksums=True))
        assert bucket.ensure(create=True)
        yield bucket


def test_bucket__ensure(store: Bucket) -> None:
    assert store.ensure(create=True) is False
    missing = Bucket(store.s3, f"{store.name}-missing")
    with pytest.raises(ObjectNotFound, match=f"there is no bucket {missing.name}"):
        missing.ensure(create=False)


def test_put_file__sends_only_what_is_new(store: Bucket, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"1,2\n")

    first, again = store.put_file(path, "raw/a.csv"), store.put_file(path, "raw/a.csv")
    path.write_bytes(b"1,3\n")
    changed = store.put_file(path, "raw/a.csv")

    assert (first.written, again.written, changed.written) == (True, False, True)
    assert first.sha256 == again.sha256 == hashlib.sha256(b"1,2\n").hexdigest()
    assert store.read_bytes("raw/a.csv") == b"1,3\n"


@pytest.mark.parametrize("size", [0, PART_BYTES, PART_BYTES + 1])
def test_put_file__sizes(store: Bucket, tmp_path: Path, size: int) -> None:
    path = tmp_path / "large"
    path.write_bytes(os.urandom(size))

    assert store.put_file(path, "large").written is True
    assert store.put_file(path, "large").written is False
    back = store.get_file("large", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == path.read_bytes()
    assert back.size == size


def test_get_file__missing_leaves_nothing(store: Bucket, tmp_path: Path) -> None:
    with pytest.raises(ObjectNotFound, match=rf"there is no object s3://{store.name}/nothing"):
        store.get_file("nothing", tmp_path / "new" / "file")
    assert list((tmp_path / "new").iterdir()) == []


def test_get_file__keeps_the_old_file_until_the_new_is_complete(
    store: Bucket, tmp_path: Path
) -> None:
    store.write_bytes("a", b"new")
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def lose_connection(**_: Any) -> None:
        raise OSError("connection lost")

    store.s3.meta.events.register("after-call.s3.GetObject", lose_connection)
    with pytest.raises(OSError, match="connection lost"):
        store.get_file("a", path)
    store.s3.meta.events.unregister("after-call.s3.GetObject", lose_connection)
    assert path.read_bytes() == b"old"
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


def test_list__in_order_with_identity(store: Bucket) -> None:
    for key in ("b/2", "a", "b/1", "c"):
        store.write_bytes(key, key.encode())
    found = list(store.list("b/"))

    assert [info.key for info in found] == ["b/1", "b/2"]
    assert found[0].size == 3
    assert found[0].etag == hashlib.md5(b"b/1").hexdigest()
    assert found[0].last_modified.utcoffset() is not None
    assert len({info.identity for info in store.list()}) == 4


def test_list__beyond_one_page(clients: Clients, unique: str) -> None:
    folder = clients.deployment.state_dir / "s3" / unique
    folder.mkdir()
    for number in range(1005):
        (folder / f"k{number:04}").touch()

    keys = [info.key for info in Bucket(clients.s3, unique).list("k")]
    assert keys == [f"k{number:04}" for number in range(1005)]


def test_read_json__round_trip_and_broken(store: Bucket) -> None:
    store.write_json("a.json", {"b": [1, "é"], "a": None})
    assert store.read_json("a.json") == {"a": None, "b": [1, "é"]}
    assert store.read_bytes("a.json").decode().startswith('{\n  "a": null,')

    store.write_bytes("a.json", b"{")
    with pytest.raises(ValueError, match=rf"s3://{store.name}/a.json is not JSON"):
        store.read_json("a.json")


def test_copy__and_delete(store: Bucket) -> None:
    store.write_bytes("a", b"content")
    store.copy("a", "folder/b")
    store.delete("a")
    store.delete("a")

    assert not store.exists("a")
    assert store.read_bytes("folder/b") == b"content"
    with pytest.raises(ObjectNotFound, match="/a"):
        store.copy("a", "c")


def test_bucket__of_someone_else_is_refused(clients: Clients) -> None:
    with pytest.raises(ClientError, match="InvalidBucketName"):
        Bucket(clients.s3, "Not_A_Bucket").ensure(create=True)
