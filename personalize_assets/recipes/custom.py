"""The custom recipes that are declared but not trained here yet.

A recipe moves to a file of its own when its learner is built.
"""

import datetime as dt

from personalize_assets.recipes.options import ActionOptions
from personalize_assets.recipes.spec import RecipeSpec

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
