"""aws-personalized-ranking and its v2: a given list of items in the order of a user's liking.

Both learn what the user personalization recipe of their generation learns; only the question that
they are asked differs.
"""

import datetime as dt

from personalize_assets.recipes.options import (
    SearchedTransformerOptions,
    SequenceOptions,
    TransformerOptions,
    UserHistoryOptions,
)
from personalize_assets.recipes.spec import RecipeSpec
from personalize_assets.recipes.user_personalization import UserPersonalization
from personalize_assets.recipes.user_personalization_v2 import TRANSFORMER

PERSONALIZED_RANKING_V2 = RecipeSpec(
    name="aws-personalized-ranking-v2",
    recipe_type="PERSONALIZED_RANKING",
    description="A given list of items in a user's order, for up to five million items.",
    created=dt.date(2024, 5, 1),
    algorithm="aws-personalized-ranking-v2",
    feature_transformation="aws-personalized-ranking-v2",
    used_datasets=("Users", "Items"),
    query_fields=("userId", "itemList"),
    serves_scores=True,
    config=TransformerOptions,
    searched=SearchedTransformerOptions,
    weighs_events=True,
    max_items=5_000_000,
    real_time=True,
    takes_context=True,
    gives_metadata=True,
    learner=TRANSFORMER,
)

PERSONALIZED_RANKING = RecipeSpec(
    name="aws-personalized-ranking",
    recipe_type="PERSONALIZED_RANKING",
    description="A given list of items in a user's order.",
    created=dt.date(2019, 6, 10),
    algorithm="aws-personalized-ranking",
    feature_transformation="JSON-percentile-filtering",
    used_datasets=("Users", "Items"),
    query_fields=("userId", "itemList"),
    serves_scores=True,
    config=SequenceOptions,
    featurization=UserHistoryOptions,
    hpo=True,
    takes_objective=True,
    real_time=True,
    takes_context=True,
    learner=UserPersonalization(),
)
