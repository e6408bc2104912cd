"""What answers for a campaign or a recommender: its model and the manner of answering.

Reads resources into a value that can be kept as long as nothing changes. Knows neither models nor
requests.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from personalize_assets.core.arns import Kind
from personalize_assets.engine.jobs.deploy import recipe_arn
from personalize_assets.engine.serving.answerer import Manner
from personalize_assets.engine.store import Resource, Store
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.spec import RecipeSpec

_METADATA: Final = "enableMetadataWithRecommendations"


@dataclass(frozen=True)
class Deployed:
    """A model with the manner in which it answers.

    Attributes:
        artifact: Folder of the model.
        refreshed: File of the items that a refresh found; None if there is none.
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
        deployed: What answers; None if nothing does yet.
        gives_metadata: Whether answers may have metadata.
        mark: Six hexadecimal digits that its answers can be told by.
    """

    resource: Resource
    spec: RecipeSpec
    deployed: Deployed | None
    gives_metadata: bool
    mark: str


def backing_of(store: Store, resource: Resource) -> Backing:
    """Read what answers for a campaign or a recommender."""
    if resource.kind is Kind.CAMPAIGN:
        config = resource.body.get("campaignConfig", {})
        version = store.resources.get(resource.hidden.get("deployed", ""))
        version = version or store.resources.get(resource.body["solutionVersionArn"])
        trained = version if "deployed" in resource.hidden else None
    else:
        config = resource.body.get("recommenderConfig", {})
        version = trained = resource
    spec = _spec(store, resource, version)
    return Backing(
        resource=resource,
        spec=spec,
        deployed=_deployed(store, spec, trained, config),
        gives_metadata=spec.gives_metadata or config.get(_METADATA, False),
        mark=hashlib.sha1(resource.arn.encode(), usedforsecurity=False).hexdigest()[:6],
    )


def _spec(store: Store, resource: Resource, version: Resource | None) -> RecipeSpec:
    """The recipe; before a version is deployed, that of the solution will do for error texts."""
    if version is None:
        version = store.resources.get(resource.parent_arn or "") or resource
    return RECIPES[recipe_arn(version).rpartition("/")[2]]


def _deployed(
    store: Store, spec: RecipeSpec, trained: Resource | None, config: dict[str, Any]
) -> Deployed | None:
    if trained is None or "artifact" not in trained.hidden:
        return None
    refreshed = trained.hidden.get("refreshed")
    custom = trained.kind is Kind.SOLUTION_VERSION
    return Deployed(
        artifact=store.artifacts.path(trained.hidden["artifact"]),
        refreshed=store.artifacts.path(refreshed) if refreshed else None,
        manner=Manner.of(
            spec, trained.body if custom else {}, config, trained.hidden.get("joined_upto")
        ),
    )
