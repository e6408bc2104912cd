"""The ten use cases of domain dataset groups, which recommenders serve.

They share the models of the custom recipes under fixed options: a recommender's configuration has
no hyperparameters, and there are no batch jobs. A use case with an event type is trained on events
of that type only; whoever reads the data chooses them, without regard to case.
"""

import datetime as dt

from personalize_assets.recipes.base import Learner, Model
from personalize_assets.recipes.bought_together import BoughtTogether
from personalize_assets.recipes.hyperparameters import NoOptions
from personalize_assets.recipes.options import (
    SequenceOptions,
    SimilarItemsOptions,
    TrendingOptions,
    UserHistoryOptions,
)
from personalize_assets.recipes.popularity_count import PopularityCount
from personalize_assets.recipes.preset import with_defaults
from personalize_assets.recipes.similar_items import SimilarItems
from personalize_assets.recipes.sims import Sims, SimsFeaturization, SimsOptions
from personalize_assets.recipes.spec import (
    DatasetType,
    Domain,
    QueryField,
    RecipeSpec,
    RecipeType,
    Refresh,
)
from personalize_assets.recipes.trending_now import TrendingNow
from personalize_assets.recipes.user_personalization import UserPersonalization
from personalize_assets.recipes.watched_next import WatchedNext

_PERSONAL = with_defaults(UserPersonalization(), SequenceOptions(), UserHistoryOptions())
_ALSO_VIEWED = with_defaults(Sims(), SimsOptions(), SimsFeaturization())
_MORE_LIKE = with_defaults(SimilarItems(), SimilarItemsOptions(), NoOptions())
_TRENDING = with_defaults(TrendingNow(), NoOptions(), TrendingOptions())


def _use_case(
    name: str,
    recipe_type: RecipeType,
    domain: Domain,
    description: str,
    learner: Learner[Model],
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
        takes_exploration=personalized,
        takes_context=personalized,
        promotes=True,
        domain=domain,
        learner=learner,
    )


ECOMMERCE = (
    _use_case(
        "aws-ecomm-popular-items-by-views",
        "POPULAR_ITEMS",
        "ECOMMERCE",
        "Most viewed: the items with the most View events.",
        PopularityCount(),
        event_type="View",
    ),
    _use_case(
        "aws-ecomm-popular-items-by-purchases",
        "POPULAR_ITEMS",
        "ECOMMERCE",
        "Best sellers: the items with the most Purchase events.",
        PopularityCount(),
        event_type="Purchase",
    ),
    _use_case(
        "aws-ecomm-frequently-bought-together",
        "RELATED_ITEMS",
        "ECOMMERCE",
        "Frequently bought together with a given item.",
        BoughtTogether(),
        query_fields=("itemId",),
        event_type="Purchase",
    ),
    _use_case(
        "aws-ecomm-customers-who-viewed-x-also-viewed",
        "RELATED_ITEMS",
        "ECOMMERCE",
        "What customers who viewed a given item viewed as well, without what the user bought.",
        _ALSO_VIEWED,
        query_fields=("userId", "itemId"),
        event_type="View",
        excludes="Purchase",
    ),
    _use_case(
        "aws-ecomm-recommended-for-you",
        "USER_PERSONALIZATION",
        "ECOMMERCE",
        "Recommended for you: items that a user will like next, without what the user bought.",
        _PERSONAL,
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
        WatchedNext(),
        query_fields=("userId", "itemId"),
        event_type="Watch",
        excludes="Watch",
    ),
    _use_case(
        "aws-vod-more-like-x",
        "RELATED_ITEMS",
        "VIDEO_ON_DEMAND",
        "More like X: videos like a given one, without what the user watched.",
        _MORE_LIKE,
        query_fields=("userId", "itemId"),
        required_datasets=("Interactions", "Items"),
        excludes="Watch",
    ),
    _use_case(
        "aws-vod-most-popular",
        "POPULAR_ITEMS",
        "VIDEO_ON_DEMAND",
        "Most popular: the videos with the most Watch events.",
        PopularityCount(),
        event_type="Watch",
    ),
    _use_case(
        "aws-vod-trending-now",
        "POPULAR_ITEMS",
        "VIDEO_ON_DEMAND",
        "Trending now: videos whose number of events rises fastest.",
        _TRENDING,
        query_fields=(),
        refresh="recount",
    ),
    _use_case(
        "aws-vod-top-picks",
        "USER_PERSONALIZATION",
        "VIDEO_ON_DEMAND",
        "Top picks for you: videos that a user will like next, without what the user watched.",
        _PERSONAL,
        used_datasets=("Users", "Items"),
        excludes="Watch",
        personalized=True,
    ),
)
