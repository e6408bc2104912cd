import json
from typing import Any

import pytest

from personalize_assets.engine.data import describe_group, read_records
from personalize_assets.engine.data.records import RecordType
from personalize_assets_tests.engine.operations.conftest import FIELDS, World, avro, refused

ITEMS = [
    {"name": "ITEM_ID", "type": "string"},
    {"name": "GENRES", "type": ["null", "string"], "categorical": True},
    {"name": "PLOT", "type": ["null", "string"], "textual": True},
    {"name": "PRICE", "type": "float"},
    {"name": "CREATION_TIMESTAMP", "type": "long"},
]
FULL = {"genres": "Action|Crime", "price": 2.5, "creationTimestamp": 1_700_000_000}


@pytest.fixture
def items(world: World) -> str:
    """An empty Items dataset."""
    return world.dataset(world.group(), "Items", world.schema("Items", avro("Items", ITEMS)))


def put(world: World, dataset: str, **records: Any) -> None:
    """Send items by id; values are properties."""
    sent = [
        {"itemId": name, "properties": text if isinstance(text, str) else json.dumps(text)}
        for name, text in records.items()
    ]
    world.engine.events.put_items(datasetArn=dataset, items=sent)


def rows(world: World, dataset_type: RecordType = "ITEMS") -> list[dict[str, Any]]:
    [group] = world.api.list_dataset_groups()["datasetGroups"]
    sources = describe_group(world.engine.store, group["datasetGroupArn"])
    table = read_records(sources, dataset_type)
    return [] if table is None else table.to_pylist()


def test_put_items__replaces_a_record_whole(world: World, items: str) -> None:
    put(world, items, a=FULL, b=FULL)
    put(world, items, a={"price": "3", "CREATION_TIMESTAMP": 5.0, "plot": "x" * 20_001})
    first, second = rows(world)
    assert first == {
        "ITEM_ID": "a",
        "GENRES": None,
        "PLOT": "x" * 20_000,
        "PRICE": 3.0,
        "CREATION_TIMESTAMP": 5,
    }
    assert second == {
        "ITEM_ID": "b",
        "GENRES": "Action|Crime",
        "PLOT": None,
        "PRICE": 2.5,
        "CREATION_TIMESTAMP": 1_700_000_000,
    }


def test_put_items__stands_beside_imports(world: World, items: str) -> None:
    put(world, items, a=FULL, new=FULL)
    world.engine.clock.advance(1)
    header = "ITEM_ID,GENRES,PLOT,PRICE,CREATION_TIMESTAMP\n"
    job = world.import_text(items, header + "b,,,1,1\na,,,1,1\n")
    assert job["status"] == "ACTIVE", job
    put(world, items, b=FULL)
    assert [(row["ITEM_ID"], row["PRICE"]) for row in rows(world)] == [
        ("b", 2.5),
        ("a", 1.0),
        ("new", 2.5),
    ]


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"price": 1}, "a value is missing of creationTimestamp (CREATION_TIMESTAMP)"),
        ({}, "a value is missing of price (PRICE), creationTimestamp (CREATION_TIMESTAMP)"),
        (FULL | {"price": None}, '"price" is null, which the schema does not allow in PRICE'),
        (FULL | {"price": ""}, '"price" is null, which the schema does not allow in PRICE'),
        (FULL | {"price": "cheap"}, 'must be a value of type float for PRICE, got "cheap"'),
        (FULL | {"genres": "x" * 1_001}, '"genres" has 1001 characters, the most for GENRES is'),
        (FULL | {"colour": "x"}, '"colour" fits no column of the schema; the properties may'),
        (FULL | {"itemId": "a"}, '"itemId" may not be among the properties'),
        (FULL | {"creationTimestamp": 10**12}, "1000000000000 looks like milliseconds"),
        (FULL | {"creationTimestamp": 2**63}, "is out of the range of CREATION_TIMESTAMP, type l"),
    ],
)
def test_put_items__refuses(
    world: World, items: str, properties: dict[str, Any], message: str
) -> None:
    with refused("InvalidInput", message):
        put(world, items, fine=FULL, a=properties)
    assert rows(world) == [], "a record of a refused call was kept"


def test_put_items__without_properties(world: World, items: str) -> None:
    with refused("InvalidInput", "itemId 'a' cannot be taken: a value is missing of price"):
        world.engine.events.put_items(datasetArn=items, items=[{"itemId": "a"}])


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (("/ITEMS", "/USERS"), "ResourceNotFound", "The given dataset does not exist"),
        (("123456789012", "9" * 12), "ResourceNotFound", "The given dataset does not exist"),
        (("us-east-1", "eu-west-1"), "ResourceNotFound", "The given dataset does not exist"),
        (("dataset/movies/ITEMS", "schema/x"), "InvalidInput", "is the ARN of a schema;"),
    ],
)
def test_put_items__dataset_cannot_be_used(
    world: World, items: str, change: tuple[str, str], code: str, message: str
) -> None:
    with refused(code, message):
        put(world, items.replace(*change), a=FULL)


def test_put_items__dataset_is_busy_or_of_another_type(world: World, items: str) -> None:
    with refused("InvalidInput", "is a dataset of ITEMS; one of USERS is needed"):
        world.engine.events.put_users(datasetArn=items, users=[{"userId": "u"}])
    with refused("InvalidInput", "is a dataset of ITEMS; one of ACTIONS is needed"):
        world.engine.events.put_actions(datasetArn=items, actions=[{"actionId": "u"}])
    world.set_status(items, "UPDATE IN_PROGRESS")
    with refused("ResourceInUse", "must be ACTIVE, but its status is UPDATE IN_PROGRESS"):
        put(world, items, a=FULL)


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ('{"value": 11}', '"value" of an action must be from 1 to 10, got 11'),
        ('{"repeatFrequency": 31}', '"repeatFrequency" of an action must be from 0 to 30, got 31'),
    ],
)
def test_put_actions__bounds(world: World, properties: str, message: str) -> None:
    fields = [
        {"name": "ACTION_ID", "type": "string"},
        {"name": "VALUE", "type": ["long", "null"]},
        {"name": "REPEAT_FREQUENCY", "type": ["long", "null"]},
    ]
    schema = world.schema("Actions", avro("Actions", fields))
    dataset = world.dataset(world.group(), "Actions", schema)
    with refused("InvalidInput", message):
        world.engine.events.put_actions(
            datasetArn=dataset, actions=[{"actionId": "x", "properties": properties}]
        )


def test_put_users_and_put_actions__keep_records(world: World) -> None:
    group = world.group()
    users = world.dataset(group, "Users")
    actions = world.dataset(group, "Actions")
    assert [field["name"] for field in FIELDS["Users"]] == ["USER_ID", "AGE"]
    world.engine.events.put_users(
        datasetArn=users,
        users=[{"userId": "u", "properties": '{"age": 30}'}, {"userId": "v"}],
    )
    world.engine.events.put_actions(
        datasetArn=actions, actions=[{"actionId": "x", "properties": '{"price": 1}'}]
    )
    assert rows(world, "USERS") == [{"USER_ID": "u", "AGE": 30}, {"USER_ID": "v", "AGE": None}]
    assert rows(world, "ACTIONS") == [{"ACTION_ID": "x", "PRICE": 1.0}]
