"""A code location with the real sensor of notifications, and a batch job that has to be repeated.

The first attempt of its only run works until somebody kills it; the second one ends at once.
"""

import os
import time
from pathlib import Path

import dagster as dg

from personalize_assets.aws.deployment import STATE_DIR, Deployment
from personalize_assets.components.attributes import (
    BatchInference,
    DatasetGroupAttributes,
    Prefixes,
    Solution,
    Source,
)
from personalize_assets.components.graph import Graph
from personalize_assets.components.notifications import build_notifications_sensor
from personalize_assets.components.service_assets import BATCH_POOL
from personalize_assets.resources import LocalStackResource, NotificationsResource

BEGUN = "begun"
"""File in the state folder that says that the first attempt is at work."""

GRAPH = Graph(
    DatasetGroupAttributes(
        name="films",
        source=Source(prefix="raw/"),
        prefixes=Prefixes(transformed="t/", batch_input="i/", batch_results="r/"),
        solutions=[Solution(name="popular", recipe="aws-popularity-count")],
        batch_inference=BatchInference(solution="popular"),
    )
)


@dg.multi_asset(
    name="films_recommendations",
    specs=[dg.AssetSpec(GRAPH.key("recommendations"))],
    pool=BATCH_POOL,
)
def recommendations() -> dg.MaterializeResult:
    """Wait to be killed; done when it was."""
    begun = Path(os.environ[STATE_DIR.name]) / BEGUN
    if not begun.exists():
        begun.touch()
        time.sleep(600)
    return dg.MaterializeResult(metadata={"dagster/row_count": 25})


JOB = dg.define_asset_job(
    "films_batch",
    selection="*",
    executor_def=dg.in_process_executor,
    tags={"personalize/dataset_group": "films"},
)


@dg.sensor(job=JOB, default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=5)
def films_once() -> dg.RunRequest:
    """Ask for the same run again and again."""
    return dg.RunRequest(run_key="once")


@dg.definitions
def defs() -> dg.Definitions:
    """Job, asset and both sensors."""
    deployment = Deployment.from_environment(os.environ)
    told = NotificationsResource.of(deployment, LocalStackResource.of(deployment))
    return dg.Definitions(
        assets=[recommendations],
        jobs=[JOB],
        sensors=[films_once, build_notifications_sensor(GRAPH, told=True)],
        resources={"notifications": told},
    )
