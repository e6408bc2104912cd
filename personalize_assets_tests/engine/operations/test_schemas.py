import json

from personalize_assets.core.arns import Kind, make_arn
from personalize_assets.core.names import MAX_SCHEMAS
from personalize_assets.engine.store import Resource
from personalize_assets_tests.engine.operations.conftest import FIELDS, World, avro, refused

UNKNOWN = make_arn(Kind.SCHEMA, "us-east-1", "123456789012", "unknown")


def test_create_schema__is_usable_at_once_and_has_no_status(world: World) -> None:
    text = avro("Items")
    arn = world.api.create_schema(name="items", schema=text)["schemaArn"]
    assert arn == "arn:aws:personalize:us-east-1:123456789012:schema/items"
    schema = world.api.describe_schema(schemaArn=arn)["schema"]
    assert schema["schema"] == text
    assert set(schema) == {
        "name",
        "schemaArn",
        "schema",
        "creationDateTime",
        "lastUpdatedDateTime",
    }
    [summary] = world.api.list_schemas()["schemas"]
    assert set(summary) == set(schema) - {"schema"}


def test_create_schema__of_a_domain(world: World) -> None:
    arn = world.schema("Interactions", domain="ECOMMERCE")
    assert world.api.describe_schema(schemaArn=arn)["schema"]["domain"] == "ECOMMERCE"


def test_create_schema__name_is_taken(world: World) -> None:
    world.api.create_schema(name="items", schema=avro("Items"))
    with refused("ResourceAlreadyExists", "schema/items already exists."):
        world.api.create_schema(name="items", schema=avro("Items"))


def test_create_schema__no_json(world: World) -> None:
    with refused("InvalidInput", "The schema is not valid: the schema is not JSON"):
        world.api.create_schema(name="items", schema="sth")


def test_create_schema__rules_of_the_domain(world: World) -> None:
    fields = [field for field in FIELDS["Interactions"] if field["name"] != "EVENT_TYPE"]
    with refused("InvalidInput", "lacks the required fields EVENT_TYPE"):
        world.api.create_schema(
            name="i", schema=avro("Interactions", fields), domain="VIDEO_ON_DEMAND"
        )


def test_create_schema__longer_than_20000_characters(world: World) -> None:
    padded = json.loads(avro("Items")) | {"doc": "x" * 20_000}
    with refused("InvalidInput", "less than or equal to 20000"):
        world.api.create_schema(name="items", schema=json.dumps(padded))


def test_create_schema__one_more_than_allowed(world: World) -> None:
    now = world.engine.clock()
    with world.engine.store.transaction():
        for number in range(MAX_SCHEMAS):
            arn = make_arn(Kind.SCHEMA, "us-east-1", "123456789012", f"s{number}")
            world.engine.store.resources.insert(
                Resource(arn, Kind.SCHEMA, "123456789012", "us-east-1", f"s{number}", now, now)
            )
    with refused("LimitExceeded", "There are 500 in this account and region, the most is 500"):
        world.api.create_schema(name="items", schema=avro("Items"))


def test_describe_schema__unknown(world: World) -> None:
    with refused("ResourceNotFound", f"The given schema does not exist: {UNKNOWN}"):
        world.api.describe_schema(schemaArn=UNKNOWN)


def test_delete_schema__is_gone_at_once(world: World) -> None:
    arn = world.schema()
    world.api.delete_schema(schemaArn=arn)
    with refused("ResourceNotFound", "The given schema does not exist"):
        world.api.describe_schema(schemaArn=arn)


def test_delete_schema__in_use(world: World) -> None:
    schema = world.schema()
    dataset = world.dataset(world.group(), schema=schema)
    with refused("ResourceInUse", f"cannot be deleted: the dataset {dataset} depends on it"):
        world.api.delete_schema(schemaArn=schema)
    assert world.api.describe_schema(schemaArn=schema)["schema"]["schemaArn"] == schema


def test_delete_schema__unknown(world: World) -> None:
    with refused("ResourceNotFound", "The given schema does not exist"):
        world.api.delete_schema(schemaArn=UNKNOWN)
