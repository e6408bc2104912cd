"""Sensors: a file that lands in S3 starts the right job, once.

The ledger is Dagster's own run storage: every request carries the id of the object version as run
key and as tag, and an id that has a run is done. What a sensor keeps in memory only saves asking
again; killed at any point, it can at worst repeat a request, which the run key absorbs, and never
skip one. The cursor holds nothing but where the listing of a large prefix goes on.

`factory` makes every sensor of single objects: what tells them apart is their prefix and a judge,
which says of an object which job it is for or why it gets none (`inputs`, `results`). `raw_data`
takes complete sets of files. Where the deployment has a queue of S3's event notifications, each
sensor reads it (`inbox`), with the same identity, and lists its prefix less often.
"""

from collections.abc import Iterable
from typing import Any

import dagster as dg

from personalize_assets.components.graph import Graph
from personalize_assets.components.jobs import (
    ranking_transform_job_name,
    segments_transform_job_name,
    transform_job_name,
)
from personalize_assets.components.sensors.factory import Drop, build_arrival_sensor
from personalize_assets.components.sensors.inputs import (
    describe_routes,
    input_job_names,
    input_routes,
    judge_input,
)
from personalize_assets.components.sensors.ledger import ARRIVAL_TAG, ids_with_run
from personalize_assets.components.sensors.raw_data import build_raw_data_sensor
from personalize_assets.components.sensors.results import judge_result
from personalize_assets.components.sensors.verdicts import Refusal, Route

__all__ = ["ARRIVAL_TAG", "Refusal", "Route", "build_sensors", "ids_with_run"]


def build_sensors(graph: Graph, jobs: Iterable[Any]) -> list[dg.SensorDefinition]:
    """The sensors of one dataset group.

    Args:
        graph: What is declared.
        jobs: The jobs of this dataset group, which the sensors ask for by name.
    """
    named = {job.name: job for job in jobs}
    drops = [*_input_drops(graph), *_result_drops(graph)]
    return [
        build_raw_data_sensor(graph, named),
        *(build_arrival_sensor(graph, drop, named) for drop in drops),
    ]


def _input_drops(graph: Graph) -> list[Drop]:
    routes = input_routes(graph)
    if not routes:
        return []
    return [
        Drop(
            name=f"{graph.id}_batch_input",
            prefix=graph.attributes.prefixes.batch_input,
            judge=judge_input(routes),
            job_names=tuple(dict.fromkeys(r.job_name for many in routes.values() for r in many)),
            also=input_job_names(graph.id),
            what=f"file with lines of {describe_routes(routes)}",
        )
    ]


def _result_drops(graph: Graph) -> list[Drop]:
    declared, results = graph.attributes, graph.attributes.prefixes.batch_results
    kinds = [
        ("batch_results", "inference", transform_job_name, "recommendations"),
        ("segment_results", "segments", segments_transform_job_name, "user_segments"),
        ("ranking_results", "ranking", ranking_transform_job_name, "rankings"),
    ]
    jobs = (declared.batch_inference, declared.batch_segment, declared.batch_ranking)
    return [
        Drop(
            name=f"{graph.id}_{name}",
            prefix=f"{results}{folder}/",
            suffix=".out",
            judge=judge_result(
                graph, f"{results}{folder}/", Route(job_name_of(graph.id), asset, "output_key")
            ),
            job_names=(job_name_of(graph.id),),
            what="result",
        )
        for (name, folder, job_name_of, asset), job in zip(kinds, jobs, strict=True)
        if job is not None
    ]
