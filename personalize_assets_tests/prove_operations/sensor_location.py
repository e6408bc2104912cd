"""The real sensors of a small dataset group, and jobs with nothing to do, as a code location.

It takes its deployment from the environment, as the real one does.
"""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

import dagster as dg

from personalize_assets.aws.deployment import SETTINGS, Deployment
from personalize_assets.components.attributes import DatasetGroupAttributes
from personalize_assets.components.graph import Graph
from personalize_assets.components.sensors import build_sensors
from personalize_assets.resources import resources_of
from personalize_assets_tests.components.light_jobs import light_jobs

ATTRIBUTES: Mapping[str, Any] = {
    "name": "drops",
    "source": {"prefix": "drops/raw/"},
    "prefixes": {
        "transformed": "drops/transformed/",
        "batch_input": "drops/input/",
        "batch_results": "drops/results/",
    },
    "solutions": [
        {"name": "popular", "recipe": "aws-popularity-count"},
        {"name": "segments", "recipe": "aws-item-affinity"},
    ],
    "batch_inference": {"solution": "popular"},
    "batch_segment": {"solution": "segments"},
    "sensors": {"interval_s": 0, "settle_s": 0},
}


def graph() -> Graph:
    """The small dataset group, whose sensors run."""
    return Graph(DatasetGroupAttributes.model_validate(dict(ATTRIBUTES)))


@dg.definitions
def defs() -> dg.Definitions:
    """Its sensors and jobs."""
    return _build(tuple((one.name, os.environ.get(one.name, "")) for one in SETTINGS))


@cache
def _build(settings: tuple[tuple[str, str], ...]) -> dg.Definitions:
    # Dagster loads a location several times a tick; forked daemons find it made.
    declared = graph()
    resources: Mapping[str, Any] = resources_of(Deployment.from_environment(dict(settings)))
    jobs = light_jobs(declared.id)
    return dg.Definitions(jobs=jobs, sensors=build_sensors(declared, jobs), resources=resources)
