"""What is known of a recipe: its names, needs and options.

Holds the type of the registry's entries. Knows nothing of any one recipe, nor of how the API
prints them.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from personalize_assets.recipes.base import Learner
from personalize_assets.recipes.hyperparameters import NoOptions
from personalize_assets.recipes.models import AnyModel

RecipeType = Literal[
    "USER_PERSONALIZATION",
    "POPULAR_ITEMS",
    "PERSONALIZED_RANKING",
    "RELATED_ITEMS",
    "PERSONALIZED_ACTIONS",
    "USER_SEGMENTATION",
]
Domain = Literal["ECOMMERCE", "VIDEO_ON_DEMAND"]
DatasetType = Literal["Interactions", "Items", "Users", "Actions", "Action_Interactions"]
Refresh = Literal["none", "new-items", "recount"]
QueryField = Literal["userId", "itemId", "itemList", "itemAttributes"]


@dataclass(frozen=True)
class RecipeSpec:
    """One recipe of Amazon Personalize, and what stands for it here.

    Attributes:
        name: As in ``arn:aws:personalize:::recipe/<name>``.
        recipe_type: What the recipe answers; decides the query, the split and the metrics.
        description: One sentence in our own words.
        created: When AWS says that it came out.
        algorithm: Tail of the algorithm's ARN.
        feature_transformation: Tail of the feature transformation's ARN.
        required_datasets: Dataset types without which it cannot train.
        used_datasets: Dataset types that it uses where they are there.
        query_fields: What a request must name.
        batch_field: What a line of a batch job must name; None where batch is not possible.
        serves_scores: Whether answers carry scores.
        event_type: The event type that a domain use case trains on; None takes every type.
        excludes: The event type whose items a domain use case leaves out for the user; or None.
        real_time: Whether a user's new events change the user's next answer without training.
        refresh: What happens every two hours without training: new items come in, all is counted
            anew, or nothing.
        explores: Whether it takes ``itemExplorationConfig`` and mixes in items that are new.
        takes_exploration: Whether people may set ``itemExplorationConfig``; v2 explores by itself.
        weighs_events: Whether it takes ``eventsConfig``.
        takes_objective: Whether it takes ``optimizationObjective``.
        updates: Whether it takes ``trainingMode`` UPDATE, which brings new items into a trained
            version.
        takes_context: Whether a request's ``context`` takes part.
        promotes: Whether requests may have ``promotions``.
        gives_metadata: Whether campaigns give metadata without having been told to.
        gives_reasons: Whether answers carry ``reason``.
        domain: Domain of a use case; None for custom recipes.
        config: Algorithm hyperparameters with defaults and bounds.
        featurization: Feature transformation parameters with defaults and bounds.
        hpo: Whether AWS offers hyperparameter optimization.
        searched: Options that automatic training searches every 90 days, those of ``config`` among
            them; None where it searches nothing.
        max_items: Most items that AWS considers in training.
        learner: How it is trained here; None where that is not built yet.
    """

    name: str
    recipe_type: RecipeType
    description: str
    created: dt.date
    algorithm: str
    feature_transformation: str
    required_datasets: tuple[DatasetType, ...] = ("Interactions",)
    used_datasets: tuple[DatasetType, ...] = ()
    query_fields: tuple[QueryField, ...] = ("userId",)
    batch_field: QueryField | None = "userId"
    serves_scores: bool = False
    event_type: str | None = None
    excludes: str | None = None
    real_time: bool = False
    refresh: Refresh = "none"
    explores: bool = False
    takes_exploration: bool = False
    weighs_events: bool = False
    takes_objective: bool = False
    updates: bool = False
    takes_context: bool = False
    promotes: bool = False
    gives_metadata: bool = False
    gives_reasons: bool = False
    domain: Domain | None = None
    config: type[BaseModel] = NoOptions
    featurization: type[BaseModel] = NoOptions
    hpo: bool = False
    searched: type[BaseModel] | None = None
    max_items: int = 750_000
    learner: Learner[AnyModel] | None = None

    @property
    def trainable(self) -> bool:
        """Whether the recipe really trains here."""
        return self.learner is not None
