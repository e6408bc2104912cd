"""GetActionRecommendations: actions that a user will most likely take."""

from typing import Any

from personalize_assets.core.arns import Kind
from personalize_assets.core.names import DEFAULT_ACTIONS, MAX_ACTIONS
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
)


@operation("personalize-runtime", "GetActionRecommendations")
def get_action_recommendations(context: RequestContext, request: Request) -> dict[str, Any]:
    """Recommend actions. What an import says of expiry counts at once, not within two hours."""
    if "campaignArn" not in request:
        raise InvalidInput("campaignArn is required")
    backing = find_backing(context, Kind.CAMPAIGN, request["campaignArn"])
    check_operation(backing, "PERSONALIZED_ACTIONS")
    check_required(backing, request, ("userId",))
    live = context.serving.live(backing, may_wait=context.may_wait)
    served = context.serving.actions(backing).recommend(
        live,
        request["userId"],
        read_count(request, DEFAULT_ACTIONS, MAX_ACTIONS),
        read_filter(context, backing, request, request, "ActionID"),
        context.clock(),
    )
    context.serving.note_answer(backing, live)
    return {
        "actionList": [{"actionId": item.action_id, "score": item.score} for item in served],
        "recommendationId": context.serving.recommendation_id(backing),
    }
