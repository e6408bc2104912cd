"""A bucket and a queue that moto plays, and sensors that look there."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import dagster as dg
import pytest

from personalize_assets.aws import queue
from personalize_assets_tests.aws_cloud import Cloud, open_cloud, serve_moto
from personalize_assets_tests.components.sensor_bench import Bench, make_bench


@pytest.fixture(scope="module")
def shared_cloud() -> Iterator[Cloud]:
    with serve_moto() as address, open_cloud(address) as cloud:
        yield cloud


@pytest.fixture
def cloud(shared_cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """A bucket that tells nobody yet, and an empty queue."""
    monkeypatch.setattr(queue, "WAIT_S", 0)
    monkeypatch.setattr(queue, "_OPEN", {})
    nobody: Any = {"Bucket": shared_cloud.name, "NotificationConfiguration": {}}
    shared_cloud.bucket.s3.put_bucket_notification_configuration(**nobody)
    shared_cloud.empty_queue()
    return shared_cloud


@pytest.fixture
def listing(cloud: Cloud, instance: dg.DagsterInstance) -> Bench:
    """A bench in the cloud without a queue."""
    return make_bench(replace(cloud.deployment, queue_url=None), instance)


@pytest.fixture
def queued(cloud: Cloud, instance: dg.DagsterInstance) -> Bench:
    """A bench in the cloud whose sensors have listed their prefixes, and now read the queue."""
    bench = make_bench(cloud.deployment, instance)
    for name in bench.sensors:
        bench.tick(name)
    return bench
