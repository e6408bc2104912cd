"""A whole engine for each test: real store, real operations, jobs run in place, a clock by hand.

With ENGINE_TEST_SERVER=1 the same tests go through a real port.
"""

import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import localbucket
import pytest
from botocore.config import Config

from personalize_assets.engine.jobs import InlineRunner
from personalize_assets.engine.running import make_app
from personalize_assets.engine.settings import EngineSettings
from personalize_assets.engine.store import Store
from personalize_assets_tests.engine.backend import Backend, ServedBackend, wants_server


class FakeClock:
    """Time that passes by a millisecond at each look, and otherwise only when told."""

    def __init__(self) -> None:
        self._now = datetime(2024, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The present moment; no two are the same."""
        self._now += timedelta(milliseconds=1)
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class LocalS3:
    """An S3 of plain folders.

    Attributes:
        endpoint: Its address.
        root: The folder that holds the buckets.
        client: A boto3 client of it.
    """

    endpoint: str
    root: Path
    client: Any


@dataclass
class Engine:
    """An engine and its clients.

    Attributes:
        personalize: boto3 client.
        runtime: boto3 client of personalize-runtime.
        events: boto3 client of personalize-events.
        store: Its store.
        jobs: Runs jobs when told: ``engine.jobs.run_pending()``.
        clock: Its clock.
        backend: Makes further clients: ``backend.client("personalize", region="eu-west-1")``.
    """

    personalize: Any
    runtime: Any
    events: Any
    store: Store
    jobs: InlineRunner
    clock: FakeClock
    backend: Backend


@pytest.fixture(scope="session")
def backend() -> Iterator[Backend]:
    """Where the clients of this session send to."""
    if not wants_server():
        yield Backend()
        return
    served = ServedBackend()
    yield served
    served.stop()


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalS3]:
    """An S3 for the session; tests take buckets of their own."""
    root = tmp_path_factory.mktemp("s3")
    handler = type("Handler", (localbucket.S3Handler,), {"data_root": root})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, name="s3", daemon=True)
        thread.start()
        endpoint = f"http://127.0.0.1:{server.server_address[1]}"
        config = Config(
            s3={"addressing_style": "path"},
            proxies={},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        session = boto3.Session("123456789012", "local", region_name="us-east-1")
        yield LocalS3(endpoint, root, session.client("s3", endpoint_url=endpoint, config=config))
        server.shutdown()
        thread.join()


@pytest.fixture
def engine(tmp_path: Path, backend: Backend, s3: LocalS3) -> Iterator[Engine]:
    """An engine with an empty state folder; every answer is checked against the model."""
    clock = FakeClock()
    numbers = itertools.count(1)

    def new_id() -> str:
        return f"{next(numbers):08x}"

    settings = EngineSettings(state_dir=tmp_path / "state", s3_endpoint=s3.endpoint)
    store = Store.open(settings.state_dir)
    jobs = InlineRunner(store, clock=clock, new_id=new_id, s3_endpoint=s3.endpoint)
    app = make_app(store, jobs, clock, new_id, settings, strict_output=True)
    backend.app = app
    yield Engine(
        personalize=backend.client("personalize"),
        runtime=backend.client("personalize-runtime"),
        events=backend.client("personalize-events"),
        store=store,
        jobs=jobs,
        clock=clock,
        backend=backend,
    )
    backend.app = None
    app.close()
    store.close()
