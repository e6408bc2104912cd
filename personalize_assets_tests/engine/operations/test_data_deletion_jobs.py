from typing import Any

import pytest

from personalize_assets.core.arns import Kind
from personalize_assets.engine.jobs import delete_data
from personalize_assets_tests.engine.operations.conftest import (
    ROLE,
    World,
    avro,
    interactions_csv,
    refused,
)

USERS = "USER_ID,AGE\nu1,10\nu2,20\nu3,30\n"
ACTION_FIELDS = [
    {"name": "USER_ID", "type": "string"},
    {"name": "ACTION_ID", "type": "string"},
    {"name": "EVENT_TYPE", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
]
ACTIONS = "USER_ID,ACTION_ID,EVENT_TYPE,TIMESTAMP\nu1,a,Taken,5\nu9,a,Not taken,6\n"


def start(world: World, group: str, location: str, name: str = "forget") -> str:
    return world.api.create_data_deletion_job(
        jobName=name,
        datasetGroupArn=group,
        dataSource={"dataLocation": location},
        roleArn=ROLE,
    )["dataDeletionJobArn"]


def shown(world: World, arn: str) -> dict[str, Any]:
    return world.api.describe_data_deletion_job(dataDeletionJobArn=arn)["dataDeletionJob"]


def delete(world: World, group: str, *users: str, name: str = "forget") -> dict[str, Any]:
    text = "USER_ID\n" + "".join(f"{user}\n" for user in users)
    arn = start(world, group, world.put(f"{name}.csv", text), name)
    world.run()
    return shown(world, arn)


def users_of(world: World, dataset: str) -> set[object]:
    return {row["USER_ID"] for row in world.rows(dataset)}


def failure(world: World, group: str, location: str) -> str:
    arn = start(world, group, location)
    world.run()
    job = shown(world, arn)
    assert (job["status"], "numDeleted" in job) == ("FAILED", False)
    return job["failureReason"]


def test_create_data_deletion_job__removes_users_everywhere(world: World) -> None:
    group = world.group()
    interactions, users = world.dataset(group), world.dataset(group, "Users")
    schema = world.schema(text=avro("ActionInteractions", ACTION_FIELDS))
    taken = world.dataset(group, "Action_Interactions", schema)
    world.import_text(interactions, interactions_csv(), "one")
    world.import_text(users, USERS, "two")
    world.import_text(taken, ACTIONS, "three")
    job = delete(world, group, "u1", "u2", "nobody", "u1")
    assert job["status"] == "COMPLETED", job
    assert job["numDeleted"] == 2 * 40 + 2 + 1
    assert users_of(world, users) == {"u3"}
    assert users_of(world, taken) == {"u9"}
    assert users_of(world, interactions) == {f"u{n}" for n in range(36)} - {"u1", "u2"}


def test_create_data_deletion_job__statuses(world: World) -> None:
    group = world.group()
    location = world.put("u.csv", '"USER_ID"\r\nu1\r\n')
    arn = start(world, group, location, "first")
    assert arn == "arn:aws:personalize:us-east-1:123456789012:data-deletion-job/first"
    assert shown(world, arn)["status"] == "PENDING"
    world.run()
    job = shown(world, arn)
    assert {name: job[name] for name in job if "DateTime" not in name} == {
        "jobName": "first",
        "dataDeletionJobArn": arn,
        "datasetGroupArn": group,
        "dataSource": {"dataLocation": location},
        "roleArn": ROLE,
        "status": "COMPLETED",
        "numDeleted": 0,
    }


def test_data_deletion__events_and_records(world: World) -> None:
    group = world.group()
    interactions, users = world.dataset(group), world.dataset(group, "Users")
    tracker = world.api.create_event_tracker(name="t", datasetGroupArn=group)["trackingId"]
    world.run()
    world.engine.events.put_users(
        datasetArn=users,
        users=[{"userId": user, "properties": '{"age": 5}'} for user in ("u1", "u2")],
    )
    now = int(world.engine.clock().timestamp())
    event = {"eventType": "watch", "sentAt": now}
    for user, session in (("u1", "s1"), ("u2", "s2"), (None, "s3"), ("u1", "s3")):
        world.engine.events.put_events(
            trackingId=tracker,
            sessionId=session,
            eventList=[event | {"itemId": f"of-{session}-{user}"}],
            **({"userId": user} if user else {}),
        )
    job = delete(world, group, "u1")
    assert (job["status"], job["numDeleted"]) == ("COMPLETED", 4)  # 3 events, one of them joined
    left = world.engine.store.events.after(interactions, 0)
    assert [(item.user_id, item.session_id) for item in left] == [("u2", "s2")]
    assert world.engine.store.records.newest(users)
    rows = world.engine.store.database.query("SELECT record_id FROM records")
    assert [row["record_id"] for row in rows] == ["u2"]


def test_data_deletion__everything_there_is(world: World) -> None:
    group = world.group()
    users = world.dataset(group, "Users")
    world.import_text(users, USERS)
    assert delete(world, group, "u1", "u2", "u3")["numDeleted"] == 3
    assert world.rows(users) == []
    assert world.import_text(users, USERS, "two", importMode="INCREMENTAL")["status"] == "ACTIVE"
    assert users_of(world, users) == {"u1", "u2", "u3"}


def test_data_deletion__folder_with_subfolders(world: World) -> None:
    group = world.group()
    users = world.dataset(group, "Users")
    world.import_text(users, USERS)
    world.put("list/a.csv", "user_id\nu1\n")
    world.put("list/deep/er/b.CSV", "USER_ID\nu2\n")
    world.put("list/notes.txt", "USER_ID\nu3\n")
    world.put("listing.csv", "USER_ID\nu3\n")
    arn = start(world, group, f"s3://{world.bucket}/list/")
    world.run()
    assert shown(world, arn)["status"] == "COMPLETED"
    assert users_of(world, users) == {"u3"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("USER_ID,AGE\nu1,3\n", "must be USER_ID alone, got 'USER_ID,AGE'"),
        ("u1\nu2\n", "must be USER_ID alone, got 'u1'"),
        ("USER_ID\n" + "x" * 257 + "\n", "Length cannot be more than 256 characters for USER_ID"),
    ],
)
def test_data_deletion__file_is_not_a_list_of_users(world: World, text: str, reason: str) -> None:
    group = world.group()
    users = world.dataset(group, "Users")
    world.import_text(users, USERS)
    assert reason in failure(world, group, world.put("bad.csv", text))
    assert users_of(world, users) == {"u1", "u2", "u3"}


def test_data_deletion__nothing_there(world: World) -> None:
    group = world.group()
    world.put("empty/notes.txt", "USER_ID\nu3\n")
    reason = failure(world, group, f"s3://{world.bucket}/empty/")
    assert reason == (
        f"Invalid Data location. There is nothing at s3://{world.bucket}/empty/: no .csv file"
    )


def test_data_deletion__too_many_bytes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delete_data, "MAX_DELETION_BYTES", 10)
    reason = failure(world, world.group(), world.put("u.csv", "USER_ID\nu1\n"))
    assert reason == "Invalid Data location. The files have 11 bytes, the most is 10"


def test_data_deletion__failing_at_the_end_changes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = world.group()
    interactions, users = world.dataset(group), world.dataset(group, "Users")
    world.import_text(interactions, interactions_csv(), "one")
    world.import_text(users, USERS, "two")

    def broken(*_: object) -> int:
        raise RuntimeError("no more")

    monkeypatch.setattr(type(world.engine.store.records), "delete", broken)
    job = delete(world, group, "u1")
    assert (job["status"], "no more" in job["failureReason"]) == ("FAILED", True)
    assert "u1" in users_of(world, users)
    assert "u1" in users_of(world, interactions)


def test_data_deletion__not_while_the_group_is_imported_into(world: World) -> None:
    group = world.group()
    users = world.dataset(group, "Users")
    world.start_import(users, world.put("users.csv", USERS))
    start(world, group, world.put("u.csv", "USER_ID\nu1\n"))
    store, now = world.engine.store, world.engine.clock()
    first, second = store.jobs.due(now)
    with store.transaction():
        store.jobs.begin(first.id, now)
    assert (first.kind, second.kind) == ("import", "delete-data")
    assert store.jobs.due(now) == []


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("s3://bucket/users.txt", "must be a .csv file or a folder that ends in /"),
        ("s3://bucket/users", "must be a .csv file or a folder that ends in /"),
        ("https://bucket/users.csv", "is not of the form s3://bucket/path"),
    ],
)
def test_create_data_deletion_job__bad_location(world: World, location: str, message: str) -> None:
    group = world.group()
    with refused("InvalidInput", "Invalid Data location. "):
        start(world, group, location)
    with refused("InvalidInput", message):
        start(world, group, location)


def test_create_data_deletion_job__unknown_group(world: World) -> None:
    group = world.group()
    dataset = world.dataset(group)
    with refused("ResourceNotFound", "The given dataset group does not exist"):
        start(world, group + "x", "s3://b/u.csv")
    with refused("InvalidInput", "is the ARN of a dataset; that of a dataset group is needed"):
        start(world, dataset, "s3://b/u.csv")


def test_create_data_deletion_job__group_is_not_active(world: World) -> None:
    group = world.api.create_dataset_group(name="g")["datasetGroupArn"]
    with refused("ResourceInUse", "must be ACTIVE, but its status is CREATE PENDING"):
        start(world, group, "s3://b/u.csv")


def test_create_data_deletion_job__sixth_pending(world: World) -> None:
    group, other = world.group(), world.group("other")
    for number in range(5):
        start(world, group, "s3://nowhere/u.csv", f"job-{number}")
    with refused("LimitExceeded", "More than 5 data deletion jobs with PENDING status"):
        start(world, group, "s3://nowhere/u.csv", "job-6")
    start(world, other, "s3://nowhere/u.csv", "job-6")


def test_create_data_deletion_job__name_is_taken(world: World) -> None:
    group = world.group()
    start(world, group, "s3://nowhere/u.csv")
    with refused("ResourceAlreadyExists", "data-deletion-job/forget already exists."):
        start(world, group, "s3://nowhere/u.csv")


def test_create_data_deletion_job__takes_tags(world: World) -> None:
    arn = world.api.create_data_deletion_job(
        jobName="j",
        datasetGroupArn=world.group(),
        dataSource={"dataLocation": "s3://b/u.csv"},
        roleArn=ROLE,
        tags=[{"tagKey": "team", "tagValue": "a"}],
    )["dataDeletionJobArn"]
    assert world.api.list_tags_for_resource(resourceArn=arn)["tags"] == [
        {"tagKey": "team", "tagValue": "a"}
    ]


def test_data_deletion__holds_datasets(world: World) -> None:
    group = world.group()
    items = world.dataset(group, "Items")
    job = start(world, group, "s3://nowhere/u.csv")
    with refused("ResourceInUse", f"the data deletion job {job} depends on it"):
        world.api.delete_dataset(datasetArn=items)
    with refused("ResourceInUse", f"the data deletion job {job} has the status PENDING"):
        world.api.update_dataset(datasetArn=items, schemaArn=world.schema("Items"))
    world.run()
    world.api.delete_dataset(datasetArn=items)


def test_data_deletion__goes_with_its_group(world: World) -> None:
    group = world.group()
    delete(world, group, "u1")
    world.api.delete_dataset_group(datasetGroupArn=group)
    world.api.describe_dataset_group(datasetGroupArn=group)
    world.run()
    assert world.engine.store.resources.count(Kind.DATA_DELETION_JOB) == 0


def test_list_data_deletion_jobs__newest_first(world: World) -> None:
    group, other = world.group(), world.group("other")
    for number in range(3):
        start(world, group, "s3://nowhere/u.csv", f"job-{number}")
    start(world, other, "s3://nowhere/u.csv", "else")
    jobs = world.api.list_data_deletion_jobs(datasetGroupArn=group)["dataDeletionJobs"]
    assert [job["jobName"] for job in jobs] == ["job-2", "job-1", "job-0"]
    assert jobs[0]["datasetGroupArn"] == group
    assert len(world.api.list_data_deletion_jobs()["dataDeletionJobs"]) == 4
