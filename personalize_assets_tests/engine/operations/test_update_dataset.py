from typing import Any

import pytest

from personalize_assets.engine.jobs.update_schema import columns_added_since
from personalize_assets_tests.engine.operations.conftest import FIELDS, World, avro, refused

PRICE = {"name": "PRICE", "type": ["float", "null"]}
NEW = avro("Items", [*FIELDS["Items"], PRICE])
ITEMS = "ITEM_ID,GENRES,YEAR\n1,Comedy,1995\n"


@pytest.fixture
def items(world: World) -> str:
    return world.dataset(world.group(), "Items")


def update(world: World, dataset: str, schema: str) -> str:
    return world.api.update_dataset(datasetArn=dataset, schemaArn=schema)["datasetArn"]


def shown(world: World, dataset: str) -> dict[str, Any]:
    return world.api.describe_dataset(datasetArn=dataset)["dataset"]


def test_update_dataset__goes_to_active_with_the_new_schema(world: World, items: str) -> None:
    old, new = shown(world, items)["schemaArn"], world.schema("Items", NEW)
    assert "latestDatasetUpdate" not in shown(world, items)
    assert update(world, items, new) == items
    found = shown(world, items)
    assert (found["status"], found["schemaArn"]) == ("UPDATE PENDING", old)
    assert found["latestDatasetUpdate"]["status"] == "UPDATE PENDING"
    assert found["latestDatasetUpdate"]["schemaArn"] == new
    world.run()
    found = shown(world, items)
    assert (found["status"], found["schemaArn"]) == ("ACTIVE", new)
    summary = found["latestDatasetUpdate"]
    assert (summary["status"], summary["schemaArn"]) == ("ACTIVE", new)
    assert summary["creationDateTime"] < summary["lastUpdatedDateTime"]
    assert "failureReason" not in summary


def test_update_dataset__imports_take_the_new_column(world: World, items: str) -> None:
    world.import_text(items, ITEMS, "one")
    update(world, items, world.schema("Items", NEW))
    world.run()
    job = world.import_text(
        items, "ITEM_ID,GENRES,YEAR,PRICE\n2,Drama,1996,2.5\n", "two", importMode="INCREMENTAL"
    )
    assert job["status"] == "ACTIVE", job
    assert [(row["ITEM_ID"], row["PRICE"]) for row in world.rows(items)] == [
        ("1", None),
        ("2", 2.5),
    ]
    job = world.import_text(items, ITEMS, "three")
    assert "is missing the following columns:[PRICE]" in job["failureReason"]


def test_update_dataset__twice(world: World, items: str) -> None:
    start = world.engine.clock()
    update(world, items, world.schema("Items", NEW))
    world.run()
    between = world.engine.clock()
    more = [*FIELDS["Items"], PRICE, {"name": "TITLE", "type": ["string", "null"]}]
    second = world.schema("Items", avro("Items", more))
    update(world, items, second)
    world.run()
    assert shown(world, items)["latestDatasetUpdate"]["schemaArn"] == second
    store, group = world.engine.store, shown(world, items)["datasetGroupArn"]
    assert columns_added_since(store, group, start) == {"ITEMS": ("PRICE", "TITLE")}
    assert columns_added_since(store, group, between) == {"ITEMS": ("TITLE",)}


def test_update_dataset__of_another_type_than_items_and_users(world: World) -> None:
    dataset = world.dataset(world.group())
    with refused("InvalidInput", "Only the schemas of Items and Users datasets can be replaced"):
        update(world, dataset, world.schema("Interactions"))


def test_update_dataset__drops_a_field(world: World, items: str) -> None:
    fewer = world.schema("Items", avro("Items", FIELDS["Items"][:2]))
    with refused("InvalidInput", "the new schema lacks the field 'YEAR'; all must be kept"):
        update(world, items, fewer)


def test_update_dataset__schema_of_another_type(world: World, items: str) -> None:
    with refused("InvalidInput", "named 'Users', but a schema of ITEMS is needed"):
        update(world, items, world.schema("Users"))


def test_update_dataset__schema_of_a_domain(world: World, items: str) -> None:
    fields = [
        {"name": "ITEM_ID", "type": "string"},
        {"name": "PRICE", "type": "float"},
        {"name": "CATEGORY_L1", "type": "string", "categorical": True},
    ]
    schema = world.schema("Items", avro("Items", fields), domain="ECOMMERCE")
    with refused("InvalidInput", "the schema is of ECOMMERCE, the dataset of no domain"):
        update(world, items, schema)


def test_update_dataset__unknown(world: World, items: str) -> None:
    schema = world.schema("Items", NEW)
    with refused("ResourceNotFound", "The given dataset does not exist"):
        update(world, items.replace("ITEMS", "USERS"), schema)
    with refused("ResourceNotFound", "The given schema does not exist"):
        update(world, items, schema + "x")
    with refused("InvalidInput", "is the ARN of a dataset; that of a schema is needed"):
        update(world, items, items)


def test_update_dataset__not_active_yet(world: World) -> None:
    group = world.group()
    arn = world.api.create_dataset(
        name="d", schemaArn=world.schema("Items"), datasetGroupArn=group, datasetType="Items"
    )["datasetArn"]
    with refused("ResourceInUse", "must be ACTIVE, but its status is CREATE PENDING"):
        update(world, arn, world.schema("Items", NEW))


def test_update_dataset__nothing_else_meanwhile(world: World, items: str) -> None:
    new = world.schema("Items", NEW)
    update(world, items, new)
    with refused("ResourceInUse", "must be ACTIVE, but its status is UPDATE PENDING"):
        update(world, items, new)
    with refused("ResourceInUse", "must be ACTIVE, but its status is UPDATE PENDING"):
        world.start_import(items, "s3://bucket/items.csv")
    with refused("ResourceInUse", "cannot be deleted while its status is UPDATE PENDING"):
        world.api.delete_dataset(datasetArn=items)
    with refused("ResourceInUse", f"the dataset {items} depends on it"):
        world.api.delete_schema(schemaArn=new)
    world.run()
    world.api.delete_dataset(datasetArn=items)


def test_update_dataset__frees_the_old_schema(world: World, items: str) -> None:
    old = shown(world, items)["schemaArn"]
    update(world, items, world.schema("Items", NEW))
    with refused("ResourceInUse", f"the dataset {items} depends on it"):
        world.api.delete_schema(schemaArn=old)
    world.run()
    world.api.delete_schema(schemaArn=old)


def test_update_dataset__while_it_is_imported_into(world: World, items: str) -> None:
    new, job = world.schema("Items", NEW), world.start_import(items, "s3://nowhere/x.csv")
    with refused("ResourceInUse", f"import job {job} has the status CREATE PENDING"):
        update(world, items, new)
    world.run()
    assert world.import_job(job)["status"] == "CREATE FAILED"
    update(world, items, new)
