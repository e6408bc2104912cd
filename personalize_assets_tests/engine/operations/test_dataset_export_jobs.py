from typing import Any

import pytest

from personalize_assets.engine.jobs.export_data import ExportData
from personalize_assets.engine.jobs.registry import KINDS
from personalize_assets_tests.engine.operations.conftest import (
    ROLE,
    World,
    avro,
    interactions_csv,
    refused,
)

ITEMS = 'ITEM_ID,GENRES,YEAR\n1,"Comedy|Drama",1995\n2,,\n'


@pytest.fixture
def items(world: World) -> str:
    return world.dataset(world.group(), "Items")


def start(world: World, dataset: str, name: str = "export", **more: Any) -> str:
    request: dict[str, Any] = {
        "jobName": name,
        "datasetArn": dataset,
        "roleArn": ROLE,
        "jobOutput": {"s3DataDestination": {"path": f"s3://{world.bucket}/out/"}},
    }
    return world.api.create_dataset_export_job(**request | more)["datasetExportJobArn"]


def shown(world: World, arn: str) -> dict[str, Any]:
    return world.api.describe_dataset_export_job(datasetExportJobArn=arn)["datasetExportJob"]


def export(world: World, dataset: str, mode: str, name: str = "export") -> list[str]:
    """The lines of the one file that an export makes."""
    arn = start(world, dataset, name, ingestionMode=mode)
    world.run()
    assert shown(world, arn)["status"] == "ACTIVE", shown(world, arn)
    return world.get(f"out/{name}-part-00000.csv").splitlines()


def put_item(world: World, dataset: str, item: str, properties: str) -> None:
    world.engine.events.put_items(
        datasetArn=dataset, items=[{"itemId": item, "properties": properties}]
    )


def test_create_dataset_export_job__goes_to_active(world: World, items: str) -> None:
    arn = start(world, items, "first")
    assert arn == "arn:aws:personalize:us-east-1:123456789012:dataset-export-job/first"
    assert shown(world, arn)["status"] == "CREATE PENDING"
    world.run()
    job = shown(world, arn)
    assert {name: job[name] for name in job if "DateTime" not in name} == {
        "jobName": "first",
        "datasetExportJobArn": arn,
        "datasetArn": items,
        "ingestionMode": "PUT",
        "roleArn": ROLE,
        "jobOutput": {"s3DataDestination": {"path": f"s3://{world.bucket}/out/"}},
        "status": "ACTIVE",
    }


def test_export__imported_records(world: World, items: str) -> None:
    world.import_text(items, ITEMS)
    assert export(world, items, "BULK") == [
        "ITEM_ID,GENRES,YEAR",
        '"1","Comedy|Drama",1995',
        '"2",,',
    ]
    assert export(world, items, "PUT", "put") == ["ITEM_ID,GENRES,YEAR"]


def test_export__newest_of_each_id_or_every_version(world: World, items: str) -> None:
    world.import_text(items, ITEMS)
    put_item(world, items, "2", '{"genres": "Horror"}')
    put_item(world, items, "3", '{"year": 2001}')
    put_item(world, items, "3", '{"year": 2002}')
    put_item(world, items, "3", '{"year": 2002}')
    assert export(world, items, "ALL", "all") == [
        "ITEM_ID,GENRES,YEAR",
        '"1","Comedy|Drama",1995',
        '"2","Horror",',
        '"3",,2002',
    ]
    assert export(world, items, "PUT", "put")[1:] == ['"2","Horror",', '"3",,2001', '"3",,2002']
    assert export(world, items, "BULK", "bulk")[1:] == ['"1","Comedy|Drama",1995', '"2",,']


def test_export__later_import_replaces_an_older_record(world: World, items: str) -> None:
    put_item(world, items, "1", '{"genres": "Horror"}')
    world.engine.clock.advance(60)
    world.import_text(items, ITEMS)
    assert export(world, items, "ALL")[1:] == ['"1","Comedy|Drama",1995', '"2",,']


def test_export__can_be_imported_again(world: World) -> None:
    fields = [
        {"name": "item_id", "type": "string"},
        {"name": "Title", "type": ["null", "string"]},
        {"name": "PRICE", "type": ["float", "null"]},
    ]
    schema = world.schema("Items", avro("Items", fields))
    one = world.dataset(world.group("one"), "Items", schema)
    text = 'ITEM_ID,TITLE,PRICE\n1,"say \\"hi\\", \\\\",0.1\n"a,b",Größe,1e20\n3,,-0.0\n'
    world.import_text(one, text, "first")
    lines = export(world, one, "ALL")
    assert lines[0] == "item_id,Title,PRICE"
    assert lines[1] == '"1","say \\"hi\\", \\\\",0.1'
    two = world.dataset(world.group("two"), "Items", schema)
    job = world.start_import(two, f"s3://{world.bucket}/out/export-part-00000.csv", "second")
    world.run()
    assert world.import_job(job)["status"] == "ACTIVE", world.import_job(job)
    assert world.rows(two) == world.rows(one)


def test_export__line_ends_in_values_become_spaces(world: World, items: str) -> None:
    put_item(world, items, "1", '{"genres": "one\\r\\ntwo"}')
    assert export(world, items, "PUT")[1:] == ['"1","one two",']


def test_export__interactions(world: World) -> None:
    dataset = world.dataset(world.group())
    world.import_text(dataset, interactions_csv())
    lines = export(world, dataset, "ALL")
    assert lines[:2] == [
        "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP",
        '"u0","i0","click",2,1600000000',
    ]
    assert len(lines) == 1 + 1_440


def test_export__several_files(world: World, items: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "export", ExportData(rows_per_file=1))
    world.import_text(items, ITEMS)
    path = {"s3DataDestination": {"path": f"s3://{world.bucket}/deep/er"}}
    start(world, items, "e", ingestionMode="BULK", jobOutput=path)
    world.run()
    assert world.get("deep/er/e-part-00000.csv").splitlines()[1:] == ['"1","Comedy|Drama",1995']
    assert world.get("deep/er/e-part-00001.csv").splitlines() == ["ITEM_ID,GENRES,YEAR", '"2",,']


def test_export__bucket_is_missing(world: World, items: str) -> None:
    arn = start(world, items, jobOutput={"s3DataDestination": {"path": "s3://nowhere/out/"}})
    world.run()
    job = shown(world, arn)
    assert job["status"] == "CREATE FAILED"
    assert job["failureReason"].startswith("Invalid S3 output path: s3://nowhere/out/")


def test_create_dataset_export_job__dataset_is_deleted_meanwhile(world: World, items: str) -> None:
    job = start(world, items)
    with refused("ResourceInUse", f"the dataset export job {job} depends on it"):
        world.api.delete_dataset(datasetArn=items)
    world.run()
    world.api.delete_dataset(datasetArn=items)
    with refused("ResourceInUse", "must be ACTIVE, but its status is DELETE PENDING"):
        start(world, items, "second")
    world.api.describe_dataset(datasetArn=items)
    world.run()
    with refused("ResourceNotFound", "The given dataset export job does not exist"):
        shown(world, job)


def test_create_dataset_export_job__actions(world: World) -> None:
    actions = world.dataset(world.group(), "Actions")
    with refused("InvalidInput", "Only Interactions, Items and Users datasets can be exported"):
        start(world, actions)


def test_create_dataset_export_job__output_is_not_in_s3(world: World, items: str) -> None:
    for path in ("https://bucket/out/", "s3://bucket"):
        with refused("InvalidInput", "Invalid S3 output path: "):
            start(world, items, jobOutput={"s3DataDestination": {"path": path}})


def test_create_dataset_export_job__unknown_dataset(world: World) -> None:
    group = world.group()
    with refused("ResourceNotFound", "The given dataset does not exist"):
        start(world, group.replace("dataset-group/movies", "dataset/movies/ITEMS"))
    with refused("InvalidInput", "is the ARN of a dataset group; that of a dataset is needed"):
        start(world, group)


def test_create_dataset_export_job__of_another_account(world: World, items: str) -> None:
    other = world.engine.backend.client("personalize", access_key="210987654321")
    with refused("ResourceNotFound", f"The given dataset does not exist: {items}"):
        other.create_dataset_export_job(
            jobName="e",
            datasetArn=items,
            roleArn=ROLE,
            jobOutput={"s3DataDestination": {"path": "s3://b/o/"}},
        )


def test_create_dataset_export_job__name_is_taken(world: World, items: str) -> None:
    start(world, items)
    with refused("ResourceAlreadyExists", "dataset-export-job/export already exists."):
        start(world, items)


def test_create_dataset_export_job__sixth_at_a_time(world: World, items: str) -> None:
    for number in range(5):
        start(world, items, f"job-{number}")
    with refused("LimitExceeded", "More than 5 resources with PENDING or IN_PROGRESS status."):
        start(world, items, "job-6")


def test_list_dataset_export_jobs__newest_first(world: World, items: str) -> None:
    users = world.dataset(
        world.api.list_dataset_groups()["datasetGroups"][0]["datasetGroupArn"], "Users"
    )
    for number in range(3):
        start(world, items, f"job-{number}")
    start(world, users, "other")
    jobs = world.api.list_dataset_export_jobs(datasetArn=items)["datasetExportJobs"]
    assert [job["jobName"] for job in jobs] == ["job-2", "job-1", "job-0"]
    assert len(world.api.list_dataset_export_jobs()["datasetExportJobs"]) == 4
