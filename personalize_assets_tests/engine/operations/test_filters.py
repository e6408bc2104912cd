from typing import Any

import pytest

from personalize_assets.core.arns import Kind, make_arn
from personalize_assets.core.names import MAX_FIELDS_OF_ALL_FILTERS, MAX_FILTERS_PER_GROUP
from personalize_assets.engine.store import Resource
from personalize_assets_tests.engine.operations.conftest import World, avro, refused

SEEN = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")'
UNKNOWN = make_arn(Kind.FILTER, "us-east-1", "123456789012", "unknown")


def group_with_data(world: World, name: str = "movies") -> str:
    group = world.group(name)
    for kind in ("Interactions", "Items", "Users"):
        world.dataset(group, kind)
    return group


def make(world: World, group: str, expression: str = SEEN, name: str = "seen", **more: Any) -> str:
    arn = world.api.create_filter(
        name=name, datasetGroupArn=group, filterExpression=expression, **more
    )["filterArn"]
    world.run()
    return arn


def insert(world: World, kind: Kind, name: str, group: str, **more: Any) -> str:
    """Put a resource into the store that no operation made."""
    now = world.engine.clock()
    parts = (name, "0a") if kind is Kind.SOLUTION_VERSION else (name,)
    arn = make_arn(kind, "us-east-1", "123456789012", *parts)
    with world.engine.store.transaction():
        world.engine.store.resources.insert(
            Resource(
                arn, kind, "123456789012", "us-east-1", name, now, now, group_arn=group, **more
            )
        )
    return arn


def test_create_filter__becomes_active_and_keeps_the_expression_as_written(world: World) -> None:
    group = group_with_data(world)
    text = "exclude itemId where interactions.event_type in ('watch')"
    arn = world.api.create_filter(name="seen", datasetGroupArn=group, filterExpression=text)[
        "filterArn"
    ]
    assert arn == "arn:aws:personalize:us-east-1:123456789012:filter/seen"
    assert world.api.describe_filter(filterArn=arn)["filter"]["status"] == "CREATE PENDING"
    world.run()
    found = world.api.describe_filter(filterArn=arn)["filter"]
    assert set(found) == {
        "name",
        "filterArn",
        "creationDateTime",
        "lastUpdatedDateTime",
        "datasetGroupArn",
        "filterExpression",
        "status",
    }
    assert (found["filterExpression"], found["status"]) == (text, "ACTIVE")


def test_list_filters__of_a_group_under_a_capitalized_key(world: World) -> None:
    group, other = group_with_data(world), group_with_data(world, "shop")
    arn = make(world, group)
    make(world, other, name="other")
    [summary] = world.api.list_filters(datasetGroupArn=group)["Filters"]
    assert set(summary) == {
        "name",
        "filterArn",
        "creationDateTime",
        "lastUpdatedDateTime",
        "datasetGroupArn",
        "status",
    }
    assert summary["filterArn"] == arn
    assert len(world.api.list_filters()["Filters"]) == 2


def test_list_filters__pages(world: World) -> None:
    group = group_with_data(world)
    arns = [make(world, group, name=f"f{number}") for number in range(3)]
    first = world.api.list_filters(datasetGroupArn=group, maxResults=2)
    rest = world.api.list_filters(datasetGroupArn=group, maxResults=2, nextToken=first["nextToken"])
    found = [item["filterArn"] for item in first["Filters"] + rest["Filters"]]
    assert found == arns[::-1]
    assert "nextToken" not in rest


def test_create_filter__name_is_taken(world: World) -> None:
    group = group_with_data(world)
    make(world, group)
    with refused("ResourceAlreadyExists", "filter/seen already exists."):
        make(world, group)


def test_create_filter__tags(world: World) -> None:
    tag = {"tagKey": "team", "tagValue": "tv"}
    arn = make(world, group_with_data(world), tags=[tag])
    assert world.api.list_tags_for_resource(resourceArn=arn)["tags"] == [tag]
    with refused("TooManyTags", "50"):
        many = [{"tagKey": f"k{n}", "tagValue": ""} for n in range(51)]
        make(world, group_with_data(world, "more"), name="more", tags=many)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            "EXCLUDE ItemID WHERE Items.GENRES NOT IN ($GENRE)",
            "Could not create filter. Invalid input symbol: $GENRE. Placeholders are not allowed "
            "with NOT_IN operator.",
        ),
        (
            "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN",
            "Could not create filter. Invalid Expression at character 48: expected values in "
            "parentheses or CurrentItem, got the end",
        ),
        (
            'INCLUDE ItemID WHERE Items.GENRE IN ("Drama")',
            "Could not create filter. Invalid Expression at character 22: the Items dataset has no "
            "field GENRE; its fields are ITEM_ID, GENRES, YEAR",
        ),
        (
            "INCLUDE ActionID WHERE Actions.PRICE > 3",
            "the dataset group has no Actions dataset",
        ),
    ],
)
def test_create_filter__bad_expression(world: World, expression: str, message: str) -> None:
    group = group_with_data(world)
    with refused("InvalidInput", message):
        make(world, group, expression)
    assert world.api.list_filters()["Filters"] == []


def test_create_filter__boolean_field(world: World) -> None:
    group = world.group()
    fields = [
        {"name": "ITEM_ID", "type": "string"},
        {"name": "YEAR", "type": "int"},
        {"name": "ADULT", "type": "boolean"},
    ]
    world.dataset(group, "Items", world.schema(text=avro("Items", fields)))
    with refused("InvalidInput", "Could not create filter. Invalid Expression at character 22"):
        make(world, group, 'INCLUDE ItemID WHERE Items.ADULT IN ("true")')


def test_create_filter__longer_than_2500_characters(world: World) -> None:
    text = f'EXCLUDE ItemID WHERE Items.GENRES IN ("{"x" * 2500}")'
    with refused("InvalidInput", "less than or equal to 2500"):
        make(world, group_with_data(world), text)


def test_create_filter__dataset_is_being_deleted(world: World) -> None:
    group = group_with_data(world)
    world.set_status(f"{group.replace('dataset-group', 'dataset')}/ITEMS", "DELETE PENDING")
    with refused("InvalidInput", "the dataset group has no Items dataset"):
        make(world, group, "INCLUDE ItemID WHERE Items.YEAR > 1990")


def test_create_filter__group_is_not_active(world: World) -> None:
    group = world.api.create_dataset_group(name="movies")["datasetGroupArn"]
    with refused("InvalidInput", "must be ACTIVE, but its status is CREATE PENDING"):
        make(world, group)


@pytest.mark.parametrize(
    ("arn", "code", "message"),
    [
        (UNKNOWN, "InvalidInput", "that of a dataset group is needed"),
        (
            "arn:aws:personalize:us-east-1:123456789012:dataset-group/none",
            "ResourceNotFound",
            "The given dataset group does not exist",
        ),
        (
            "arn:aws:personalize:us-east-1:999999999999:dataset-group/movies",
            "ResourceNotFound",
            "The given dataset group does not exist",
        ),
    ],
)
def test_create_filter__wrong_group(world: World, arn: str, code: str, message: str) -> None:
    world.group()
    with refused(code, message):
        make(world, arn)


def test_create_filter__one_more_than_allowed(world: World) -> None:
    group = group_with_data(world)
    for number in range(MAX_FILTERS_PER_GROUP):
        insert(world, Kind.FILTER, f"f{number}", group, body={"filterExpression": SEEN})
    with refused("LimitExceeded", "The dataset group has 30, the most is 30."):
        make(world, group)


def test_create_filter__fields_of_all_filters(world: World) -> None:
    group = world.group()
    fields: list[dict[str, Any]] = [{"name": "ITEM_ID", "type": "string"}]
    fields += [{"name": f"F{n}", "type": "int"} for n in range(MAX_FIELDS_OF_ALL_FILTERS + 1)]
    world.dataset(group, "Items", world.schema(text=avro("Items", fields)))

    def tests(first: int, last: int) -> str:
        return " AND ".join(f"Items.F{n} > 0" for n in range(first, last + 1))

    make(world, group, f"INCLUDE ItemID WHERE {tests(0, 9)}", "first")
    make(world, group, f"INCLUDE ItemID WHERE {tests(10, 19)}", "second")
    make(world, group, f"EXCLUDE ItemID WHERE {tests(5, 14)}", "same-fields")
    with refused("LimitExceeded", "use 21 distinct dataset fields, the most is 20"):
        make(world, group, "EXCLUDE ItemID WHERE Items.F20 > 0", "one-more")
    with refused("InvalidInput", "the filter uses 11 distinct dataset fields, the most is 10"):
        make(world, group, f"INCLUDE ItemID WHERE {tests(0, 10)}", "too-wide")


def test_describe_filter__unknown(world: World) -> None:
    with refused("ResourceNotFound", f"The given filter does not exist: {UNKNOWN}"):
        world.api.describe_filter(filterArn=UNKNOWN)
    group = world.group()
    with refused("InvalidInput", "that of a filter is needed"):
        world.api.describe_filter(filterArn=group)


def test_delete_filter__is_gone_after_a_look(world: World) -> None:
    arn = make(world, group_with_data(world))
    world.api.delete_filter(filterArn=arn)
    assert world.api.describe_filter(filterArn=arn)["filter"]["status"] == "DELETE PENDING"
    world.run()
    with refused("ResourceNotFound", "The given filter does not exist"):
        world.api.describe_filter(filterArn=arn)


def test_delete_filter__unknown(world: World) -> None:
    with refused("ResourceNotFound", "The given filter does not exist"):
        world.api.delete_filter(filterArn=UNKNOWN)


def test_delete_filter__still_being_made(world: World) -> None:
    arn = world.api.create_filter(
        name="seen", datasetGroupArn=group_with_data(world), filterExpression=SEEN
    )["filterArn"]
    with refused("ResourceInUse", "while its status is CREATE PENDING"):
        world.api.delete_filter(filterArn=arn)


@pytest.mark.parametrize("kind", [Kind.BATCH_INFERENCE_JOB, Kind.BATCH_SEGMENT_JOB])
def test_delete_filter__used_by_a_batch_job(world: World, kind: Kind) -> None:
    group = group_with_data(world)
    arn, free = make(world, group), make(world, group, name="free")
    job = insert(world, kind, "job", group, status="CREATE IN_PROGRESS", body={"filterArn": arn})
    world.api.delete_filter(filterArn=free)
    with refused("ResourceInUse", f"the {kind.words} {job} depends on it"):
        world.api.delete_filter(filterArn=arn)
    world.set_status(job, "ACTIVE")
    world.api.delete_filter(filterArn=arn)


def test_dataset__stays_while_the_group_has_a_filter(world: World) -> None:
    group = group_with_data(world)
    arn = make(world, group)
    dataset = f"{group.replace('dataset-group', 'dataset')}/USERS"
    with refused("ResourceInUse", f"the filter {arn} depends on it"):
        world.api.delete_dataset(datasetArn=dataset)
    with refused("ResourceInUse", f"the filter {arn} depends on it"):
        world.api.delete_dataset_group(datasetGroupArn=group)
