"""aws-item-attribute-affinity: the users who will most likely interact with items of an attribute.

The model is that of aws-item-affinity; a query sums over all items that match.
"""

import datetime as dt

import numpy as np
import pyarrow as pa

from personalize_assets.core.columns import Columns
from personalize_assets.recipes.base import Progress, TrainingData, ignore_progress
from personalize_assets.recipes.histories import Histories
from personalize_assets.recipes.hyperparameters import NoOptions
from personalize_assets.recipes.item_affinity import AffinityModel, ItemAffinity
from personalize_assets.recipes.item_columns import item_columns
from personalize_assets.recipes.minima import UnfitData
from personalize_assets.recipes.options import AffinityOptions
from personalize_assets.recipes.spec import RecipeSpec


class ItemAttributeAffinity(ItemAffinity):
    """Factorizes who met what, if there are attributes to ask for."""

    def fit(
        self,
        data: TrainingData,
        histories: Histories,
        config: AffinityOptions,
        featurization: NoOptions,
        rng: np.random.Generator,
        progress: Progress = ignore_progress,
    ) -> AffinityModel:
        """Factorize; see ``Learner``.

        Raises:
            UnfitData: The Items dataset has no column that queries may name.
        """
        if not _has_attribute(data):
            raise UnfitData(
                "Create failed. The recipe aws-item-attribute-affinity needs a column of the "
                "Items dataset that is neither textual nor reserved: categories or a number."
            )
        return super().fit(data, histories, config, featurization, rng, progress)


def _has_attribute(data: TrainingData) -> bool:
    if item_columns(data, "categorical"):
        return True
    table = data.item_features
    reserved = (Columns.ITEM_ID, Columns.CREATION_TIMESTAMP)
    return table is not None and any(
        (pa.types.is_integer(column.type) or pa.types.is_floating(column.type))
        and column.name.upper() not in reserved
        for column in table.schema
    )


ITEM_ATTRIBUTE_AFFINITY = RecipeSpec(
    name="aws-item-attribute-affinity",
    recipe_type="USER_SEGMENTATION",
    description="Users who will most likely interact with items of given attributes.",
    created=dt.date(2021, 8, 25),
    algorithm="aws-item-attribute-affinity",
    feature_transformation="item-attribute-affinity",
    required_datasets=("Interactions", "Items"),
    used_datasets=("Users",),
    query_fields=("itemAttributes",),
    batch_field="itemAttributes",
    config=AffinityOptions,
    learner=ItemAttributeAffinity(),
)
