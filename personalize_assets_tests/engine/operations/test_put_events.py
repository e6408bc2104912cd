import json
from datetime import UTC, datetime
from typing import Any

import pytest

from personalize_assets.engine.data import describe_group, read_interactions
from personalize_assets_tests.engine.operations.conftest import FIELDS, World, avro, refused

TIME = 1_700_000_000


@pytest.fixture
def tracker(world: World) -> str:
    """The tracking id of a group ``movies`` with an empty Interactions dataset."""
    fields = [
        *FIELDS["Interactions"],
        {"name": "NUMBER_OF_RATINGS", "type": ["int", "null"]},
        {"name": "DEVICE", "type": ["string", "null"], "categorical": True},
        {"name": "IMPRESSION", "type": ["string", "null"]},
        {"name": "RECOMMENDATION_ID", "type": ["string", "null"]},
        {"name": "EVENT_ATTRIBUTION_SOURCE", "type": ["string", "null"]},
    ]
    group = world.group()
    world.dataset(group, schema=world.schema("Interactions", avro("Interactions", fields)))
    made = world.api.create_event_tracker(name="t", datasetGroupArn=group)
    world.run()
    return made["trackingId"]


def put(world: World, tracking_id: str, *events: dict[str, Any], **more: Any) -> None:
    """Send events of user u in session s; each gets a type and a time."""
    plain = {"eventType": "click", "sentAt": TIME}
    request = {"trackingId": tracking_id, "sessionId": "s", "userId": "u"} | more
    world.engine.events.put_events(
        **{name: value for name, value in request.items() if value is not None},
        eventList=[plain | event for event in events],
    )


def rows(world: World) -> list[dict[str, Any]]:
    """The interactions that came, without what is null."""
    [group] = world.api.list_dataset_groups()["datasetGroups"]
    table = read_interactions(describe_group(world.engine.store, group["datasetGroupArn"]))
    found = [] if table is None else table.to_pylist()
    return [{name: row[name] for name in row if row[name] is not None} for row in found]


def test_put_events__everything_lands_in_its_column(world: World, tracker: str) -> None:
    put(
        world,
        tracker,
        {
            "itemId": "-7",
            "eventValue": 4.5,
            "sentAt": datetime.fromtimestamp(TIME + 0.9, UTC),
            "eventId": "e1",
            "recommendationId": "RID-1",
            "impression": ["-7", "b"],
            "metricAttribution": {"eventAttributionSource": "ad 1"},
            "properties": json.dumps({"numberOfRatings": "12", "device": "tv"}),
        },
    )
    assert rows(world) == [
        {
            "USER_ID": "u",
            "ITEM_ID": "-7",
            "EVENT_TYPE": "click",
            "EVENT_VALUE": 4.5,
            "TIMESTAMP": TIME,
            "NUMBER_OF_RATINGS": 12,
            "DEVICE": "tv",
            "IMPRESSION": "-7|b",
            "RECOMMENDATION_ID": "RID-1",
            "EVENT_ATTRIBUTION_SOURCE": "ad 1",
        }
    ]


def test_put_events__old_form_and_members_of_their_own(world: World, tracker: str) -> None:
    old = json.dumps({"itemId": "a", "eventValue": "3"})
    put(world, tracker, {"properties": old}, {"properties": old, "itemId": "b", "eventValue": 1.0})
    assert [(row["ITEM_ID"], row["EVENT_VALUE"]) for row in rows(world)] == [("a", 3.0), ("b", 1.0)]


def test_put_events__equal_events_and_equal_ids_count_once(world: World, tracker: str) -> None:
    put(world, tracker, {"itemId": "a"}, {"itemId": "a"}, {"itemId": "a", "sentAt": TIME + 1})
    put(world, tracker, {"itemId": "a", "eventId": "another id"})
    put(world, tracker, {"itemId": "b", "eventId": "1"}, {"itemId": "c", "eventId": "1"})
    put(world, tracker, {"itemId": "a", "properties": '{"device": "tv"}'})
    assert [row["ITEM_ID"] for row in rows(world)] == ["a", "a", "b", "a"]


def test_put_events__sessions_without_user(world: World, tracker: str) -> None:
    put(world, tracker, {"itemId": "a"}, userId=None, sessionId="x")
    put(world, tracker, {"itemId": "b"}, userId=None, sessionId="y")
    assert rows(world) == []
    put(world, tracker, {"itemId": "c"}, userId="late", sessionId="x")
    assert [(row["USER_ID"], row["ITEM_ID"]) for row in rows(world)] == [
        ("late", "a"),
        ("late", "c"),
    ]


def test_put_events__without_an_item_is_taken_and_no_interaction(
    world: World, tracker: str
) -> None:
    put(world, tracker, {"eventType": "search"})
    assert rows(world) == []
    assert world.engine.store.events.newest() == 1


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"properties": "{"}, "the properties are not JSON: "),
        ({"properties": "[1]"}, "the properties must be a JSON object, as a string"),
        ({"properties": '"{}"'}, "the properties must be a JSON object, as a string"),
        ({"properties": '{"userId": "x"}'}, '"userId" may not be among the properties'),
        ({"properties": '{"SESSION_ID": "x"}'}, '"SESSION_ID" may not be among the properties'),
        ({"properties": '{"eventtype": "x"}'}, '"eventtype" may not be among the properties'),
        ({"properties": '{"timestamp": 1}'}, '"timestamp" may not be among the properties'),
        ({"properties": '{"recommendationId": "x"}'}, '"recommendationId" may not be among'),
        ({"properties": '{"impression": "x"}'}, '"impression" may not be among the properties'),
        ({"properties": '{"colour": "x"}'}, '"colour" fits no column of the schema; the propert'),
        ({"properties": '{"colour": "x"}'}, "numberOfRatings, device, eventAttributionSource"),
        ({"properties": '{"numberOfRatings": 1.5}'}, "must be a value of type int for NUMBER_OF_R"),
        ({"properties": '{"numberOfRatings": "x"}'}, 'NUMBER_OF_RATINGS, got "x"'),
        ({"properties": '{"numberOfRatings": true}'}, "NUMBER_OF_RATINGS, got true"),
        ({"properties": '{"numberOfRatings": 3000000000}'}, "is out of the range of NUMBER_OF_RA"),
        ({"properties": '{"numberOfRatings": NaN}'}, "NaN is not a JSON number"),
        ({"properties": '{"device": 1}'}, "must be a value of type string for DEVICE, got 1"),
        ({"properties": '{"device": ["tv"]}'}, 'type string for DEVICE, got ["tv"]'),
        ({"properties": '{"device": {"a": 1}}'}, "type string for DEVICE, got"),
        (
            {"properties": '{"numberOfRatings": 1, "NUMBER_OF_RATINGS": 1}'},
            '"numberOfRatings" and "NUMBER_OF_RATINGS" name the same column',
        ),
        ({"properties": '{"itemId": 7}'}, "must be a value of type string for ITEM_ID, got 7"),
        ({"sentAt": TIME * 60}, "sentAt must be in seconds since 1970-01-01, from 0 to 4102444800"),
        ({"sentAt": -1}, "sentAt must be in seconds since 1970-01-01"),
        ({"impression": ["ü" * 256] * 25}, "an event may have 10000 bytes, this one has 1"),
    ],
)
def test_put_events__refuses(
    world: World, tracker: str, event: dict[str, Any], message: str
) -> None:
    with refused("InvalidInput", message):
        put(world, tracker, {"itemId": "fine"}, {"itemId": "a"} | event)
    assert rows(world) == [], "an event of a refused call was kept"


def test_put_events__says_which_event(world: World, tracker: str) -> None:
    with refused("InvalidInput", "Event 2 of eventList cannot be taken: "):
        put(world, tracker, {}, {"properties": "x"})


def test_put_events__column_that_may_not_be_null(world: World) -> None:
    fields = [*FIELDS["Interactions"], {"name": "SHOP_ID", "type": "string"}]
    group = world.group()
    world.dataset(group, schema=world.schema("Interactions", avro("Interactions", fields)))
    tracking_id = world.api.create_event_tracker(name="t", datasetGroupArn=group)["trackingId"]
    world.run()
    with refused("InvalidInput", "a value is missing of shopId (SHOP_ID): the schema allows no"):
        put(world, tracking_id, {"itemId": "a"})
    with refused("InvalidInput", '"shopId" is null, which the schema does not allow in SHOP_ID'):
        put(world, tracking_id, {"itemId": "a", "properties": '{"shopId": null}'})
    put(world, tracking_id, {"itemId": "a", "properties": '{"shop_id": "7"}'})


def test_put_events__unknown_tracking_id(world: World, tracker: str) -> None:
    with refused("InvalidInput", "No event tracker has the tracking id x in account 123456789012"):
        put(world, "x", {"itemId": "a"})
    abroad = world.engine.backend.client("personalize-events", region="eu-west-1")
    with refused("InvalidInput", "and region eu-west-1"):
        abroad.put_events(
            trackingId=tracker,
            sessionId="s",
            eventList=[{"eventType": "click", "sentAt": TIME}],
        )


def test_put_events__tracker_or_dataset_is_not_ready(world: World) -> None:
    group = world.group()
    made = world.api.create_event_tracker(name="t", datasetGroupArn=group)
    tracking_id = made["trackingId"]
    with refused("InvalidInput", "The event tracker must be ACTIVE, but its status is CREATE PEND"):
        put(world, tracking_id, {"itemId": "a"})
    world.run()
    with refused("InvalidInput", "PutEvents needs an Interactions dataset, which the dataset grou"):
        put(world, tracking_id, {"itemId": "a"})
    world.api.create_dataset(
        name="d",
        schemaArn=world.schema(),
        datasetGroupArn=group,
        datasetType="Interactions",
    )
    with refused("InvalidInput", "The Interactions dataset must be ACTIVE, but its status is CREA"):
        put(world, tracking_id, {"itemId": "a"})
    world.run()
    put(world, tracking_id, {"itemId": "a"})
    world.api.delete_event_tracker(eventTrackerArn=made["eventTrackerArn"])
    with refused("InvalidInput", "The event tracker must be ACTIVE, but its status is DELETE PEND"):
        put(world, tracking_id, {"itemId": "a"})
    assert len(rows(world)) == 1, "the events stay when the tracker goes"


def test_put_events__survives_a_new_engine_on_the_folder(world: World, tracker: str) -> None:
    put(world, tracker, {"itemId": "a"})
    path = world.engine.store.artifacts.root / "control.sqlite3"
    copy = type(world.engine.store).open(path.parent.parent)
    assert copy.events.newest() == 1
    copy.close()


def test_put_events__train_on_events_alone(world: World, tracker: str) -> None:
    for user in range(40):
        for start in (0, 10, 20):
            events = [
                {"itemId": f"i{(user + 3 * step) % 50}", "sentAt": TIME + 60 * step}
                for step in range(start, start + 10)
            ]
            put(world, tracker, *events, userId=f"u{user}", sessionId=f"s{user}")
    [group] = world.api.list_dataset_groups()["datasetGroups"]
    version = world.version(world.solution(group["datasetGroupArn"]))
    shown = world.api.describe_solution_version(solutionVersionArn=version)["solutionVersion"]
    assert shown["status"] == "ACTIVE", shown.get("failureReason")
