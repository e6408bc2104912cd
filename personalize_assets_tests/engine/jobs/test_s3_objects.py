"""An S3 that refuses, and none at all; what works is seen in the tests of operations."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from personalize_assets.engine.jobs.batch_inference import BatchInference
from personalize_assets.engine.jobs.import_data import ImportData
from personalize_assets.engine.jobs.kinds import JobFailed, Json
from personalize_assets.engine.jobs.s3_objects import Location, LocationError, parse_location
from personalize_assets_tests.engine.operations.conftest import avro

DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


class Denying(BaseHTTPRequestHandler):
    """Answers 403 to everything."""

    def do_GET(self) -> None:
        self.send_response(403)
        self.send_header("Content-Length", str(len(DENIED)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(DENIED)

    do_HEAD = do_PUT = do_GET

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture(scope="module")
def denying() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Denying) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def order(endpoint: str | None, location: str) -> Json:
    return {
        "s3_endpoint": endpoint,
        "location": location,
        "dataset_type": "ITEMS",
        "schema": avro("Items"),
        "domain": None,
        "earlier": None,
        "input": location,
        "output": "s3://bucket/out/",
    }


def reason(kind: Any, task: Json, folder: Path) -> str:
    with pytest.raises(JobFailed) as caught:
        kind.run(task, folder, lambda stage, share: None)
    return str(caught.value)


@pytest.mark.parametrize("location", ["s3://bucket/items.csv", "s3://bucket/items/"])
def test_import__s3_denies_access(denying: str, tmp_path: Path, location: str) -> None:
    assert reason(ImportData(), order(denying, location), tmp_path) == (
        "Failed to create a data import job for ITEMS dataset. Insufficient privileges for "
        f"accessing data in Amazon S3. {location}"
    )


def test_batch__s3_denies_access(denying: str, tmp_path: Path) -> None:
    found = reason(BatchInference(), order(denying, "s3://bucket/q/"), tmp_path)
    assert found == "Invalid S3 input path: s3://bucket/q/ cannot be read"


@pytest.mark.parametrize("kind", [ImportData(), BatchInference()])
def test_run__the_engine_has_no_s3(tmp_path: Path, kind: Any) -> None:
    assert reason(kind, order(None, "s3://bucket/q/"), tmp_path).startswith(
        "The engine has no S3: it was started without --s3-endpoint URL"
    )


@pytest.mark.slow
def test_import__nobody_listens(tmp_path: Path) -> None:
    found = reason(ImportData(), order("http://127.0.0.1:9", "s3://bucket/q.csv"), tmp_path)
    assert found.startswith("S3 at http://127.0.0.1:9 failed on s3://bucket/q.csv: ")


@pytest.mark.parametrize(
    ("path", "bucket", "key", "folder"),
    [
        ("s3://b/k", "b", "k", False),
        ("s3://b/a/k.csv", "b", "a/k.csv", False),
        ("s3://b/a/", "b", "a/", True),
        ("s3://b/", "b", "", True),
    ],
)
def test_parse_location(path: str, bucket: str, key: str, folder: bool) -> None:
    location = parse_location(path)
    assert location == Location(bucket, key)
    assert location.is_folder == folder
    assert str(location) == path


@pytest.mark.parametrize("path", ["s3://b", "s3:///k", "https://b/k", "b/k", "", "s3:/b/k"])
def test_parse_location__refuses(path: str) -> None:
    with pytest.raises(LocationError, match="is not of the form s3://bucket/path"):
        parse_location(path)
