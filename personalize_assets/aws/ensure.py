"""The workflow's vocabulary: every ``ensure_*``, and what they return and raise.

Each is idempotent and safe against others doing the same at the same time: what is there and
right is returned, what is missing is created and waited for, what is there and different is
refused.
"""

from personalize_assets.aws.ensure_batch import ensure_batch_inference, ensure_batch_segment
from personalize_assets.aws.ensure_data import (
    ensure_dataset,
    ensure_dataset_group,
    ensure_import,
    ensure_schema,
)
from personalize_assets.aws.ensure_training import (
    ensure_solution,
    ensure_solution_version,
    get_metrics,
)
from personalize_assets.aws.ensuring import ConfigurationDrift, Ensured
from personalize_assets.aws.waiters import ResourceFailed, WaitPolicy, WaitState, WaitTimeout

__all__ = [
    "ConfigurationDrift",
    "Ensured",
    "ResourceFailed",
    "WaitPolicy",
    "WaitState",
    "WaitTimeout",
    "ensure_batch_inference",
    "ensure_batch_segment",
    "ensure_dataset",
    "ensure_dataset_group",
    "ensure_import",
    "ensure_schema",
    "ensure_solution",
    "ensure_solution_version",
    "get_metrics",
]
