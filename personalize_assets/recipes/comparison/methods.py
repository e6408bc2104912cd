"""What can be compared: a recipe with its options, a baseline, or any other way to learn.

Knows recipes by their declarations.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import BaseModel

from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.comparison.baselines import (
    active_users,
    random_items,
    random_users,
)
from personalize_assets.recipes.evaluation import require_learner
from personalize_assets.recipes.histories import Histories
from personalize_assets.recipes.models import AnyModel
from personalize_assets.recipes.popularity_count import POPULARITY_COUNT
from personalize_assets.recipes.spec import RecipeSpec

Kind = Literal["items", "users of items", "users of categories"]
"""What is answered: items for users and items, or users for items or for their categories."""

Fit = Callable[[TrainingData, Histories, np.random.Generator], AnyModel]
"""Learns from the training users' histories; see ``Learner.fit``."""


class NotComparable(ValueError):
    """The recipe cannot be measured from interactions, items and users alone."""


@dataclass(frozen=True)
class Method:
    """One line of a comparison.

    Attributes:
        name: Of the line.
        spec: The recipe, or for others the recipe whose question they answer.
        fit: Learns a model.
        uses_metadata: Whether items' and users' columns take part.
        needs_metadata: Whether it cannot go without.
    """

    name: str
    spec: RecipeSpec
    fit: Fit
    uses_metadata: bool = False
    needs_metadata: bool = False

    @property
    def kind(self) -> Kind:
        """What it answers."""
        if self.spec.recipe_type != "USER_SEGMENTATION":
            return "items"
        categories = "itemAttributes" in self.spec.query_fields
        return "users of categories" if categories else "users of items"


def recipe_method(
    spec: RecipeSpec,
    *,
    name: str | None = None,
    config: BaseModel | None = None,
    featurization: BaseModel | None = None,
) -> Method:
    """A recipe as something to compare.

    Args:
        spec: The recipe.
        name: Of the line; None takes the recipe's.
        config: An instance of ``spec.config``; None takes the defaults.
        featurization: An instance of ``spec.featurization``; None takes the defaults.

    Raises:
        NotComparable: The recipe recommends actions.
        RecipeNotBuilt: Nothing trains it.
    """
    if spec.recipe_type == "PERSONALIZED_ACTIONS":
        raise NotComparable(
            f"recipe {spec.name} recommends actions, which are measured on action interactions; "
            "a comparison takes interactions, items and users"
        )
    learner = require_learner(spec)

    def fit(data: TrainingData, train: Histories, rng: np.random.Generator) -> AnyModel:
        return learner.fit(
            data,
            train,
            spec.config() if config is None else config,
            spec.featurization() if featurization is None else featurization,
            rng,
        )

    taken = {*spec.required_datasets, *spec.used_datasets}
    return Method(
        name=name or spec.name,
        spec=spec,
        fit=fit,
        uses_metadata=bool(taken & {"Items", "Users"}),
        needs_metadata="Items" in spec.required_datasets,
    )


def baselines(beside: Method) -> tuple[Method, ...]:
    """What stands beside every method of a kind: popularity and chance, asked the same."""
    if beside.kind == "items":
        return (recipe_method(POPULARITY_COUNT), Method("random", POPULARITY_COUNT, random_items))
    needs = beside.kind == "users of categories"  # which are told by the items' columns
    return (
        Method("most active users", beside.spec, active_users, needs, needs),
        Method("random", beside.spec, random_users, needs, needs),
    )
