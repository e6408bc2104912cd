"""The local S3 through boto3 and over plain HTTP: what localbucket alone would not do."""

import errno
import http.client
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from personalize_assets import loopback
from personalize_assets.local.ports import listen
from personalize_assets.local.s3 import _as_s3_error


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the buckets."""
    return tmp_path_factory.mktemp("s3")


@pytest.fixture(scope="module")
def port(root: Path) -> Iterator[int]:
    """Port of an S3 that is served as the supervisor does it."""
    with listen(0, 0) as listener:
        fd = listener.fileno()
        server = subprocess.Popen(
            [sys.executable, "-m", "personalize_assets.local.s3", "--root", root, "--fd", str(fd)],
            stdin=subprocess.PIPE,
            pass_fds=(fd,),
        )
        yield listener.getsockname()[1]
        server.terminate()
        assert server.stdin is not None
        server.stdin.close()
        server.wait(10)


@pytest.fixture(scope="module")
def s3(port: int) -> Any:
    """A client with a bucket ``films``."""
    client = loopback.make_client("s3", f"http://127.0.0.1:{port}")
    client.create_bucket(Bucket="films")
    return client


def request(port: int, path: str, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    return response.status, response.read()


def retries(error: ClientError) -> int | None:
    return error.response.get("ResponseMetadata", {}).get("RetryAttempts")


def test_s3__objects_are_files(s3: Any, root: Path) -> None:
    s3.put_object(Bucket="films", Key="raw/a.csv", Body=b"1,2\n")
    (root / "films" / "raw" / "b.csv").write_bytes(b"3,4\n")

    listed = s3.list_objects_v2(Bucket="films", Prefix="raw/")["Contents"]
    assert [entry["Key"] for entry in listed] == ["raw/a.csv", "raw/b.csv"]
    assert s3.get_object(Bucket="films", Key="raw/b.csv")["Body"].read() == b"3,4\n"
    assert (root / "films" / "raw" / "a.csv").read_bytes() == b"1,2\n"


@pytest.mark.parametrize(
    "key", ["object/below", "x" * 300], ids=["below an object", "longer than a file name"]
)
def test_s3__key_that_cannot_be_a_file(s3: Any, key: str) -> None:
    s3.put_object(Bucket="films", Key="object", Body=b"")

    with pytest.raises(ClientError, match=r"InvalidArgument.*cannot be a file") as error:
        s3.put_object(Bucket="films", Key=key, Body=b"content")
    assert retries(error.value) == 0


def test_s3__bucket_folder_replaced_by_a_file(s3: Any, root: Path) -> None:
    s3.create_bucket(Bucket="spoiled")
    (root / "spoiled" / "folder").write_bytes(b"")

    with pytest.raises(ClientError, match="InvalidArgument"):
        s3.put_object(Bucket="spoiled", Key="folder/object", Body=b"content")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://127.0.0.1:3000"}, 200),
        ({"Origin": "http://localhost:3000"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Host": "[::1]:80"}, 200),
    ],
)
def test_s3__requests_of_web_pages(port: int, headers: dict[str, str], status: int) -> None:
    found, body = request(port, "/", **headers)

    assert found == status
    assert (b"AccessDenied" in body) == (status == 403)


def test_s3__health_counts_no_health_checks(port: int, s3: Any, root: Path) -> None:
    s3.list_buckets()
    first = json.loads(request(port, "/_local/health")[1])
    second = json.loads(request(port, "/_local/health")[1])
    s3.list_buckets()
    third = json.loads(request(port, "/_local/health")[1])

    assert first == second
    assert first["root"] == str(root)
    assert first["last_request_at"] < third["last_request_at"]


def test_s3__client_that_hangs_up(port: int, s3: Any) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"PUT /films/cut HTTP/1.1\r\nContent-Length: 1000\r\n\r\nshort")

    assert s3.list_buckets()["Buckets"][0]["Name"] == "films"


def test_s3__ends_with_its_parent(tmp_path: Path) -> None:
    with listen(0, 0) as listener:
        fd = str(listener.fileno())
        server = subprocess.Popen(
            [sys.executable, "-m", "personalize_assets.local.s3", "--root", tmp_path, "--fd", fd],
            stdin=subprocess.PIPE,
            pass_fds=(int(fd),),
        )
        assert request(listener.getsockname()[1], "/_local/health")[0] == 200
        assert server.stdin is not None
        server.stdin.close()

        assert server.wait(10) == -15


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that takes no file")
def test_s3__folder_that_takes_no_file(s3: Any, root: Path) -> None:
    s3.create_bucket(Bucket="gone")
    shutil.rmtree(root / "gone")
    (root / "gone").symlink_to("/proc/self")

    with pytest.raises(ClientError, match=r"InsufficientStorage.*cannot be used") as error:
        s3.put_object(Bucket="gone", Key="object", Body=b"content")
    assert retries(error.value) == 0


def test_file_that_goes_away_while_it_is_listed__may_be_asked_for_again() -> None:
    gone = _as_s3_error(FileNotFoundError(errno.ENOENT, "No such file"), "GET")
    full = _as_s3_error(OSError(errno.ENOSPC, "No space left on device"), "PUT")

    assert (gone.status, gone.code) == (500, "InternalError")
    assert (full.status, full.code) == (507, "InsufficientStorage")
