"""Batch jobs: recommendations, segments and rankings for files that people drop."""

import dagster as dg
from pydantic import Field


class Exploration(dg.Model, dg.Resolvable):
    """`itemExplorationConfig`: how boldly items that are new are mixed in."""

    weight: float = Field(default=0.3, ge=0, le=1)
    """`explorationWeight`."""

    item_age_cut_off: int = Field(default=30, ge=1)
    """`explorationItemAgeCutOff`, in days."""

    def as_config(self) -> dict[str, str]:
        """As CreateCampaign and CreateBatchInferenceJob take it."""
        return {
            "explorationWeight": f"{self.weight:g}",
            "explorationItemAgeCutOff": str(self.item_age_cut_off),
        }


class BatchInference(dg.Model, dg.Resolvable):
    """Recommendations for many users at once."""

    solution: str
    """Name of the solution that answers."""

    num_results: int = Field(default=25, ge=1, le=500)
    """Items per user."""

    filter: str | None = None
    """Name of a declared filter without parameters that every answer goes through."""

    exploration: Exploration | None = None
    """For recipes that explore; the service's defaults where left out."""


class BatchSegment(dg.Model, dg.Resolvable):
    """Users who will most likely like an item, for many items at once."""

    solution: str
    """Name of a solution with a recipe of user segmentation, such as `aws-item-affinity`."""

    num_results: int = Field(default=100, ge=1, le=5_000_000)
    """Users per item."""

    num_items: int = Field(default=25, ge=1, le=500)
    """How many of the items with the most interactions are asked for where no file was dropped."""


class BatchRanking(dg.Model, dg.Resolvable):
    """Lists of items put in each user's order, for files with `userId` and `itemList` a line."""

    solution: str
    """Name of a solution with a recipe of personalized ranking."""

    num_items: int = Field(default=25, ge=2, le=500)
    """How many of the items with the most interactions are ranked for all known users where no file
    was dropped."""
