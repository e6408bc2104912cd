"""aws-user-personalization: item-to-item regression and transitions over recent histories."""

import datetime as dt

from personalize_assets.recipes.options import SequenceOptions, UserHistoryOptions
from personalize_assets.recipes.spec import RecipeSpec

USER_PERSONALIZATION = RecipeSpec(
    name="aws-user-personalization",
    recipe_type="USER_PERSONALIZATION",
    description="Items that a user will like next, from the whole history, newest events first.",
    created=dt.date(2019, 6, 10),
    algorithm="aws-user-personalization",
    feature_transformation="JSON-percentile-filtering",
    used_datasets=("Users", "Items"),
    serves_scores=True,
    config=SequenceOptions,
    featurization=UserHistoryOptions,
    hpo=True,
)
