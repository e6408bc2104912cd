"""The sensor that retrains once there is enough to learn from that models have not seen.

Goes by what Dagster's history says of the last import and of the last full trainings; reads no file
and asks no service. Events that applications send one by one do not count: they come in with any
training, and no history tells of them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg

from personalize_assets.components.assets.imported import dataset_key
from personalize_assets.components.assets.trained import version_key
from personalize_assets.components.assets.training_modes import TRAINED_ON
from personalize_assets.components.graph import Graph, newest_metadata
from personalize_assets.components.jobs import ingestion_job_name, retraining_job_name

_NOT_OVER = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


def build_retraining_sensors(graph: Graph) -> list[dg.SensorDefinition]:
    """The sensor; none where `retraining.after_new_interactions` is not declared."""
    retraining = graph.attributes.retraining
    if retraining is None or retraining.after_new_interactions is None:
        return []
    if not graph.attributes.solutions:
        return []
    return [_new_interactions_sensor(graph, retraining.after_new_interactions)]


def _new_interactions_sensor(graph: Graph, enough: int) -> dg.SensorDefinition:
    job_name, imported = retraining_job_name(graph.id), dataset_key(graph, "interactions")
    jobs = [job_name, ingestion_job_name(graph.id)]

    @dg.sensor(
        name=f"{graph.id}_new_interactions",
        job_name=job_name,
        minimum_interval_seconds=graph.attributes.sensors.interval_s,
        default_status=graph.sensor_status,
        description=f"Runs `{job_name}` once {enough:,} interactions more are imported than the "
        f"models were trained on.",
    )
    def new_interactions_sensor(
        context: dg.SensorEvaluationContext,
    ) -> dg.RunRequest | dg.SkipReason:
        data = newest_metadata(context.instance, imported)
        if not data:
            return dg.SkipReason("no interactions were imported yet")
        if run_id := _at_work(context.instance, jobs):
            return dg.SkipReason(f"run {run_id} is at work: looked at again when it is over")
        trained = _trained_on(graph, context.instance)
        name, rows = min(trained.items(), key=lambda one: one[1])
        new = data["dagster/row_count"] - rows
        counts = (
            f"{data['dagster/row_count']:,} interactions are imported, {name} was trained on "
            f"{rows:,}"
        )
        if new < enough:
            return dg.SkipReason(f"{counts}: {new:,} more, {enough:,} are needed")
        context.log.info(f"{counts}: {new:,} more, {enough:,} are enough")
        return dg.RunRequest(
            run_key=data["csv_sha256"], tags={"personalize/new_interactions": str(new)}
        )

    return new_interactions_sensor


def _trained_on(graph: Graph, instance: dg.DagsterInstance) -> Mapping[str, int]:
    """Interactions of the last full training of each solution; 0 where there was none."""
    return {
        one.name: _number(newest_metadata(instance, version_key(graph, one.name)))
        for one in graph.attributes.solutions
    }


def _number(metadata: Mapping[str, Any]) -> int:
    return int(metadata.get(TRAINED_ON, 0))


def _at_work(instance: dg.DagsterInstance, jobs: Iterable[str]) -> str | None:
    for job_name in jobs:
        filters = dg.RunsFilter(job_name=job_name, statuses=list(_NOT_OVER))
        for run in instance.get_runs(filters, limit=1):
            return run.run_id
    return None
