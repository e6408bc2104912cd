"""The custom recipes that are declared but not trained here yet.

A recipe moves to a file of its own when its learner is built.
"""

import datetime as dt

from personalize_assets.recipes.options import (
    ActionOptions,
    AffinityOptions,
    SimilarItemsOptions,
)
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

SIMILAR_ITEMS = RecipeSpec(
    name="aws-similar-items",
    recipe_type="RELATED_ITEMS",
    description="Items like a given one, by who interacted with them and by their metadata.",
    created=dt.date(2021, 9, 28),
    algorithm="aws-similar-items",
    feature_transformation="aws-similar-items",
    used_datasets=("Items",),
    query_fields=("itemId",),
    batch_field="itemId",
    config=SimilarItemsOptions,
    hpo=True,
    promotes=True,
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

ITEM_AFFINITY = RecipeSpec(
    name="aws-item-affinity",
    recipe_type="USER_SEGMENTATION",
    description="Users who will most likely interact with a given item.",
    created=dt.date(2021, 7, 15),
    algorithm="aws-item-affinity",
    feature_transformation="item-affinity",
    used_datasets=("Items", "Users"),
    query_fields=("itemId",),
    batch_field="itemId",
    config=AffinityOptions,
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
)
