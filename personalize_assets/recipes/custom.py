"""The custom recipes that are declared but not trained here yet.

A recipe moves to a file of its own when its learner is built.
"""

import datetime as dt

from personalize_assets.recipes.options import ActionOptions
from personalize_assets.recipes.spec import RecipeSpec

SEMANTIC_SIMILARITY = RecipeSpec(
    name="aws-semantic-similarity",
    recipe_type="RELATED_ITEMS",
    description="Items whose texts mean nearly the same as that of a given item.",
    created=dt.date(2025, 11, 30),
    algorithm="aws-semantic-similarity",
    feature_transformation="aws-semantic-similarity",
    required_datasets=("Items",),
    used_datasets=("Interactions",),
    query_fields=("itemId",),
    batch_field="itemId",
    max_items=10_000_000,
    gives_metadata=True,
)

NEXT_BEST_ACTION = RecipeSpec(
    name="aws-next-best-action",
    recipe_type="PERSONALIZED_ACTIONS",
    description="Actions that a user will most likely take.",
    created=dt.date(2023, 8, 11),
    algorithm="aws-next-best-action",
    feature_transformation="aws-next-best-action",
    required_datasets=("Actions", "Interactions"),
    used_datasets=("Action_Interactions", "Users", "Items"),
    batch_field=None,
    serves_scores=True,
    featurization=ActionOptions,
    real_time=True,
    refresh="new-items",
)
