"""GetPersonalizedRanking: given items in a user's order."""

from typing import Any

from personalize_assets.core.arns import Kind
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.errors import InvalidInput
from personalize_assets.engine.operations.access import Request
from personalize_assets.engine.operations.registry import operation
from personalize_assets.engine.operations.runtime_requests import (
    check_operation,
    check_required,
    find_backing,
    read_filter,
    read_metadata,
    show_items,
)


@operation("personalize-runtime", "GetPersonalizedRanking")
def get_personalized_ranking(context: RequestContext, request: Request) -> dict[str, Any]:
    """Rank items. Those that come twice are ranked once."""
    backing = find_backing(context, Kind.CAMPAIGN, request["campaignArn"])
    check_operation(backing, "PERSONALIZED_RANKING")
    check_required(backing, request, ("userId", "inputList"))
    live = context.serving.live(backing, may_wait=context.may_wait)
    wanted = read_metadata(backing, live, request)
    items: list[str] = request["inputList"]
    if len(items) > wanted.most:
        raise InvalidInput(f"inputList can have {wanted.most} items{wanted.why}, got {len(items)}")
    keep = read_filter(context, backing, request, request, "ItemID")
    answerer = context.serving.items(backing)
    state = context.serving.state  # before events are read, so that none is missed
    served = answerer.rank(live, request["userId"], items, keep, state, request.get("context", {}))
    context.serving.note_answer(backing, live)
    return {
        "personalizedRanking": show_items(served, wanted, live),
        "recommendationId": context.serving.recommendation_id(backing),
    }
