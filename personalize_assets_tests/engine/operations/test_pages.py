import pytest

from personalize_assets_tests.engine.operations.conftest import World, avro, refused


@pytest.fixture
def schemas(world: World) -> list[str]:
    """Names of 23 schemas, the newest first."""
    names = [f"s{number:02}" for number in range(23)]
    for name in names:
        world.api.create_schema(name=name, schema=avro("Items"))
    return names[::-1]


def names(world: World, **request: object) -> list[str]:
    return [item["name"] for item in world.api.list_schemas(**request)["schemas"]]


def test_pages__20_by_default_newest_first(world: World, schemas: list[str]) -> None:
    first = world.api.list_schemas()
    assert [item["name"] for item in first["schemas"]] == schemas[:20]
    second = world.api.list_schemas(nextToken=first["nextToken"])
    assert [item["name"] for item in second["schemas"]] == schemas[20:]
    assert "nextToken" not in second


@pytest.mark.parametrize("size", [1, 7, 22, 23, 100])
def test_pages__by_botocores_paginator(world: World, schemas: list[str], size: int) -> None:
    pages = world.api.get_paginator("list_schemas").paginate(PaginationConfig={"PageSize": size})
    found = [[item["name"] for item in page["schemas"]] for page in pages]
    assert [name for page in found for name in page] == schemas
    assert [len(page) for page in found[:-1]] == [size] * (len(found) - 1)


def test_pages__what_is_made_meanwhile_disturbs_nothing(world: World, schemas: list[str]) -> None:
    first = world.api.list_schemas(maxResults=10)
    world.api.create_schema(name="new", schema=avro("Items"))
    world.api.delete_schema(schemaArn=first["schemas"][-1]["schemaArn"])
    second = world.api.list_schemas(maxResults=100, nextToken=first["nextToken"])
    assert [item["name"] for item in second["schemas"]] == schemas[10:]


@pytest.mark.parametrize("token", ["x", "", "e30=", "WzEsMl0=", "bnVsbA==", "WyJhIiwgMV0="])
def test_pages__made_up_token(world: World, token: str) -> None:
    with refused("InvalidNextToken", "The nextToken is not valid: pass the one from the page bef"):
        world.api.list_schemas(nextToken=token)


def test_pages__token_of_another_list(world: World, schemas: list[str]) -> None:
    token = world.api.list_schemas(maxResults=1)["nextToken"]
    with refused("InvalidNextToken", "The nextToken is not valid"):
        world.api.list_dataset_groups(nextToken=token)
    elsewhere = world.engine.backend.client("personalize", region="eu-west-1")
    with refused("InvalidNextToken", "The nextToken is not valid"):
        elsewhere.list_schemas(nextToken=token)


def test_pages__token_of_another_parent(world: World) -> None:
    one, two = world.group("one"), world.group("two")
    for name in ("a", "b"):
        world.solution(one, name=name)
    token = world.api.list_solutions(datasetGroupArn=one, maxResults=1)["nextToken"]
    for request in ({"datasetGroupArn": two}, {}):
        with refused("InvalidNextToken", "The nextToken is not valid"):
            world.api.list_solutions(nextToken=token, **request)
    rest = world.api.list_solutions(datasetGroupArn=one, nextToken=token)["solutions"]
    assert [item["name"] for item in rest] == ["a"]


@pytest.mark.parametrize("size", [0, 101])
def test_pages__sizes_that_are_not_allowed(world: World, size: int) -> None:
    client = world.engine.backend.client("personalize", validate=False)
    with refused("InvalidInput", "at 'maxResults' failed to satisfy constraint"):
        client.list_solutions(maxResults=size)
