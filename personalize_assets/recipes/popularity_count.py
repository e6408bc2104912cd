"""aws-popularity-count: the items with the most interactions, the same list for everyone."""

import datetime as dt

from personalize_assets.recipes.spec import RecipeSpec

POPULARITY_COUNT = RecipeSpec(
    name="aws-popularity-count",
    # The guide's recipe page says this type; the behaviour is that of POPULAR_ITEMS: no userId
    # is needed and everyone gets the same list.
    recipe_type="USER_PERSONALIZATION",
    description="The items with the most interactions, the same for every user.",
    created=dt.date(2019, 6, 10),
    algorithm="aws-popularity-count",
    feature_transformation="sims",
    query_fields=(),
)
