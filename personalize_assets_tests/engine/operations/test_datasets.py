import pytest

from personalize_assets_tests.engine.operations.conftest import FIELDS, World, avro, refused


@pytest.mark.parametrize(
    ("given", "kind", "tail"),
    [
        ("Interactions", "Interactions", "INTERACTIONS"),
        ("ITEMS", "Items", "ITEMS"),
        ("users", "Users", "USERS"),
        ("Actions", "Actions", "ACTIONS"),
    ],
)
def test_create_dataset__type_in_any_case(world: World, given: str, kind: str, tail: str) -> None:
    group = world.group()
    schema = world.schema(kind)
    arn = world.api.create_dataset(
        name="d", schemaArn=schema, datasetGroupArn=group, datasetType=given
    )["datasetArn"]
    assert arn == f"arn:aws:personalize:us-east-1:123456789012:dataset/movies/{tail}"
    dataset = world.api.describe_dataset(datasetArn=arn)["dataset"]
    assert dataset["status"] == "CREATE PENDING"
    world.run()
    dataset = world.api.describe_dataset(datasetArn=arn)["dataset"]
    assert {name: dataset[name] for name in dataset if "DateTime" not in name} == {
        "name": "d",
        "datasetArn": arn,
        "datasetGroupArn": group,
        "datasetType": tail,
        "schemaArn": schema,
        "status": "ACTIVE",
    }


def test_create_dataset__group_is_not_active_yet(world: World) -> None:
    group = world.api.create_dataset_group(name="movies")["datasetGroupArn"]
    schema = world.schema()
    with refused("ResourceInUse", "must be ACTIVE, but its status is CREATE PENDING"):
        world.api.create_dataset(
            name="d", schemaArn=schema, datasetGroupArn=group, datasetType="Interactions"
        )


def test_create_dataset__unknown_group(world: World) -> None:
    schema = world.schema()
    unknown = "arn:aws:personalize:us-east-1:123456789012:dataset-group/x"
    with refused("ResourceNotFound", f"The given dataset group does not exist: {unknown}"):
        world.api.create_dataset(
            name="d", schemaArn=schema, datasetGroupArn=unknown, datasetType="Interactions"
        )


def test_create_dataset__unknown_schema(world: World) -> None:
    unknown = "arn:aws:personalize:us-east-1:123456789012:schema/x"
    group = world.group()
    with refused("ResourceNotFound", f"The given schema does not exist: {unknown}"):
        world.api.create_dataset(
            name="d", schemaArn=unknown, datasetGroupArn=group, datasetType="Interactions"
        )


def test_create_dataset__one_per_type(world: World) -> None:
    group = world.group()
    world.dataset(group)
    with refused("ResourceAlreadyExists", "dataset/movies/INTERACTIONS already exists."):
        world.dataset(group)
    world.dataset(group, "Items")


def test_create_dataset__unknown_type(world: World) -> None:
    group, schema = world.group(), world.schema()
    with refused("InvalidInput", "'Movies' is no dataset type; the types are Interactions, Items"):
        world.api.create_dataset(
            name="d", schemaArn=schema, datasetGroupArn=group, datasetType="Movies"
        )


def test_create_dataset__schema_of_another_type(world: World) -> None:
    group, schema = world.group(), world.schema("Items")
    with refused("InvalidInput", "named 'Items', but a schema of USERS is needed"):
        world.dataset(group, "Users", schema)


def test_create_dataset__domains_must_agree(world: World) -> None:
    custom, shop = world.group("custom"), world.group("shop", domain="ECOMMERCE")
    plain, domain = world.schema(), world.schema(domain="ECOMMERCE")
    with refused("InvalidInput", "the schema is of no domain, the group of ECOMMERCE"):
        world.dataset(shop, schema=plain)
    with refused("InvalidInput", "the schema is of ECOMMERCE, the group of no domain"):
        world.dataset(custom, schema=domain)
    assert world.dataset(shop, schema=domain)


def test_create_dataset__actions_only_in_custom_groups(world: World) -> None:
    shop, schema = world.group("shop", domain="ECOMMERCE"), world.schema("Actions")
    with refused("InvalidInput", "Only custom dataset groups have ACTIONS datasets"):
        world.dataset(shop, "Actions", schema)


def test_create_dataset__one_schema_for_many(world: World) -> None:
    schema = world.schema("Interactions", avro("interactions", FIELDS["Interactions"]))
    assert world.dataset(world.group("one"), schema=schema)
    assert world.dataset(world.group("two"), schema=schema)


def test_list_datasets__of_a_group(world: World) -> None:
    one, two = world.group("one"), world.group("two")
    items = world.dataset(one, "Items")
    world.dataset(two, "Users")
    [summary] = world.api.list_datasets(datasetGroupArn=one)["datasets"]
    assert summary["datasetArn"] == items
    assert set(summary) == {
        "name",
        "datasetArn",
        "datasetType",
        "status",
        "creationDateTime",
        "lastUpdatedDateTime",
    }
    assert len(world.api.list_datasets()["datasets"]) == 2


def test_list_datasets__of_an_unknown_group(world: World) -> None:
    world.dataset(world.group())
    unknown = "arn:aws:personalize:us-east-1:123456789012:dataset-group/x"
    assert world.api.list_datasets(datasetGroupArn=unknown)["datasets"] == []


def test_list_datasets__of_something_that_is_no_group(world: World) -> None:
    schema = world.schema()
    with refused("InvalidInput", "is the ARN of a schema; that of a dataset group is needed"):
        world.api.list_datasets(datasetGroupArn=schema)


def test_delete_dataset__takes_data_and_import_jobs_along(world: World) -> None:
    group = world.filled_group()
    [dataset] = [item["datasetArn"] for item in world.api.list_datasets()["datasets"]]
    [job] = world.api.list_dataset_import_jobs(datasetArn=dataset)["datasetImportJobs"]
    world.api.delete_dataset(datasetArn=dataset)
    shown = world.api.describe_dataset(datasetArn=dataset)["dataset"]
    assert shown["status"] == "DELETE PENDING"
    world.run()
    with refused("ResourceNotFound", f"The given dataset does not exist: {dataset}"):
        world.api.describe_dataset(datasetArn=dataset)
    with refused("ResourceNotFound", "The given dataset import job does not exist"):
        world.import_job(job["datasetImportJobArn"])
    assert world.engine.store.sweep(temporary=False) == 1
    assert world.dataset(group) == dataset


def test_delete_dataset__shows_delete_in_progress(world: World) -> None:
    dataset = world.dataset(world.group())
    world.api.delete_dataset(datasetArn=dataset)
    world.run()
    shown = world.api.describe_dataset(datasetArn=dataset)["dataset"]
    assert shown["status"] == "DELETE IN_PROGRESS"


def test_delete_dataset__while_it_is_imported_into(world: World) -> None:
    dataset = world.dataset(world.group())
    job = world.start_import(dataset, "s3://nowhere/x.csv")
    with refused("ResourceInUse", f"the dataset import job {job} depends on it"):
        world.api.delete_dataset(datasetArn=dataset)


def test_delete_dataset__while_a_version_is_trained(world: World) -> None:
    group = world.group()
    dataset = world.dataset(group)
    solution = world.solution(group)
    version = world.api.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    with refused("ResourceInUse", f"the solution version {version} depends on it"):
        world.api.delete_dataset(datasetArn=dataset)


def test_delete_dataset__refuses_new_imports_meanwhile(world: World) -> None:
    dataset = world.dataset(world.group())
    world.api.delete_dataset(datasetArn=dataset)
    with refused("ResourceInUse", "must be ACTIVE, but its status is DELETE PENDING"):
        world.start_import(dataset, "s3://nowhere/x.csv")


def test_delete_dataset__of_an_event_tracker(world: World) -> None:
    group = world.group()
    world.dataset(group)
    tracker = world.api.create_event_tracker(name="t", datasetGroupArn=group)["eventTrackerArn"]
    world.run()
    dataset = f"{group.replace('dataset-group', 'dataset')}/EVENT_INTERACTIONS"
    schema = world.api.describe_dataset(datasetArn=dataset)["dataset"]["schemaArn"]
    with refused("ResourceInUse", f"the event tracker {tracker} depends on it"):
        world.api.delete_dataset(datasetArn=dataset)
    with refused("InvalidInput", "import into the Interactions dataset of the group instead"):
        world.start_import(dataset, "s3://bucket/x.csv")
    with refused("InvalidInput", "Only the schemas of Items and Users datasets"):
        world.api.update_dataset(datasetArn=dataset, schemaArn=schema)
    world.api.delete_event_tracker(eventTrackerArn=tracker)
    world.api.describe_event_tracker(eventTrackerArn=tracker)
    world.run()
    with refused("ResourceInUse", f"the dataset {dataset} depends on it"):
        world.api.delete_schema(schemaArn=schema)
    world.api.delete_dataset(datasetArn=dataset)
    world.api.describe_dataset(datasetArn=dataset)
    world.run()
    world.api.delete_schema(schemaArn=schema)


@pytest.mark.parametrize("kind", ["Interactions", "Items", "Users", "Actions"])
def test_delete_dataset__filters_of_the_group_first(world: World, kind: str) -> None:
    group = world.group()
    dataset = world.dataset(group, kind)
    if kind != "Items":
        world.dataset(group, "Items")
    arn = world.api.create_filter(
        name="f",
        datasetGroupArn=group,
        filterExpression='INCLUDE ItemID WHERE Items.GENRES IN ("Comedy")',
    )["filterArn"]
    with refused("ResourceInUse", f"the filter {arn} depends on it"):
        world.api.delete_dataset(datasetArn=dataset)


def test_delete_dataset__of_another_account(world: World) -> None:
    dataset = world.dataset(world.group())
    other = world.engine.backend.client("personalize", access_key="210987654321")
    with refused("ResourceNotFound", f"The given dataset does not exist: {dataset}"):
        other.delete_dataset(datasetArn=dataset)
    with refused("InvalidInput", "is the ARN of a schema; that of a dataset is needed"):
        world.api.delete_dataset(datasetArn=world.schema())
