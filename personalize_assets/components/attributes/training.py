"""What is trained, with which configuration, and what it is compared with."""

from collections.abc import Mapping

import dagster as dg
from pydantic import Field, field_validator

from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.spec import RecipeSpec


class Solution(dg.Model, dg.Resolvable):
    """One recipe with its training configuration."""

    name: str
    """Short name, such as `user-personalization`; part of asset keys and of the solution's name."""

    recipe: str
    """Name of the recipe, for example `aws-user-personalization`."""

    event_type: str | None = None
    """Train only on this EVENT_TYPE; all of them when left out."""

    event_value_threshold: str | None = None
    """Train only on events whose EVENT_VALUE is at least this; needs `event_type`."""

    hyperparameters: Mapping[str, str] = Field(default_factory=dict)
    """`algorithmHyperParameters` of the solution, as strings."""

    feature_transformation_parameters: Mapping[str, str] = Field(default_factory=dict)
    """`featureTransformationParameters` of the solution, as strings."""

    @property
    def spec(self) -> RecipeSpec:
        """What is known of the recipe."""
        return RECIPES[self.recipe]

    @field_validator("name")
    @classmethod
    def _fit_for_keys(cls, name: str) -> str:
        return require_short_name(name, "solution")

    @field_validator("recipe")
    @classmethod
    def _known(cls, recipe: str) -> str:
        custom = sorted(name for name, spec in RECIPES.items() if spec.domain is None)
        if recipe not in custom:
            raise ValueError(f"unknown recipe {recipe!r}; allowed are {', '.join(custom)}")
        return recipe


class Comparison(dg.Model, dg.Resolvable):
    """How recipes are compared with each other, popularity and chance, on this machine."""

    folds: int = Field(default=2, ge=1, le=10)
    """How many of ten folds of users are run; each costs a training of every recipe or two."""

    seed: int = 0
    """Of the folds."""

    max_events: int = Field(default=1_000_000, ge=1_000)
    """Users are drawn where there are more interactions than this."""


def require_short_name(name: str, what: str) -> str:
    """Return ``name`` if it can be part of an asset key and of a resource's name.

    Raises:
        ValueError: It holds something else than lower-case letters, digits and hyphens.
    """
    if not name.replace("-", "").isalnum() or name != name.lower():
        raise ValueError(
            f"{what} name {name!r} may hold lower-case letters, digits and hyphens only"
        )
    return name
