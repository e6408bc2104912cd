"""GetRecommendations: items for a user, for everyone, or related to an item."""

from typing import Any, Final

from personalize_assets.core.arns import Kind
from personalize_assets.core.names import DEFAULT_RESULTS
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.errors import InvalidInput
from personalize_assets.engine.operations.access import Request
from personalize_assets.engine.operations.registry import operation
from personalize_assets.engine.operations.runtime_requests import (
    check_operation,
    check_required,
    find_backing,
    read_count,
    read_filter,
    read_metadata,
    show_items,
)
from personalize_assets.engine.serving.asking import Promotion, Query
from personalize_assets.engine.serving.backing import Backing

_ARNS: Final = (("campaignArn", Kind.CAMPAIGN), ("recommenderArn", Kind.RECOMMENDER))


@operation("personalize-runtime", "GetRecommendations")
def get_recommendations(context: RequestContext, request: Request) -> dict[str, Any]:
    """Recommend items. ``context`` is accepted and has no effect on the models here."""
    backing = _find(context, request)
    check_operation(backing, "USER_PERSONALIZATION", "POPULAR_ITEMS", "RELATED_ITEMS")
    check_required(backing, request, backing.spec.query_fields)
    live = context.serving.live(backing, may_wait=context.may_wait)
    wanted = read_metadata(backing, live, request)
    state = context.serving.state  # before events are read, so that none is missed
    query = Query(
        n_results=read_count(request, DEFAULT_RESULTS, wanted.most, wanted.why),
        user_id=request.get("userId") or None,
        item_id=request.get("itemId") or None,
        keep=read_filter(context, backing, request, request, "ItemID"),
        promotion=_read_promotion(context, backing, request),
        now=context.clock(),
        state=state,
        context=request.get("context", {}),
    )
    served = context.serving.items(backing).recommend(live, query)
    context.serving.note_answer(backing, live)
    recommendation_id = context.serving.recommendation_id(backing)
    if any(item.explored for item in served):
        context.serving.shown.note(recommendation_id, [item.item_id for item in served])
    return {"itemList": show_items(served, wanted, live), "recommendationId": recommendation_id}


def _find(context: RequestContext, request: Request) -> Backing:
    given = [(member, kind) for member, kind in _ARNS if member in request]
    if len(given) != 1:
        raise InvalidInput("Give either campaignArn or recommenderArn, and not both")
    [(member, kind)] = given
    return find_backing(context, kind, request[member])


def _read_promotion(
    context: RequestContext, backing: Backing, request: Request
) -> Promotion | None:
    promotions = request.get("promotions", ())
    if not promotions:
        return None
    if not backing.spec.promotes:
        raise InvalidInput(f"{backing.spec.name} takes no promotions")
    [given] = promotions
    for member in ("filterArn", "percentPromotedItems"):
        if member not in given:
            raise InvalidInput(f"A promotion needs {member}")
    return Promotion(
        keep=read_filter(context, backing, request, given, "ItemID"),
        percent=given["percentPromotedItems"],
        name=given.get("name"),
    )
