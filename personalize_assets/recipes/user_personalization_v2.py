"""aws-user-personalization-v2: the model of aws-user-personalization under the v2 recipe's options.

AWS's v2 is a transformer; what is kept of it here is its name, its option and what it serves.
"""

import datetime as dt

from personalize_assets.recipes.options import (
    SearchedTransformerOptions,
    SequenceOptions,
    TransformerOptions,
    UserHistoryOptions,
)
from personalize_assets.recipes.preset import Preset
from personalize_assets.recipes.spec import RecipeSpec
from personalize_assets.recipes.user_personalization import UserPersonalization


def sequence_options(options: TransformerOptions) -> SequenceOptions:
    """The options of the first version that do what those of v2 say, searched or not."""
    searched = options.model_dump(include={"hidden_dimension", "bptt"})
    return SequenceOptions(recency_mask=options.apply_recency_bias == "true", **searched)


TRANSFORMER = Preset(
    UserPersonalization(), config=sequence_options, featurization=lambda _: UserHistoryOptions()
)
"""Learns what both v2 recipes serve."""

USER_PERSONALIZATION_V2 = RecipeSpec(
    name="aws-user-personalization-v2",
    recipe_type="USER_PERSONALIZATION",
    description="Items that a user will like next, for catalogues of up to five million items.",
    created=dt.date(2024, 5, 1),
    algorithm="aws-user-personalization-v2",
    feature_transformation="aws-user-personalization-v2",
    used_datasets=("Users", "Items"),
    serves_scores=True,
    config=TransformerOptions,
    searched=SearchedTransformerOptions,
    max_items=5_000_000,
    real_time=True,
    refresh="new-items",
    explores=True,
    weighs_events=True,
    takes_context=True,
    promotes=True,
    gives_metadata=True,
    gives_reasons=True,
    learner=TRANSFORMER,
)
