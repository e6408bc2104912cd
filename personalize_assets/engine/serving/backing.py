"""What answers for a campaign or a recommender: its model and the manner of answering.

Reads resources into a value that can be kept as long as nothing changes. Knows neither models nor
requests.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from personalize_assets.core.arns import Kind
from personalize_assets.engine.serving.answerer import Manner
from personalize_assets.engine.store import Resource, Store
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.spec import RecipeSpec

_METADATA: Final = "enableMetadataWithRecommendations"


class NotDeployed(Exception):
    """A campaign or recommender has no model to answer with."""


@dataclass(frozen=True)
class Deployed:
    """A model with the manner in which it answers.

    Attributes:
        artifact: Folder of the model.
        refreshed: File of the new items that the last refresh wrote; None before the first.
        manner: How to answer.
    """

    artifact: Path
    refreshed: Path | None
    manner: Manner


@dataclass(frozen=True)
class Backing:
    """A campaign or recommender as requests need it.

    Attributes:
        resource: As it is kept.
        spec: Its recipe.
        deployed: What answers.
        gives_metadata: Whether answers may have metadata.
        mark: Six hexadecimal digits that its answers can be told by.
    """

    resource: Resource
    spec: RecipeSpec
    deployed: Deployed
    gives_metadata: bool
    mark: str


def backing_of(store: Store, resource: Resource) -> Backing:
    """Read what answers for a campaign or a recommender.

    Raises:
        NotDeployed: Nothing does.
    """
    if resource.kind is Kind.CAMPAIGN:
        config = resource.body.get("campaignConfig", {})
        trained = store.resources.get(resource.hidden.get("deployed", ""))
    else:
        config, trained = resource.body.get("recommenderConfig", {}), resource
    if trained is None or "artifact" not in trained.hidden:
        raise NotDeployed(resource.arn)
    spec = RECIPES[trained.body["recipeArn"].rpartition("/")[2]]
    # A recommender has no solution, whose event types would choose among a user's events.
    solution = trained.body if trained.kind is Kind.SOLUTION_VERSION else {}
    refreshed = trained.hidden.get("refreshed")
    return Backing(
        resource=resource,
        spec=spec,
        deployed=Deployed(
            artifact=store.artifacts.path(trained.hidden["artifact"]),
            refreshed=store.artifacts.path(refreshed) if refreshed else None,
            manner=Manner.of(spec, solution, config, trained.hidden.get("joined_upto")),
        ),
        gives_metadata=spec.gives_metadata or config.get(_METADATA, False),
        mark=hashlib.sha1(resource.arn.encode(), usedforsecurity=False).hexdigest()[:6],
    )
