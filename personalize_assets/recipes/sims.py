"""aws-sims: items that come before and after a given one in users' histories."""

import datetime as dt

from personalize_assets.recipes.hyperparameters import Options, option
from personalize_assets.recipes.spec import RecipeSpec


class SimsOptions(Options):
    """Algorithm hyperparameters of aws-sims."""

    popularity_discount_factor: float = option(
        0.5,
        "How far popular items are held back: 0 not at all, 1 fully.",
        low=0,
        high=1,
        tunable=True,
    )
    min_cointeraction_count: int = option(
        3,
        "Pairs of items that fewer users have in common are left out.",
        low=0,
        high=10,
        tunable=True,
    )


class SimsFeaturization(Options):
    """Feature transformation parameters of aws-sims."""

    min_user_history_length_percentile: float = option(
        0.005, "Users with shorter histories than this share of users are left out.", low=0, high=1
    )
    max_user_history_length_percentile: float = option(
        0.995, "Users with longer histories than this share of users are left out.", low=0, high=1
    )
    min_item_interaction_count_percentile: float = option(
        0.01, "Items with fewer interactions than this share of items are left out.", low=0, high=1
    )
    max_item_interaction_count_percentile: float = option(
        0.9, "Items with more interactions than this share of items are left out.", low=0, high=1
    )


SIMS = RecipeSpec(
    name="aws-sims",
    recipe_type="RELATED_ITEMS",
    description="Items that the same users interact with soon before or after a given item.",
    created=dt.date(2019, 6, 10),
    algorithm="aws-sims",
    feature_transformation="sims",
    query_fields=("itemId",),
    batch_field="itemId",
    config=SimsOptions,
    featurization=SimsFeaturization,
    hpo=True,
)
