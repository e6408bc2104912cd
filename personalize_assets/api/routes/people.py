"""What users do and did: events in, histories out, and who there is."""

import json
import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from personalize_assets.api.answers import (
    EventAnswer,
    HistoryAnswer,
    ItemAnswer,
    MetAnswer,
    UserAnswer,
    UsersAnswer,
)
from personalize_assets.api.calls import Invalid, Unavailable, answer_of
from personalize_assets.api.histories import Met
from personalize_assets.api.refreshing import Refreshed
from personalize_assets.api.requests import EventRequest, HistoryQuery, UsersQuery
from personalize_assets.api.routes.given import REFUSALS, Given
from personalize_assets.api.services import Services

router = APIRouter(tags=["Users"], responses=REFUSALS)

UserId = Annotated[str, Path(min_length=1, max_length=256, description="The user.")]


@router.post("/events", status_code=202, summary="A user did something")
async def events(parts: Given, event: EventRequest) -> EventAnswer:
    """Send an event: a watch or a click changes what the user is recommended next."""
    services = parts.services
    at, event_id = event.at(services.now()), event.event_id or uuid.uuid4().hex
    session = event.session_id or f"api-{event.user_id}"[:256]
    entry: dict[str, Any] = {
        "eventId": event_id,
        "eventType": event.event_type,
        "itemId": event.item_id,
        "sentAt": at,
    }
    optional = {
        "eventValue": event.event_value,
        "recommendationId": event.recommendation_id,
        "impression": event.impression or None,
        "properties": json.dumps(event.properties) if event.properties else None,
    }
    entry |= {name: value for name, value in optional.items() if value is not None}
    request: dict[str, Any] = {"sessionId": session, "eventList": [entry]}
    if event.user_id is not None:
        request["userId"] = event.user_id
    await _send(services, request)
    # Who is known by the session alone is asked for by it.
    services.sent.add(
        event.user_id or session,
        Met(event.item_id, event.event_type, event.event_value, at, sent_here=True),
    )
    item = services.catalogue.value.item(event.item_id)
    return EventAnswer(event_id=event_id, session_id=session, sent_at=at, item=ItemAnswer.of(item))


@router.get("/users/{user_id}/history", summary="What a user did")
async def history(
    parts: Given, user_id: UserId, asked: Annotated[HistoryQuery, Query()]
) -> HistoryAnswer:
    """What a user did, newest first: the cleaned interactions, and events sent through here."""
    services = parts.services
    _require_loaded(services.histories)
    stored = services.histories.value.of(user_id, asked.limit, asked.event_type)
    sent = services.sent.of(user_id, asked.event_type)
    # An event that was imported since is in both.
    there = {(one.item_id, one.event_type, one.at) for one in stored}
    fresh = [one for one in sent if (one.item_id, one.event_type, one.at) not in there]
    met = sorted([*fresh, *stored], key=lambda one: one.at, reverse=True)[: asked.limit]
    items = services.catalogue.value.items([one.item_id for one in met])
    return HistoryAnswer(
        user_id=user_id,
        known_user=services.histories.value.knows(user_id) or bool(sent),
        events=[
            MetAnswer(
                **ItemAnswer.members(item),
                event_type=one.event_type,
                event_value=one.event_value,
                at=one.at,
                sent_here=one.sent_here,
            )
            for one, item in zip(met, items, strict=True)
        ],
    )


@router.get("/users", summary="Users by the beginning of their ids")
async def users(parts: Given, asked: Annotated[UsersQuery, Query()]) -> UsersAnswer:
    """Users whose ids begin so, short ids first."""
    services = parts.services
    _require_loaded(services.histories)
    found = dict(services.histories.value.users_beginning(asked.prefix, asked.limit))
    if len(found) < asked.limit:
        for user, count in services.sent.users_beginning(asked.prefix):
            found.setdefault(user, count)
    listed = [UserAnswer(user_id=user, events=count) for user, count in found.items()]
    return UsersAnswer(users=listed[: asked.limit])


async def _send(services: Services, request: dict[str, Any]) -> None:
    client: Any = services.clients.personalize_events
    for last in (False, True):
        tracking_id = await services.resources.tracking_id()
        try:
            answer_of(
                await services.calls.run(
                    lambda known=tracking_id: client.put_events(trackingId=known, **request)
                )
            )
        except Invalid:
            # The tracker may be another since we looked.
            services.resources.forget_tracker()
            if last or await services.resources.tracking_id() == tracking_id:
                raise
        else:
            return


def _require_loaded(histories: Refreshed[Any]) -> None:
    """Histories must be known.

    Raises:
        Unavailable: They are not, or not yet.
    """
    if histories.state == "loaded":
        return
    said = {
        "loading": f"{histories.uri} is being read",
        "absent": f"there is no {histories.uri} yet: run `make run`",
        "failed": f"{histories.uri} cannot be read: {histories.problem}",
    }
    raise Unavailable(
        "histories_unknown", f"what users did is not known: {said[histories.state]}", 10
    )
