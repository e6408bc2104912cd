"""The operations of the API; importing this package registers all that are built."""

from personalize_assets.engine.operations import (
    batch_inference_jobs,
    dataset_groups,
    dataset_import_jobs,
    datasets,
    recipes,
    schemas,
    solution_versions,
    solutions,
    tags,
)

__all__ = [
    "batch_inference_jobs",
    "dataset_groups",
    "dataset_import_jobs",
    "datasets",
    "recipes",
    "schemas",
    "solution_versions",
    "solutions",
    "tags",
]
