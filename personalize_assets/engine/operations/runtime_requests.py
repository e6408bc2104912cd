"""What the three runtime operations read from a request alike, with the refusals that belong to it.

Knows what requests look like. How answers are made is the part of ``engine/serving``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from personalize_assets.core.arns import Kind
from personalize_assets.core.filters import BoundFilter, FilterError
from personalize_assets.core.names import (
    MAX_METADATA_COLUMNS,
    MAX_RESULTS,
    MAX_RESULTS_WITH_METADATA,
)
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.data.live import LiveGroup
from personalize_assets.engine.errors import InvalidInput, ResourceNotFound
from personalize_assets.engine.jobs.states import ACTIVE
from personalize_assets.engine.operations.access import Request, parse
from personalize_assets.engine.serving.asking import Served
from personalize_assets.engine.serving.backing import Backing, NotDeployed
from personalize_assets.engine.serving.metadata import metadata_of
from personalize_assets.engine.serving.serving import bound_filter, parsed_filter
from personalize_assets.engine.store import Resource

_ANSWERS: Final = {
    "PERSONALIZED_RANKING": "use GetPersonalizedRanking",
    "PERSONALIZED_ACTIONS": "use GetActionRecommendations",
    "USER_SEGMENTATION": "use batch segment jobs",
}


def find_backing(context: RequestContext, kind: Kind, arn: str) -> Backing:
    """The campaign or recommender that a request names, if it can answer.

    Raises:
        InvalidInput: The ARN is of another kind, its status is another than ACTIVE, or there is no
            model behind it.
        ResourceNotFound: There is none in the caller's account and region.
    """
    resource = _find(context, kind, arn)
    if resource.status != ACTIVE:
        raise InvalidInput(
            f"The given {kind.words} must be ACTIVE, but its status is {resource.status}: {arn}"
        )
    try:
        return context.serving.backing(resource)
    except NotDeployed:
        raise InvalidInput(f"There is no trained model behind it: {arn}") from None


def check_operation(backing: Backing, *recipe_types: str) -> None:
    """An operation answers for recipes of some types only.

    Raises:
        InvalidInput: The recipe is of another type; the message names the right operation.
    """
    found = backing.spec.recipe_type
    if found not in recipe_types:
        raise InvalidInput(
            f"{backing.spec.name} is a recipe of type {found}: "
            f"{_ANSWERS.get(found, 'use GetRecommendations')}"
        )


def check_required(backing: Backing, request: Request, fields: Sequence[str]) -> None:
    """A request must name what the recipe needs; an empty id names nothing.

    Raises:
        InvalidInput: It does not.
    """
    missing = [name for name in fields if not request.get(name)]
    if missing:
        raise InvalidInput(
            f"Required fields for the provided recipe are {', '.join(fields)}; "
            f"{backing.spec.name} was asked without {', '.join(missing)}"
        )


def read_count(request: Request, default: int, most: int, why: str = "") -> int:
    """How many results are wanted; 0 gives none.

    Raises:
        InvalidInput: More than allowed.
    """
    count = int(request.get("numResults", default))
    if count > most:
        raise InvalidInput(f"numResults must be at most {most}{why}, got {count}")
    return count


def read_filter(
    context: RequestContext, backing: Backing, request: Request, given: Request, target: str
) -> BoundFilter | None:
    """The filter that a request, or a promotion in it, names; None for none.

    Args:
        context: Of the request.
        backing: What answers.
        request: Names the user and the item.
        given: Has ``filterArn`` and ``filterValues``.
        target: What is filtered: ``ItemID`` or ``ActionID``.

    Raises:
        InvalidInput: It cannot be used with this request, or its values do not fit.
        ResourceNotFound: There is none in the caller's account and region.
    """
    values: Mapping[str, str] = given.get("filterValues", {})
    if "filterArn" not in given:
        if values:
            raise InvalidInput("filterValues are given without a filterArn")
        return None
    resource = _find(context, Kind.FILTER, given["filterArn"])
    _check_filter(resource, backing, request, target)
    try:
        return bound_filter(resource.body["filterExpression"], values)
    except FilterError as error:
        raise InvalidInput(f"{error} (filter {resource.arn})") from error


def _check_filter(resource: Resource, backing: Backing, request: Request, target: str) -> None:
    if resource.status != ACTIVE:
        raise InvalidInput(
            f"The given filter must be ACTIVE, but its status is {resource.status}: {resource.arn}"
        )
    if resource.group_arn != backing.resource.group_arn:
        raise InvalidInput(
            f"The filter {resource.arn} is of the dataset group {resource.group_arn}; "
            f"{backing.resource.arn} is of {backing.resource.group_arn}"
        )
    found = parsed_filter(resource.body["filterExpression"])
    if found.target != target:
        raise InvalidInput(
            f"The filter {resource.arn} is for {found.target}; one for {target} is needed"
        )
    if found.needs_item and backing.spec.recipe_type != "RELATED_ITEMS":
        raise InvalidInput(
            f"The filter {resource.arn} uses CurrentItem, which only recipes of type RELATED_ITEMS "
            f"have; {backing.spec.name} is of type {backing.spec.recipe_type}"
        )
    if found.needs_user and not request.get("userId"):
        raise InvalidInput(f"The filter {resource.arn} needs a userId")


@dataclass(frozen=True)
class WantedMetadata:
    """The columns that an answer is to have.

    Attributes:
        columns: Upper-case names; empty for none.
    """

    columns: tuple[str, ...] = ()

    @property
    def most(self) -> int:
        """How many items a request may ask for or send."""
        return MAX_RESULTS_WITH_METADATA if self.columns else MAX_RESULTS

    @property
    def why(self) -> str:
        """What to say of `most`."""
        return " with metadataColumns" if self.columns else ""


def read_metadata(backing: Backing, live: LiveGroup, request: Request) -> WantedMetadata:
    """The metadata that a request asks for.

    Raises:
        InvalidInput: Metadata are not enabled, or the columns are too many or do not exist.
    """
    given: Mapping[str, list[str]] = request.get("metadataColumns", {})
    columns = tuple(dict.fromkeys(name.upper() for names in given.values() for name in names))
    if not columns:
        return WantedMetadata()
    for dataset in given:
        if dataset.upper() != "ITEMS":
            raise InvalidInput(f"metadataColumns can name columns of ITEMS only, got {dataset}")
    if not backing.gives_metadata:
        raise InvalidInput(
            "metadataColumns need enableMetadataWithRecommendations, which is not set for "
            f"{backing.resource.arn}"
        )
    if len(columns) > MAX_METADATA_COLUMNS:
        raise InvalidInput(
            f"metadataColumns can name {MAX_METADATA_COLUMNS} columns, got {len(columns)}"
        )
    schema = live.schemas.get("ITEMS")
    if schema is None:
        raise InvalidInput("metadataColumns need an Items dataset, which the group does not have")
    unknown = [name for name in columns if name not in schema.columns]
    if unknown:
        raise InvalidInput(
            f"metadataColumns: the Items dataset has no column {', '.join(unknown)}; it has "
            f"{', '.join(schema.columns)}"
        )
    return WantedMetadata(columns)


def show_items(
    served: Sequence[Served], wanted: WantedMetadata, live: LiveGroup
) -> list[dict[str, Any]]:
    """The places of an answer as the API has them; what is absent is left out."""
    shown = [_show(item) for item in served]
    items = live.items if wanted.columns else None
    if items is not None:
        found = metadata_of(items, wanted.columns, (item.item_id for item in served))
        for members, metadata in zip(shown, found, strict=True):
            if metadata:
                members["metadata"] = metadata
    return shown


def _show(item: Served) -> dict[str, Any]:
    members: dict[str, Any] = {"itemId": item.item_id}
    if item.score is not None:
        members["score"] = item.score
    if item.promotion is not None:
        members["promotionName"] = item.promotion
    if item.reason is not None:
        members["reason"] = [item.reason]
    return members


def _find(context: RequestContext, kind: Kind, arn: str) -> Resource:
    """The resource of a kind that a request names; see `access.require`."""
    resource = context.serving.resource(arn)
    if resource is None or resource.kind is not kind:
        parse(arn, kind)
        raise ResourceNotFound(f"The given {kind.words} does not exist: {arn}")
    if (resource.account, resource.region) != (context.account, context.region):
        raise ResourceNotFound(f"The given {kind.words} does not exist: {arn}")
    return resource
