"""All recipes of Amazon Personalize by name: a new learner is one file and one line here.

The retired aws-hrnn recipes are left out on purpose: AWS no longer offers them.
"""

from personalize_assets.recipes import domain
from personalize_assets.recipes.item_affinity import ITEM_AFFINITY
from personalize_assets.recipes.item_attribute_affinity import ITEM_ATTRIBUTE_AFFINITY
from personalize_assets.recipes.next_best_action import NEXT_BEST_ACTION
from personalize_assets.recipes.personalized_ranking import (
    PERSONALIZED_RANKING,
    PERSONALIZED_RANKING_V2,
)
from personalize_assets.recipes.popularity_count import POPULARITY_COUNT
from personalize_assets.recipes.semantic_similarity import SEMANTIC_SIMILARITY
from personalize_assets.recipes.similar_items import SIMILAR_ITEMS
from personalize_assets.recipes.sims import SIMS
from personalize_assets.recipes.spec import RecipeSpec
from personalize_assets.recipes.trending_now import TRENDING_NOW
from personalize_assets.recipes.user_personalization import USER_PERSONALIZATION
from personalize_assets.recipes.user_personalization_v2 import USER_PERSONALIZATION_V2

RECIPES: dict[str, RecipeSpec] = {
    spec.name: spec
    for spec in (
        USER_PERSONALIZATION_V2,
        USER_PERSONALIZATION,
        TRENDING_NOW,
        POPULARITY_COUNT,
        PERSONALIZED_RANKING_V2,
        PERSONALIZED_RANKING,
        SEMANTIC_SIMILARITY,
        SIMILAR_ITEMS,
        SIMS,
        NEXT_BEST_ACTION,
        ITEM_AFFINITY,
        ITEM_ATTRIBUTE_AFFINITY,
        *domain.ECOMMERCE,
        *domain.VIDEO_ON_DEMAND,
    )
}


class UnknownRecipe(ValueError):
    """No recipe has this name."""


def find_recipe(name: str) -> RecipeSpec:
    """The recipe of a name such as ``aws-sims``.

    Raises:
        UnknownRecipe: There is none; the message lists those that train here.
    """
    spec = RECIPES.get(name)
    if spec is None:
        trainable = ", ".join(known.name for known in RECIPES.values() if known.trainable)
        raise UnknownRecipe(f"unknown recipe {name!r}; these train here: {trainable}")
    return spec
