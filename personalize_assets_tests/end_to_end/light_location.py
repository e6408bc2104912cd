"""A code location with the real sensor of batch input, and jobs of one operation in its place."""

import os
from collections.abc import Mapping
from typing import Any

import dagster as dg

from personalize_assets.aws.deployment import Deployment
from personalize_assets.components import PersonalizeDatasetGroup
from personalize_assets.components.graph import Graph
from personalize_assets.components.sensors import build_sensors
from personalize_assets.definitions import component_tree
from personalize_assets.resources import resources_of
from personalize_assets_tests.components.light_jobs import light_jobs


@dg.definitions
def defs() -> dg.Definitions:
    """Sensor and jobs of the declared dataset group."""
    (component,) = component_tree().get_all_components(of_type=PersonalizeDatasetGroup)
    graph, wanted = Graph(component), f"{component.name}_batch_input"
    resources: Mapping[str, Any] = resources_of(Deployment.from_environment(os.environ))
    jobs = light_jobs(graph.id)
    sensors = [sensor for sensor in build_sensors(graph, jobs) if sensor.name == wanted]
    return dg.Definitions(jobs=jobs, sensors=sensors, resources=resources)
