import json
import uuid
from typing import Any

import pytest

from personalize_assets.engine.data import describe_group, read_action_interactions
from personalize_assets_tests.engine.operations.conftest import World, avro, refused

TIME = 1_700_000_000
FIELDS: list[dict[str, Any]] = [
    {"name": "USER_ID", "type": "string"},
    {"name": "ACTION_ID", "type": "string"},
    {"name": "EVENT_TYPE", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
    {"name": "CHANNEL", "type": ["string", "null"], "categorical": True},
    {"name": "RECOMMENDATION_ID", "type": ["string", "null"]},
]


@pytest.fixture
def dataset(world: World) -> str:
    """An empty dataset of action interactions."""
    schema = world.schema("ActionInteractions", avro("ActionInteractions", FIELDS))
    return world.dataset(world.group(), "Action_Interactions", schema)


def tracking_id(world: World, dataset: str) -> str:
    return world.api.describe_dataset(datasetArn=dataset)["dataset"]["trackingId"]


def put(world: World, tracking: str, *events: dict[str, Any]) -> None:
    """Send action interactions of user u; each gets an action, a type and a time."""
    plain = {
        "actionId": "x",
        "userId": "u",
        "sessionId": "s",
        "timestamp": TIME,
        "eventType": "Taken",
    }
    world.engine.events.put_action_interactions(
        trackingId=tracking, actionInteractions=[plain | event for event in events]
    )


def rows(world: World) -> list[dict[str, Any]]:
    [group] = world.api.list_dataset_groups()["datasetGroups"]
    sources = describe_group(world.engine.store, group["datasetGroupArn"])
    table = read_action_interactions(sources)
    return [] if table is None else table.to_pylist()


def test_create_dataset__of_action_interactions_has_a_tracking_id(
    world: World, dataset: str
) -> None:
    found = tracking_id(world, dataset)
    assert str(uuid.UUID(found)) == found
    [group] = world.api.list_dataset_groups()["datasetGroups"]
    items = world.dataset(group["datasetGroupArn"], "Items")
    assert "trackingId" not in world.api.describe_dataset(datasetArn=items)["dataset"]


def test_put_action_interactions__land_in_their_columns(world: World, dataset: str) -> None:
    put(
        world,
        tracking_id(world, dataset),
        {"recommendationId": "RID-1", "properties": json.dumps({"channel": "mail"})},
        {"eventType": "Not Taken", "eventId": "1", "impression": ["x"]},
        {"eventType": "VIEWED", "eventId": "1"},
        {"eventType": "not_taken", "actionId": "y"},
        {"sessionId": "anonymous"},
    )
    assert [tuple(row.values()) for row in rows(world)] == [
        ("u", "x", "Taken", TIME, "mail", "RID-1"),
        ("u", "x", "Not Taken", TIME, None, None),
        ("u", "y", "not_taken", TIME, None, None),
        ("u", "x", "Taken", TIME, None, None),
    ]


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"eventType": "Bought"}, "is Taken, Not Taken or Viewed, got 'Bought'"),
        ({"timestamp": TIME * 60}, "timestamp must be in seconds since 1970-01-01"),
        ({"properties": '{"actionId": "x"}'}, '"actionId" may not be among the properties'),
        ({"properties": '{"colour": "x"}'}, "the properties may have channel"),
        ({"properties": "x"}, "the properties are not JSON"),
    ],
)
def test_put_action_interactions__refuses(
    world: World, dataset: str, event: dict[str, Any], message: str
) -> None:
    with refused("InvalidInput", message):
        put(world, tracking_id(world, dataset), {}, event)
    assert rows(world) == []


def test_put_action_interactions__tracker_cannot_be_used(world: World, dataset: str) -> None:
    with refused("ResourceNotFound", "No Action interactions dataset has the tracking id x"):
        put(world, "x", {})
    found = tracking_id(world, dataset)
    abroad = world.engine.backend.client("personalize-events", region="eu-west-1")
    with refused("ResourceNotFound", "region eu-west-1"):
        abroad.put_action_interactions(
            trackingId=found,
            actionInteractions=[
                {"actionId": "x", "sessionId": "s", "timestamp": TIME, "eventType": "Taken"}
            ],
        )
    world.set_status(dataset, "DELETE PENDING")
    with refused("ResourceInUse", "must be ACTIVE, but its status is DELETE PENDING"):
        put(world, found, {})


def test_put_action_interactions__an_event_tracker_is_another_thing(
    world: World, dataset: str
) -> None:
    [group] = world.api.list_dataset_groups()["datasetGroups"]
    made = world.api.create_event_tracker(name="t", datasetGroupArn=group["datasetGroupArn"])
    world.run()
    with refused("ResourceNotFound", "No Action interactions dataset has the tracking id"):
        put(world, made["trackingId"], {})
