"""Spoiled requests: each gets an answer that clients understand, soon, and never a 500.

FUZZ_EXAMPLES says how many are made for each operation; `make prove-engine` makes many.
"""

import json
import os
import random
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from botocore.model import OperationModel
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from personalize_assets.engine.wire.messages import HttpResponse
from personalize_assets_tests.engine.backend import ServedBackend
from personalize_assets_tests.engine.conftest import Engine, LocalS3
from personalize_assets_tests.engine.examples import all_operations, operation_id
from personalize_assets_tests.engine.fuzz import bodies, request_of
from personalize_assets_tests.engine.operations.conftest import World
from personalize_assets_tests.engine.operations.test_batch_answers import group_with_items

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "4"))
SLOWEST_S = 10.0

each_operation = pytest.mark.parametrize("operation", all_operations(), ids=operation_id)


@pytest.fixture
def busy_engine(engine: Engine, s3: LocalS3) -> Engine:
    """An engine with something of most kinds."""
    world = World(engine, s3, f"fuzz-{random.randrange(10**9)}")
    s3.client.create_bucket(Bucket=world.bucket)
    group = group_with_items(world)
    version = world.version(world.solution(group, "aws-popularity-count"))
    world.api.create_campaign(name="c", solutionVersionArn=version)
    world.api.create_filter(
        name="f",
        datasetGroupArn=group,
        filterExpression="INCLUDE ItemID WHERE Items.GENRES IN ($A)",
    )
    world.api.create_event_tracker(name="t", datasetGroupArn=group)
    world.run()
    return engine


def known_to(engine: Engine) -> tuple[str, ...]:
    """ARNs and tracking ids that exist."""
    rows = engine.store.database.query("SELECT arn, body FROM resources")
    tracking = [json.loads(row["body"]).get("trackingId") for row in rows]
    return (*(row["arn"] for row in rows), *(each for each in tracking if each))


def check(answer: HttpResponse, seconds: float) -> None:
    """An answer that a client understands."""
    assert answer.status < 500, answer.body
    assert seconds < SLOWEST_S
    if answer.status == 200:
        assert not answer.body or isinstance(json.loads(answer.body), dict)
        return
    error = json.loads(answer.body)
    assert error["message"]
    assert error.get("__type") or answer.headers["x-amzn-errortype"]


@pytest.fixture
def fuzzed(busy_engine: Engine) -> Iterator[Engine]:
    yield busy_engine
    busy_engine.jobs.run_pending()  # what was accepted does not break the runner either
    busy_engine.personalize.list_dataset_groups()


def test_spoiled_requests__never_500(fuzzed: Engine) -> None:
    known = known_to(fuzzed)
    app = fuzzed.backend.app
    assert app is not None
    for operation in all_operations():
        _fuzz(fuzzed, operation, known)


def _fuzz(engine: Engine, operation: OperationModel, known: tuple[str, ...]) -> None:
    app = engine.backend.app
    assert app is not None

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def send(data: st.DataObject) -> None:
        body = data.draw(bodies(operation, known))
        began = time.perf_counter()
        check(app.answer(request_of(operation, body)), time.perf_counter() - began)

    send()


GARBAGE = (
    b"\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"POST / HTTP/9.9\r\nHost: x\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -5\r\n\r\n{}",
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 999999999999999999999\r\n\r\n{}",
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # the beginning of TLS
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"POST /events HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X: y\r\n" * 5_000 + b"\r\n",
    b"POST /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 50\r\n\r\n{",  # and no more
    bytes(range(256)) * 10,
)


def test_garbage_on_the_port__does_not_stop_the_server(engine: Engine) -> None:
    served = ServedBackend()
    try:
        served.app = engine.backend.app
        place = urlsplit(str(served.endpoint))
        for data in GARBAGE:
            with socket.create_connection((place.hostname, place.port), timeout=5) as connection:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65_536):
                    pass
        client = served.client("personalize")
        assert client.list_dataset_groups()["datasetGroups"] == []
    finally:
        served.stop()
