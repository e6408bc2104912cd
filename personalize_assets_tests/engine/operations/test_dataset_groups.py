from personalize_assets.core.arns import Kind, make_arn
from personalize_assets_tests.engine.operations.conftest import World, refused

UNKNOWN = make_arn(Kind.DATASET_GROUP, "us-east-1", "123456789012", "unknown")


def test_create_dataset_group__goes_from_pending_to_active(world: World) -> None:
    answer = world.api.create_dataset_group(name="movies")
    assert answer["datasetGroupArn"] == (
        "arn:aws:personalize:us-east-1:123456789012:dataset-group/movies"
    )
    assert "domain" not in answer
    arn = answer["datasetGroupArn"]
    group = world.api.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"]
    assert group["status"] == "CREATE PENDING"
    assert set(group) == {
        "name",
        "datasetGroupArn",
        "status",
        "creationDateTime",
        "lastUpdatedDateTime",
    }
    world.run()
    later = world.api.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"]
    assert later["status"] == "ACTIVE"
    assert later["lastUpdatedDateTime"] > group["lastUpdatedDateTime"]
    assert later["creationDateTime"] == group["creationDateTime"]


def test_create_dataset_group__shows_what_was_given(world: World) -> None:
    given = {
        "domain": "ECOMMERCE",
        "roleArn": "arn:aws:iam::123456789012:role/Keys",
        "kmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/abc",
    }
    answer = world.api.create_dataset_group(name="shop", **given)
    assert answer["domain"] == "ECOMMERCE"
    group = world.api.describe_dataset_group(datasetGroupArn=answer["datasetGroupArn"])
    assert {name: group["datasetGroup"][name] for name in given} == given
    assert world.api.list_dataset_groups()["datasetGroups"][0]["domain"] == "ECOMMERCE"


def test_create_dataset_group__name_is_taken(world: World) -> None:
    arn = world.group("movies")
    with refused("ResourceAlreadyExists", f"Another resource with Arn {arn} already exists."):
        world.api.create_dataset_group(name="movies")


def test_create_dataset_group__sixth(world: World) -> None:
    for number in range(5):
        world.group(f"group-{number}")
    with refused("LimitExceeded", "There are 5 in this account and region, the most is 5"):
        world.api.create_dataset_group(name="one-more")


def test_create_dataset_group__limits_and_names_are_per_account_and_region(world: World) -> None:
    for number in range(5):
        world.group(f"group-{number}")
    backend = world.engine.backend
    elsewhere = backend.client("personalize", region="eu-west-1")
    other = backend.client("personalize", access_key="210987654321")
    assert ":eu-west-1:" in elsewhere.create_dataset_group(name="group-0")["datasetGroupArn"]
    assert ":210987654321:" in other.create_dataset_group(name="group-0")["datasetGroupArn"]
    assert len(elsewhere.list_dataset_groups()["datasetGroups"]) == 1
    assert len(world.api.list_dataset_groups()["datasetGroups"]) == 5


def test_describe_dataset_group__unknown(world: World) -> None:
    with refused("ResourceNotFound", f"The given dataset group does not exist: {UNKNOWN}"):
        world.api.describe_dataset_group(datasetGroupArn=UNKNOWN)


def test_describe_dataset_group__of_another_account(world: World) -> None:
    arn = world.group()
    other = world.engine.backend.client("personalize", access_key="210987654321")
    with refused("ResourceNotFound", f"The given dataset group does not exist: {arn}"):
        other.describe_dataset_group(datasetGroupArn=arn)


def test_describe_dataset_group__arn_of_something_else(world: World) -> None:
    arn = world.schema()
    with refused("InvalidInput", "is the ARN of a schema; that of a dataset group is needed"):
        world.api.describe_dataset_group(datasetGroupArn=arn)


def test_delete_dataset_group__stays_for_one_look(world: World) -> None:
    arn = world.group()
    world.api.delete_dataset_group(datasetGroupArn=arn)
    world.run()
    group = world.api.describe_dataset_group(datasetGroupArn=arn)["datasetGroup"]
    assert group["status"] == "DELETE PENDING"
    world.run()
    with refused("ResourceNotFound", f"The given dataset group does not exist: {arn}"):
        world.api.describe_dataset_group(datasetGroupArn=arn)
    assert world.group("movies") == arn


def test_delete_dataset_group__goes_by_itself_after_a_while(world: World) -> None:
    arn = world.group()
    world.api.delete_dataset_group(datasetGroupArn=arn)
    world.run()
    with refused("ResourceAlreadyExists", "already exists"):
        world.api.create_dataset_group(name="movies")
    world.engine.clock.advance(6)
    world.run()
    assert world.group("movies") == arn


def test_delete_dataset_group__twice_is_no_fault(world: World) -> None:
    arn = world.group()
    world.api.delete_dataset_group(datasetGroupArn=arn)
    world.api.delete_dataset_group(datasetGroupArn=arn)


def test_delete_dataset_group__unknown(world: World) -> None:
    with refused("ResourceNotFound", "The given dataset group does not exist"):
        world.api.delete_dataset_group(datasetGroupArn=UNKNOWN)


def test_delete_dataset_group__while_it_is_made(world: World) -> None:
    arn = world.api.create_dataset_group(name="movies")["datasetGroupArn"]
    with refused("ResourceInUse", "cannot be deleted while its status is CREATE PENDING"):
        world.api.delete_dataset_group(datasetGroupArn=arn)


def test_delete_dataset_group__with_a_dataset(world: World) -> None:
    group = world.group()
    dataset = world.dataset(group)
    with refused("ResourceInUse", f"cannot be deleted: the dataset {dataset} depends on it"):
        world.api.delete_dataset_group(datasetGroupArn=group)


def test_delete_dataset_group__with_a_solution(world: World) -> None:
    group = world.group()
    solution = world.solution(group)
    with refused("ResourceInUse", f"cannot be deleted: the solution {solution} depends on it"):
        world.api.delete_dataset_group(datasetGroupArn=group)
