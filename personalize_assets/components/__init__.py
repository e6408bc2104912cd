"""From a YAML file that declares a dataset group to its assets, checks and jobs."""

from personalize_assets.components.dataset_group import PersonalizeDatasetGroup

__all__ = ["PersonalizeDatasetGroup"]
