import json
import uuid

import pytest

from personalize_assets_tests.engine.operations.conftest import World, refused

GROUP = "arn:aws:personalize:us-east-1:123456789012:dataset-group/movies"
EVENTS = "arn:aws:personalize:us-east-1:123456789012:dataset/movies/EVENT_INTERACTIONS"


def test_create_event_tracker__becomes_active_and_can_be_described(world: World) -> None:
    group = world.group()
    made = world.api.create_event_tracker(name="clicks", datasetGroupArn=group)
    arn, tracking_id = made["eventTrackerArn"], made["trackingId"]
    head, tail = arn.split("event-tracker/")
    assert head == "arn:aws:personalize:us-east-1:123456789012:"
    assert len(tail) == 8
    assert int(tail, 16) >= 0
    assert str(uuid.UUID(tracking_id)) == tracking_id
    shown = world.api.describe_event_tracker(eventTrackerArn=arn)["eventTracker"]
    assert shown["status"] == "CREATE PENDING"
    world.run()
    shown = world.api.describe_event_tracker(eventTrackerArn=arn)["eventTracker"]
    assert {name: shown[name] for name in shown if "DateTime" not in name} == {
        "name": "clicks",
        "eventTrackerArn": arn,
        "accountId": "123456789012",
        "trackingId": tracking_id,
        "datasetGroupArn": group,
        "status": "ACTIVE",
    }


def test_create_event_tracker__one_per_group(world: World) -> None:
    one, two = world.group("one"), world.group("two")
    world.api.create_event_tracker(name="t", datasetGroupArn=one)
    with refused("ResourceAlreadyExists", "A dataset group can have one event tracker; "):
        world.api.create_event_tracker(name="other", datasetGroupArn=one)
    assert world.api.create_event_tracker(name="t", datasetGroupArn=two)


@pytest.mark.parametrize(
    ("arn", "code", "message"),
    [
        (GROUP, "ResourceNotFound", "The given dataset group does not exist"),
        (GROUP.replace("-group", "") + "/ITEMS", "InvalidInput", "is the ARN of a dataset;"),
        (GROUP.replace("123456789012", "9" * 12), "ResourceNotFound", "does not exist"),
        (GROUP.replace("us-east-1", "eu-west-1"), "ResourceNotFound", "does not exist"),
    ],
)
def test_create_event_tracker__group_cannot_be_used(
    world: World, arn: str, code: str, message: str
) -> None:
    with refused(code, message):
        world.api.create_event_tracker(name="t", datasetGroupArn=arn)


def test_create_event_tracker__group_is_not_active(world: World) -> None:
    group = world.api.create_dataset_group(name="movies")["datasetGroupArn"]
    with refused("ResourceInUse", "must be ACTIVE, but its status is CREATE PENDING"):
        world.api.create_event_tracker(name="t", datasetGroupArn=group)


@pytest.mark.parametrize("domain", [{}, {"domain": "ECOMMERCE"}])
def test_create_event_tracker__brings_a_dataset_with_a_schema(
    world: World, domain: dict[str, str]
) -> None:
    group = world.group(**domain)
    world.api.create_event_tracker(name="t", datasetGroupArn=group)
    world.run()
    [listed] = world.api.list_datasets(datasetGroupArn=group)["datasets"]
    assert listed["datasetArn"] == EVENTS
    assert (listed["datasetType"], listed["status"]) == ("EVENT_INTERACTIONS", "ACTIVE")
    shown = world.api.describe_dataset(datasetArn=EVENTS)["dataset"]
    schema = world.api.describe_schema(schemaArn=shown["schemaArn"])["schema"]
    assert schema.get("domain") == domain.get("domain")
    names = [field["name"] for field in json.loads(schema["schema"])["fields"]]
    assert {"USER_ID", "ITEM_ID", "EVENT_TYPE", "TIMESTAMP"} < set(names)


def test_delete_event_tracker__its_dataset_stays_and_is_used_again(world: World) -> None:
    group = world.group()
    first = world.api.create_event_tracker(name="t", datasetGroupArn=group)["eventTrackerArn"]
    with refused("ResourceInUse", "cannot be deleted while its status is CREATE PENDING"):
        world.api.delete_event_tracker(eventTrackerArn=first)
    world.run()
    world.api.delete_event_tracker(eventTrackerArn=first)
    world.api.delete_event_tracker(eventTrackerArn=first)
    shown = world.api.describe_event_tracker(eventTrackerArn=first)["eventTracker"]
    assert shown["status"] == "DELETE PENDING"
    world.run()
    with refused("ResourceNotFound", "The given event tracker does not exist"):
        world.api.describe_event_tracker(eventTrackerArn=first)
    assert world.api.create_event_tracker(name="t", datasetGroupArn=group)
    assert len(world.api.list_datasets(datasetGroupArn=group)["datasets"]) == 1


def test_delete_event_tracker__then_dataset_and_schema_can_go(world: World) -> None:
    group = world.group()
    tracker = world.api.create_event_tracker(name="t", datasetGroupArn=group)["eventTrackerArn"]
    world.run()
    world.api.delete_event_tracker(eventTrackerArn=tracker)
    world.engine.clock.advance(6)
    world.run()
    schema = world.api.describe_dataset(datasetArn=EVENTS)["dataset"]["schemaArn"]
    world.api.delete_dataset(datasetArn=EVENTS)
    world.engine.clock.advance(6)
    world.run()
    world.api.delete_schema(schemaArn=schema)
    world.api.delete_dataset_group(datasetGroupArn=group)


def test_delete_dataset_group__takes_the_dataset_of_the_tracker_along(world: World) -> None:
    group = world.group()
    tracker = world.api.create_event_tracker(name="t", datasetGroupArn=group)["eventTrackerArn"]
    world.run()
    with refused("ResourceInUse", "the event tracker "):
        world.api.delete_dataset_group(datasetGroupArn=group)
    world.api.delete_event_tracker(eventTrackerArn=tracker)
    world.engine.clock.advance(6)
    world.run()
    world.api.delete_dataset_group(datasetGroupArn=group)
    world.engine.clock.advance(6)
    world.run()
    assert world.api.list_datasets()["datasets"] == []
    assert world.api.list_schemas()["schemas"] == []
    assert world.api.list_dataset_groups()["datasetGroups"] == []


def test_list_event_trackers__of_a_group_and_of_all(world: World) -> None:
    one, two = world.group("one"), world.group("two")
    first = world.api.create_event_tracker(name="a", datasetGroupArn=one)["eventTrackerArn"]
    second = world.api.create_event_tracker(name="b", datasetGroupArn=two)["eventTrackerArn"]
    [summary] = world.api.list_event_trackers(datasetGroupArn=one)["eventTrackers"]
    assert {name: summary[name] for name in summary if "DateTime" not in name} == {
        "name": "a",
        "eventTrackerArn": first,
        "status": "CREATE PENDING",
    }
    everything = world.api.list_event_trackers()["eventTrackers"]
    assert [each["eventTrackerArn"] for each in everything] == [second, first]
