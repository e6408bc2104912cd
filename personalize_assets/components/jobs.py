"""Jobs of one dataset group: all of it, retraining, batch inference, and transforming results.

Each runs in one process: on one machine, starting a process a step costs more than the steps.
"""

from collections.abc import Callable, Sequence
from typing import Any

import dagster as dg

from personalize_assets.components.graph import Graph


def main_job_name(group_id: str) -> str:
    """Name of the job that materializes the whole graph of a dataset group."""
    return f"{group_id}_main"


def retraining_job_name(group_id: str) -> str:
    """Name of the job from raw files to metrics."""
    return f"{group_id}_retraining"


def update_job_name(group_id: str) -> str:
    """Name of the job that takes new items into trained models."""
    return f"{group_id}_update"


def ingestion_job_name(group_id: str) -> str:
    """Name of the job from raw files to imported datasets."""
    return f"{group_id}_ingestion"


def batch_job_name(group_id: str) -> str:
    """Name of the job from a file of users to titled recommendations."""
    return f"{group_id}_batch"


def transform_job_name(group_id: str) -> str:
    """Name of the job from a result in S3 to titled recommendations."""
    return f"{group_id}_transform"


def segments_job_name(group_id: str) -> str:
    """Name of the job from a file of items to the users who will like them."""
    return f"{group_id}_segments"


def segments_transform_job_name(group_id: str) -> str:
    """Name of the job from a result of a segment job in S3 to a table of users."""
    return f"{group_id}_segments_transform"


def ranking_job_name(group_id: str) -> str:
    """Name of the job from a file of users and lists to titled rankings."""
    return f"{group_id}_ranking"


def ranking_transform_job_name(group_id: str) -> str:
    """Name of the job from a result of a ranking in S3 to titled rankings."""
    return f"{group_id}_ranking_transform"


def export_job_name(group_id: str) -> str:
    """Name of the job that writes what the datasets hold to S3."""
    return f"{group_id}_export"


def delete_users_job_name(group_id: str) -> str:
    """Name of the job that deletes all data of some users."""
    return f"{group_id}_delete_users"


def build_jobs(graph: Graph) -> dg.Definitions:
    """The jobs of one dataset group, and the schedule of retraining where one is declared."""
    everything = dg.AssetSelection.key_prefixes([graph.id])
    has_batch = graph.attributes.batch_inference is not None
    recommended = graph.keys("batch_input", "batch_inference", "recommendations")
    last = dg.AssetSelection.assets(*recommended) if has_batch else dg.AssetSelection.assets()
    retraining = _job(
        graph, retraining_job_name, everything - last, "From raw files to metrics, in full."
    )
    jobs = [_job(graph, main_job_name, everything, "From raw files to titled recommendations.")]
    jobs.append(retraining)
    if has_batch:
        transform = dg.AssetSelection.assets(graph.key("recommendations"))
        jobs += [
            _job(graph, batch_job_name, last, "Recommendations for the users of one file."),
            _job(graph, transform_job_name, transform, "Titles for a result that lies in S3."),
        ]
    return dg.Definitions(jobs=jobs, schedules=_schedules(graph, retraining))


def _job(
    graph: Graph, name_of: Callable[[str], str], selection: dg.AssetSelection, description: str
) -> Any:
    return dg.define_asset_job(
        name_of(graph.id),
        selection=selection,
        description=description,
        executor_def=dg.in_process_executor,
        tags={"personalize/dataset_group": graph.attributes.name},
    )


def _schedules(graph: Graph, job: Any) -> Sequence[dg.ScheduleDefinition]:
    retraining = graph.attributes.retraining
    if retraining is None or retraining.full is None:
        return []
    return [
        dg.ScheduleDefinition(
            name=f"{graph.id}_retraining",
            job=job,
            cron_schedule=retraining.full,
            execution_timezone=retraining.timezone,
            default_status=graph.schedule_status,
            description="Trains everything anew on what the raw prefix then holds.",
        )
    ]
