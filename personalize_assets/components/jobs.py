"""Jobs of one dataset group: all of it, retraining, batch jobs, and transforming results.

Each runs in one process: on one machine, starting a process a step costs more than the steps.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class _Batch:
    """The jobs of one kind of batch job.

    Attributes:
        assets: From its input to its results, in order.
        job_name: Names the job from a dropped file to results.
        description: Of that job.
        transform_name: Names the job that makes results of an output in S3.
        transform_description: Of that job.
    """

    assets: Sequence[str]
    job_name: Callable[[str], str]
    description: str
    transform_name: Callable[[str], str]
    transform_description: str


_INFERENCE = _Batch(
    ("batch_input", "batch_inference", "recommendations"),
    batch_job_name,
    "Recommendations for the users of one file.",
    transform_job_name,
    "Titles for a result that lies in S3.",
)
_SEGMENTS = _Batch(
    ("segment_input", "batch_segment", "user_segments"),
    segments_job_name,
    "Users for the items of one file.",
    segments_transform_job_name,
    "Tables of users for a result of a segment job that lies in S3.",
)
_RANKING = _Batch(
    ("ranking_input", "batch_ranking", "rankings"),
    ranking_job_name,
    "Rankings of the lists of one file.",
    ranking_transform_job_name,
    "Titles for a result of a ranking that lies in S3.",
)


def _declared_batches(graph: Graph) -> list[_Batch]:
    attributes = graph.attributes
    batches = {
        _INFERENCE: attributes.batch_inference,
        _SEGMENTS: attributes.batch_segment,
        _RANKING: attributes.batch_ranking,
    }
    return [batch for batch, declared in batches.items() if declared is not None]


def build_jobs(graph: Graph) -> dg.Definitions:
    """The jobs of one dataset group, and the schedule of retraining where one is declared."""
    everything = dg.AssetSelection.key_prefixes([graph.id]) - dg.AssetSelection.groups("operated")
    batches = _declared_batches(graph)
    batched = dg.AssetSelection.assets(
        *(key for batch in batches for key in graph.keys(*batch.assets))
    )
    retraining = _job(
        graph, retraining_job_name, everything - batched, "From raw files to metrics, in full."
    )
    jobs = [_job(graph, main_job_name, everything, "From raw files to titled recommendations.")]
    jobs.append(retraining)
    for batch in batches:
        keys = graph.keys(*batch.assets)
        whole, last = dg.AssetSelection.assets(*keys), dg.AssetSelection.assets(keys[-1])
        jobs += [
            _job(graph, batch.job_name, whole, batch.description),
            _job(graph, batch.transform_name, last, batch.transform_description),
        ]
    return dg.Definitions(jobs=[*jobs, _ingestion(graph), *_update(graph), _export(graph)])


def _export(graph: Graph) -> Any:
    exported = (f"exported_{dataset}" for dataset in graph.attributes.datasets)
    return _job(
        graph,
        export_job_name,
        dg.AssetSelection.assets(*graph.keys(*exported)),
        "What the datasets hold, as CSV files in S3.",
    )


def _ingestion(graph: Graph) -> Any:
    stages = dg.AssetSelection.groups("raw", "prepared", "imported")
    return _job(
        graph,
        ingestion_job_name,
        dg.AssetSelection.key_prefixes([graph.id]) & stages,
        "From raw files to imported datasets, without training.",
    )


def _update(graph: Graph) -> list[Any]:
    """The job that brings new items into models; none where no solution can take them."""
    solutions = graph.attributes.updated
    if not solutions:
        return []
    imported = graph.keys("cleaned_items", "dataset_group", "items_dataset")
    mine = dg.AssetSelection.key_prefixes([graph.id])
    selection = (
        mine & dg.AssetSelection.groups("raw")
        | dg.AssetSelection.assets(*imported)
        # All of these solutions: version, metrics, promoted version, campaign.
        | dg.AssetSelection.key_prefixes(*(graph.key(one.name).path for one in solutions))
    )
    versions = (graph.key(one.name, "solution_version").path for one in solutions)
    update = {"config": {"training_mode": "UPDATE"}}
    description = "New items into trained models, and with them where the models are promoted to."
    config = {"ops": {"_".join(path): update for path in versions}}
    return [_job(graph, update_job_name, selection, description, config)]


def _job(
    graph: Graph,
    name_of: Callable[[str], str],
    selection: dg.AssetSelection,
    description: str,
    config: Mapping[str, Any] | None = None,
) -> Any:
    return dg.define_asset_job(
        name_of(graph.id),
        selection=selection,
        description=description,
        config=None if config is None else dict(config),
        executor_def=dg.in_process_executor,
        tags={"personalize/dataset_group": graph.attributes.name},
    )
