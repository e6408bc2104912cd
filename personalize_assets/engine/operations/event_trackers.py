"""Operations on event trackers."""

import json
from typing import Any, Final

from personalize_assets.core.arns import Kind, make_arn
from personalize_assets.core.schemas import NAMESPACE
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.errors import ResourceAlreadyExists, ResourceInUse
from personalize_assets.engine.jobs.states import BEING_DELETED
from personalize_assets.engine.operations.access import (
    Request,
    atomic,
    begin_deletion,
    create,
    require,
    require_active,
    see,
)
from personalize_assets.engine.operations.answers import Family, describe, list_resources
from personalize_assets.engine.operations.registry import operation
from personalize_assets.engine.operations.tracking import new_tracking_id
from personalize_assets.engine.store import Resource

EVENT_DATASET: Final = "EVENT_INTERACTIONS"
"""Type of the dataset that comes into being with a tracker. Its events are in the Interactions
dataset: it only stands there, as clients expect it."""

_FAMILY = Family(Kind.EVENT_TRACKER, "eventTrackerArn")
_EVENT_SCHEMA: Final = {
    "type": "record",
    "name": "Interactions",
    "namespace": NAMESPACE,
    "fields": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "EVENT_TYPE", "type": "string"},
        {"name": "EVENT_VALUE", "type": ["float", "null"]},
        {"name": "IMPRESSION", "type": ["string", "null"]},
        {"name": "RECOMMENDATION_ID", "type": ["string", "null"]},
        {"name": "TIMESTAMP", "type": "long"},
    ],
    "version": "1.0",
}


@operation("personalize", "CreateEventTracker")
@atomic
def create_event_tracker(context: RequestContext, request: Request) -> dict[str, Any]:
    """Make the one tracker of a group, and the dataset of events that AWS makes with it."""
    group = require_active(context, Kind.DATASET_GROUP, request["datasetGroupArn"])
    others = context.store.resources.find(Kind.EVENT_TRACKER, group=group.arn)
    if others:
        raise ResourceAlreadyExists(
            f"A dataset group can have one event tracker; {group.arn} has {others[0].arn}, whose "
            f"status is {others[0].status}"
        )
    tail = context.new_id()
    arn = make_arn(Kind.EVENT_TRACKER, context.region, context.account, tail)
    tracking_id = new_tracking_id(context.new_id)
    create(
        context,
        arn,
        request["name"],
        body={
            "accountId": context.account,
            "trackingId": tracking_id,
            "datasetGroupArn": group.arn,
        },
        tags=request.get("tags", ()),
        parent=group,
        group=group,
    )
    _ensure_event_dataset(context, group, tail)
    return {"eventTrackerArn": arn, "trackingId": tracking_id}


@operation("personalize", "DescribeEventTracker")
def describe_event_tracker(context: RequestContext, request: Request) -> dict[str, Any]:
    """Show a tracker."""
    tracker = require(context, Kind.EVENT_TRACKER, request["eventTrackerArn"])
    return {"eventTracker": describe(_FAMILY, see(context, tracker))}


@operation("personalize", "ListEventTrackers")
def list_event_trackers(context: RequestContext, request: Request) -> dict[str, Any]:
    """List the tracker of a group, or all of the account and region."""
    return list_resources(
        context,
        request,
        _FAMILY,
        "eventTrackers",
        parent_member="datasetGroupArn",
        parent_kind=Kind.DATASET_GROUP,
    )


@operation("personalize", "DeleteEventTracker")
@atomic
def delete_event_tracker(context: RequestContext, request: Request) -> dict[str, Any]:
    """Delete a tracker; the events that came by it and their dataset stay."""
    begin_deletion(context, require(context, Kind.EVENT_TRACKER, request["eventTrackerArn"]))
    return {}


def _ensure_event_dataset(context: RequestContext, group: Resource, tail: str) -> None:
    """Make the dataset of a tracker's events with a schema of its own, unless it is there.

    Raises:
        ResourceInUse: It is there, but not for long.
    """
    arn = make_arn(Kind.DATASET, context.region, context.account, group.name, EVENT_DATASET)
    present = context.store.resources.get(arn)
    if present is not None and present.status in BEING_DELETED:
        raise ResourceInUse(f"The dataset of an earlier event tracker is being deleted: {arn}")
    if present is not None:
        return
    name = f"event-interactions-{tail}"
    schema_arn = make_arn(Kind.SCHEMA, context.region, context.account, name)
    domain = {"domain": group.body["domain"]} if "domain" in group.body else {}
    create(
        context,
        schema_arn,
        name,
        body={"schema": json.dumps(_EVENT_SCHEMA), **domain},
        job=None,
    )
    create(
        context,
        arn,
        name,
        body={
            "datasetGroupArn": group.arn,
            "datasetType": EVENT_DATASET,
            "schemaArn": schema_arn,
        },
        parent=group,
        group=group,
    )
