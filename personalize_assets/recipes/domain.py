"""The domain use cases for recommenders: declared here, trained when recommenders are built.

They have no batch jobs and no options of their own beyond the recommender's configuration.
"""

import datetime as dt

from personalize_assets.recipes.spec import (
    DatasetType,
    Domain,
    QueryField,
    RecipeSpec,
    RecipeType,
    Refresh,
)


def _use_case(
    name: str,
    recipe_type: RecipeType,
    domain: Domain,
    description: str,
    *,
    query_fields: tuple[QueryField, ...] = ("userId",),
    event_type: str | None = None,
    required_datasets: tuple[DatasetType, ...] = ("Interactions",),
    used_datasets: tuple[DatasetType, ...] = (),
    excludes: str | None = None,
    refresh: Refresh = "none",
    personalized: bool = False,
) -> RecipeSpec:
    return RecipeSpec(
        name=name,
        recipe_type=recipe_type,
        description=description,
        created=dt.date(2019, 6, 10),
        algorithm=name,
        feature_transformation=name,
        required_datasets=required_datasets,
        used_datasets=used_datasets,
        query_fields=query_fields,
        batch_field=None,
        event_type=event_type,
        excludes=excludes,
        real_time=personalized,
        refresh="new-items" if personalized else refresh,
        explores=personalized,
        takes_context=personalized,
        promotes=True,
        domain=domain,
    )


ECOMMERCE = (
    _use_case(
        "aws-ecomm-popular-items-by-views",
        "POPULAR_ITEMS",
        "ECOMMERCE",
        "Most viewed: the items with the most View events.",
        event_type="View",
    ),
    _use_case(
        "aws-ecomm-popular-items-by-purchases",
        "POPULAR_ITEMS",
        "ECOMMERCE",
        "Best sellers: the items with the most Purchase events.",
        event_type="Purchase",
    ),
    _use_case(
        "aws-ecomm-frequently-bought-together",
        "RELATED_ITEMS",
        "ECOMMERCE",
        "Frequently bought together with a given item.",
        query_fields=("itemId",),
        event_type="Purchase",
    ),
    _use_case(
        "aws-ecomm-customers-who-viewed-x-also-viewed",
        "RELATED_ITEMS",
        "ECOMMERCE",
        "What customers who viewed a given item viewed as well, without what the user bought.",
        query_fields=("userId", "itemId"),
        event_type="View",
        excludes="Purchase",
    ),
    _use_case(
        "aws-ecomm-recommended-for-you",
        "USER_PERSONALIZATION",
        "ECOMMERCE",
        "Recommended for you: items that a user will like next, without what the user bought.",
        used_datasets=("Users", "Items"),
        excludes="Purchase",
        personalized=True,
    ),
)

VIDEO_ON_DEMAND = (
    _use_case(
        "aws-vod-because-you-watched-x",
        "RELATED_ITEMS",
        "VIDEO_ON_DEMAND",
        "Because you watched X: what others who watched it watched, without what the user did.",
        query_fields=("userId", "itemId"),
        event_type="Watch",
        excludes="Watch",
    ),
    _use_case(
        "aws-vod-more-like-x",
        "RELATED_ITEMS",
        "VIDEO_ON_DEMAND",
        "More like X: videos like a given one, without what the user watched.",
        query_fields=("userId", "itemId"),
        required_datasets=("Interactions", "Items"),
        excludes="Watch",
    ),
    _use_case(
        "aws-vod-most-popular",
        "POPULAR_ITEMS",
        "VIDEO_ON_DEMAND",
        "Most popular: the videos with the most Watch events.",
        event_type="Watch",
    ),
    _use_case(
        "aws-vod-trending-now",
        "POPULAR_ITEMS",
        "VIDEO_ON_DEMAND",
        "Trending now: videos whose number of events rises fastest.",
        query_fields=(),
        refresh="recount",
    ),
    _use_case(
        "aws-vod-top-picks",
        "USER_PERSONALIZATION",
        "VIDEO_ON_DEMAND",
        "Top picks for you: videos that a user will like next, without what the user watched.",
        used_datasets=("Users", "Items"),
        excludes="Watch",
        personalized=True,
    ),
)
