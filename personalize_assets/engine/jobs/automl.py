"""The recipes that AutoML chooses from: those that recommend items to users."""

from typing import Final

from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.spec import RecipeSpec

_TYPES: Final = ("USER_PERSONALIZATION", "POPULAR_ITEMS")


def is_candidate(spec: RecipeSpec) -> bool:
    """Tell whether a recipe can be compared with the others that AutoML tries."""
    for_users = spec.batch_field == "userId" and spec.recipe_type in _TYPES
    return for_users and spec.domain is None


CANDIDATES: Final = tuple(spec.name for spec in RECIPES.values() if is_candidate(spec))
"""Names of the recipes that AutoML tries unless a request lists others."""
