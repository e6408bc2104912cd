"""PutEvents: what users do with items, one by one."""

from dataclasses import replace
from typing import Any

from personalize_assets.core.arns import Kind, make_arn, parse_arn
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.data.incoming import make_event
from personalize_assets.engine.data.properties import PropertiesError
from personalize_assets.engine.data.sources import schema_of
from personalize_assets.engine.errors import InvalidInput
from personalize_assets.engine.jobs.states import ACTIVE
from personalize_assets.engine.operations.access import Request, atomic
from personalize_assets.engine.operations.registry import operation
from personalize_assets.engine.operations.tracking import long_id
from personalize_assets.engine.store import Event, Resource


@operation("personalize-events", "PutEvents")
@atomic
def put_events(context: RequestContext, request: Request) -> dict[str, Any]:
    """Keep up to ten events of a session; acknowledged when they are on disk.

    An event whose id was seen before is dropped without a word, and so is one that equals another
    of the same user in time and content. The rate is not limited.
    """
    dataset = _dataset(context, _tracker(context, request["trackingId"]))
    schema = schema_of(context.store, dataset)
    events: list[Event] = []
    for position, sent in enumerate(request["eventList"], start=1):
        try:
            event = make_event(
                sent,
                schema,
                session_id=request["sessionId"],
                user_id=request.get("userId"),
                event_id=long_id(context.new_id),
            )
        except PropertiesError as error:
            raise InvalidInput(f"Event {position} of eventList cannot be taken: {error}") from error
        shown = context.serving.shown.of(event.recommendation_id)
        events.append(replace(event, shown="|".join(shown) or None))
    context.store.events.add(dataset.arn, events, context.clock())
    return {}


def _tracker(context: RequestContext, tracking_id: str) -> Resource:
    # Only InvalidInputException is declared, also for what does not exist.
    for tracker in context.store.resources.find(
        Kind.EVENT_TRACKER, account=context.account, region=context.region
    ):
        if tracker.body["trackingId"] == tracking_id:
            if tracker.status == ACTIVE:
                return tracker
            raise InvalidInput(
                f"The event tracker must be ACTIVE, but its status is {tracker.status}: "
                f"{tracker.arn}"
            )
    raise InvalidInput(
        f"No event tracker has the tracking id {tracking_id} in account {context.account} and "
        f"region {context.region}"
    )


def _dataset(context: RequestContext, tracker: Resource) -> Resource:
    group = parse_arn(str(tracker.group_arn)).name
    arn = make_arn(Kind.DATASET, context.region, context.account, group, "INTERACTIONS")
    dataset = context.store.resources.get(arn)
    if dataset is None:
        raise InvalidInput(
            f"PutEvents needs an Interactions dataset, which the dataset group "
            f"{tracker.group_arn} does not have"
        )
    if dataset.status != ACTIVE:
        raise InvalidInput(
            f"The Interactions dataset must be ACTIVE, but its status is {dataset.status}: {arn}"
        )
    return dataset
