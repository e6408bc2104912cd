from typing import Any

import pytest

from personalize_assets.core.arns import Kind, make_arn
from personalize_assets_tests.engine.operations.conftest import World, refused


def tag(key: str, value: str = "v") -> dict[str, str]:
    return {"tagKey": key, "tagValue": value}


def tags_of(world: World, arn: str) -> dict[str, str]:
    found = world.api.list_tags_for_resource(resourceArn=arn)["tags"]
    return {item["tagKey"]: item["tagValue"] for item in found}


def test_create__with_tags(world: World) -> None:
    arn = world.group(tags=[tag("team", "films"), tag("a", "")])
    assert tags_of(world, arn) == {"a": "", "team": "films"}
    assert "tags" not in world.api.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"]


def test_tag_resource__adds_and_replaces(world: World) -> None:
    arn = world.group(tags=[tag("a", "1"), tag("b", "2")])
    world.api.tag_resource(resourceArn=arn, tags=[tag("b", "3"), tag("B", "4")])
    assert tags_of(world, arn) == {"a": "1", "b": "3", "B": "4"}
    world.api.untag_resource(resourceArn=arn, tagKeys=["a", "never"])
    assert tags_of(world, arn) == {"b": "3", "B": "4"}


def test_tags__of_every_kind_that_is_built(world: World) -> None:
    group = world.group()
    schema = world.schema("Items")
    dataset = world.api.create_dataset(
        name="d",
        schemaArn=schema,
        datasetGroupArn=group,
        datasetType="Items",
        tags=[tag("made")],
    )["datasetArn"]
    world.run()
    solution = world.solution(group, tags=[tag("made")])
    version = world.version(solution, tags=[tag("made")])
    world.set_status(version, "ACTIVE")
    job = world.start_import(dataset, "s3://bucket/x.csv", tags=[tag("made")])
    batch = world.start_batch(version, tags=[tag("made")])
    for arn in (dataset, solution, version, job, batch):
        world.api.tag_resource(resourceArn=arn, tags=[tag("later")])
        assert tags_of(world, arn) == {"later": "v", "made": "v"}


def test_tags__go_with_the_resource(world: World) -> None:
    arn = world.group(tags=[tag("old")])
    world.api.delete_dataset_group(datasetGroupArn=arn)
    world.engine.clock.advance(10)
    world.run()
    assert tags_of(world, world.group()) == {}


@pytest.mark.parametrize(
    ("tags", "code", "message"),
    [
        ([tag("a"), tag("a")], "InvalidInput", "Each tag key may be given once"),
        ([tag("aws:x")], "InvalidInput", "Tag keys may not begin with aws:, got 'aws:x'"),
        ([tag("AWS:x")], "InvalidInput", "Tag keys may not begin with aws:"),
        ([tag("")], "InvalidInput", "Member must have length greater than or equal to 1"),
        ([tag("x" * 129)], "InvalidInput", "Member must have length less than or equal to 128"),
        ([tag("a", "x" * 257)], "InvalidInput", "Member must have length less than or equal to"),
        ([tag("a?")], "InvalidInput", "Member must satisfy regular expression pattern"),
        ([tag(f"k{n}") for n in range(51)], "TooManyTags", "A resource can have 50 tags"),
    ],
)
def test_tags__refused(world: World, tags: list[dict[str, str]], code: str, message: str) -> None:
    client = world.engine.backend.client("personalize", validate=False)
    with refused(code, message):
        client.create_dataset_group(name="g", tags=tags)
    arn = world.group()
    with refused(code, message):
        client.tag_resource(resourceArn=arn, tags=tags)
    assert tags_of(world, arn) == {}


def test_tag_resource__51_in_all(world: World) -> None:
    arn = world.group(tags=[tag(f"k{number}") for number in range(50)])
    with refused("TooManyTags", f"A resource can have 50 tags; {arn} would have 51"):
        world.api.tag_resource(resourceArn=arn, tags=[tag("one-more")])
    assert len(tags_of(world, arn)) == 50
    world.api.tag_resource(resourceArn=arn, tags=[tag("k1", "changed")])


def test_untag_resource__too_many_keys(world: World) -> None:
    arn = world.group()
    with refused("TooManyTagKeys", "At most 50 tag keys can be removed at once, got 51"):
        world.api.untag_resource(resourceArn=arn, tagKeys=[f"k{number}" for number in range(51)])


CALLS: list[tuple[str, dict[str, Any]]] = [
    ("tag_resource", {"tags": [tag("a")]}),
    ("untag_resource", {"tagKeys": ["a"]}),
    ("list_tags_for_resource", {}),
]


@pytest.mark.parametrize(("call", "request_"), CALLS)
def test_tags__unknown_resource(world: World, call: str, request_: dict[str, Any]) -> None:
    arn = make_arn(Kind.SOLUTION, "us-east-1", "123456789012", "unknown")
    with refused("ResourceNotFound", f"The given solution does not exist: {arn}"):
        getattr(world.api, call)(resourceArn=arn, **request_)


@pytest.mark.parametrize(("call", "request_"), CALLS)
def test_tags__schemas_have_none(world: World, call: str, request_: dict[str, Any]) -> None:
    arn = world.schema()
    with refused("InvalidInput", f"{arn} is the ARN of a schema; that of a batch inference job or"):
        getattr(world.api, call)(resourceArn=arn, **request_)
