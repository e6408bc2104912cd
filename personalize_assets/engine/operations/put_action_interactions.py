"""PutActionInteractions: what users do with actions, one by one."""

from typing import Any

from personalize_assets.core.arns import Kind
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.data.incoming import make_action_event
from personalize_assets.engine.data.properties import PropertiesError
from personalize_assets.engine.data.sources import schema_of
from personalize_assets.engine.errors import InvalidInput, ResourceInUse, ResourceNotFound
from personalize_assets.engine.jobs.states import ACTIVE
from personalize_assets.engine.operations.access import Request, atomic
from personalize_assets.engine.operations.registry import operation
from personalize_assets.engine.operations.tracking import long_id
from personalize_assets.engine.store import Event, Resource


@operation("personalize-events", "PutActionInteractions")
@atomic
def put_action_interactions(context: RequestContext, request: Request) -> dict[str, Any]:
    """Keep up to ten action interactions; acknowledged when they are on disk.

    Event types other than Taken, Not Taken and Viewed are refused; case, spaces and underscores do
    not count.
    """
    dataset = _dataset(context, request["trackingId"])
    schema = schema_of(context.store, dataset)
    events: list[Event] = []
    for position, sent in enumerate(request["actionInteractions"], start=1):
        try:
            events.append(make_action_event(sent, schema, event_id=long_id(context.new_id)))
        except PropertiesError as error:
            raise InvalidInput(
                f"Action interaction {position} of actionInteractions cannot be taken: {error}"
            ) from error
    context.store.events.add(dataset.arn, events, context.clock())
    return {}


def _dataset(context: RequestContext, tracking_id: str) -> Resource:
    for dataset in context.store.resources.find(
        Kind.DATASET, account=context.account, region=context.region
    ):
        if dataset.body.get("trackingId") == tracking_id:
            if dataset.status == ACTIVE:
                return dataset
            raise ResourceInUse(
                f"The Action interactions dataset must be ACTIVE, but its status is "
                f"{dataset.status}: {dataset.arn}"
            )
    raise ResourceNotFound(
        f"No Action interactions dataset has the tracking id {tracking_id} in account "
        f"{context.account} and region {context.region}; DescribeDataset shows it"
    )
