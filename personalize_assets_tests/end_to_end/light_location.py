"""A code location with the real sensor of batch input, and a job of one operation in its place.

Dagster plans every run that a sensor asks for; planning the real job 1,200 times would take most of
the time of a test that runs none of them.
"""

import os
from collections.abc import Mapping
from typing import Any

import dagster as dg

from personalize_assets.aws.deployment import Deployment
from personalize_assets.components import PersonalizeDatasetGroup
from personalize_assets.components.graph import Graph
from personalize_assets.components.jobs import batch_job_name
from personalize_assets.components.sensors import build_sensors
from personalize_assets.definitions import component_tree
from personalize_assets.resources import resources_of


@dg.definitions
def defs() -> dg.Definitions:
    """Sensor and job of the declared dataset group."""
    (component,) = component_tree().get_all_components(of_type=PersonalizeDatasetGroup)
    graph = Graph(component)
    resources: Mapping[str, Any] = resources_of(Deployment.from_environment(os.environ))
    wanted = f"{graph.id}_batch_input"

    @dg.op(name=wanted, config_schema={"input_key": str})
    def batch_input() -> None:
        """Take the place of the asset."""

    @dg.job(name=batch_job_name(graph.id))
    def batch() -> None:
        batch_input()

    sensors = [sensor for sensor in build_sensors(graph) if sensor.name == wanted]
    return dg.Definitions(jobs=[batch], sensors=sensors, resources=resources)
