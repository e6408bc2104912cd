"""Jobs of one dataset group: the main job materializes the whole graph and runs its checks."""

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from personalize_assets.components.graph import Graph


def main_job_name(group_id: str) -> str:
    """Name of the job that materializes the whole graph of a dataset group."""
    return f"{group_id}_main"


def build_jobs(graph: Graph) -> list[UnresolvedAssetJobDefinition]:
    """The main job, with the executor that starts no process per step."""
    return [
        dg.define_asset_job(
            main_job_name(graph.id),
            selection=dg.AssetSelection.key_prefixes([graph.id]),
            description="From raw files to titled recommendations.",
            executor_def=dg.in_process_executor,
            tags={"personalize/dataset_group": graph.attributes.name},
        )
    ]
