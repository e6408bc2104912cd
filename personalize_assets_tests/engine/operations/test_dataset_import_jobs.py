import pytest

from personalize_assets_tests.engine.operations.conftest import (
    FIELDS,
    ROLE,
    World,
    avro,
    interactions_csv,
    refused,
)

ITEMS = 'ITEM_ID,GENRES,YEAR\n1,"Comedy|Drama",1995\n2,,\n'
FAILED = "Failed to create a data import job for "


@pytest.fixture
def items(world: World) -> str:
    return world.dataset(world.group(), "Items")


@pytest.fixture
def interactions(world: World) -> str:
    return world.dataset(world.group())


def test_create_dataset_import_job__imports_a_file(world: World, items: str) -> None:
    location = world.put("items.csv", ITEMS)
    arn = world.start_import(items, location, "first")
    assert arn == "arn:aws:personalize:us-east-1:123456789012:dataset-import-job/first"
    assert world.import_job(arn)["status"] == "CREATE PENDING"
    world.run()
    job = world.import_job(arn)
    assert {name: job[name] for name in job if "DateTime" not in name} == {
        "jobName": "first",
        "datasetImportJobArn": arn,
        "datasetArn": items,
        "dataSource": {"dataLocation": location},
        "roleArn": ROLE,
        "importMode": "FULL",
        "status": "ACTIVE",
    }
    assert world.rows(items) == [
        {"ITEM_ID": "1", "GENRES": "Comedy|Drama", "YEAR": 1995},
        {"ITEM_ID": "2", "GENRES": None, "YEAR": None},
    ]


def test_create_dataset_import_job__role_may_be_missing(world: World, items: str) -> None:
    arn = world.api.create_dataset_import_job(
        jobName="j", datasetArn=items, dataSource={"dataLocation": world.put("i.csv", ITEMS)}
    )["datasetImportJobArn"]
    world.run()
    job = world.import_job(arn)
    assert job["status"] == "ACTIVE"
    assert "roleArn" not in job


@pytest.mark.parametrize(
    "location",
    ["s3://bucket", "http://bucket/key.csv", "https://bucket/key.csv", "s3:///key.csv"],
)
def test_create_dataset_import_job__no_address_in_s3(
    world: World, items: str, location: str
) -> None:
    with refused("InvalidInput", "Invalid Data location. "):
        world.start_import(items, location)


def test_create_dataset_import_job__unknown_dataset(world: World) -> None:
    arn = "arn:aws:personalize:us-east-1:123456789012:dataset/movies/ITEMS"
    with refused("ResourceNotFound", f"The given dataset does not exist: {arn}"):
        world.start_import(arn, "s3://bucket/key.csv")


def test_create_dataset_import_job__dataset_is_not_active_yet(world: World) -> None:
    group, schema = world.group(), world.schema("Items")
    arn = world.api.create_dataset(
        name="d", schemaArn=schema, datasetGroupArn=group, datasetType="Items"
    )["datasetArn"]
    with refused("ResourceInUse", "must be ACTIVE, but its status is CREATE PENDING"):
        world.start_import(arn, "s3://bucket/key.csv")


def test_create_dataset_import_job__name_is_taken(world: World, items: str) -> None:
    world.import_text(items, ITEMS, "first")
    with refused("ResourceAlreadyExists", "dataset-import-job/first already exists."):
        world.start_import(items, "s3://bucket/key.csv", "first")


def test_create_dataset_import_job__sixth_at_a_time(world: World, items: str) -> None:
    location = world.put("items.csv", ITEMS)
    for number in range(5):
        world.start_import(items, location, f"job-{number}")
    with refused("LimitExceeded", "More than 5 resources with PENDING or IN_PROGRESS status."):
        world.start_import(items, location, "job-6")
    world.run()
    assert world.start_import(items, location, "job-6")


def test_create_dataset_import_job__first_import_must_be_full(world: World, items: str) -> None:
    with refused("InvalidInput", "The first import into a dataset must be FULL"):
        world.start_import(items, "s3://b/k.csv", importMode="INCREMENTAL")


def test_import__full_replaces(world: World, items: str) -> None:
    world.import_text(items, ITEMS, "one")
    world.import_text(items, "ITEM_ID,GENRES,YEAR\n3,Drama,2000\n", "two")
    assert [row["ITEM_ID"] for row in world.rows(items)] == ["3"]


def test_import__incremental_adds_and_replaces_by_id(world: World, items: str) -> None:
    world.import_text(items, ITEMS, "one")
    more = "ITEM_ID,GENRES,YEAR\n3,Drama,2000\n1,Horror,1996\n"
    job = world.import_text(items, more, "two", importMode="INCREMENTAL")
    assert (job["status"], job["importMode"]) == ("ACTIVE", "INCREMENTAL")
    assert world.rows(items) == [
        {"ITEM_ID": "2", "GENRES": None, "YEAR": None},
        {"ITEM_ID": "3", "GENRES": "Drama", "YEAR": 2000},
        {"ITEM_ID": "1", "GENRES": "Horror", "YEAR": 1996},
    ]


def test_import__failed_one_changes_nothing(world: World, items: str) -> None:
    world.import_text(items, ITEMS, "one")
    job = world.import_text(items, "ITEM_ID,GENRES,YEAR\n3,Drama,MCMXC\n", "two")
    assert job["status"] == "CREATE FAILED"
    assert [row["ITEM_ID"] for row in world.rows(items)] == ["1", "2"]


def test_import__last_record_of_an_id_stays(world: World, items: str) -> None:
    world.import_text(items, "ITEM_ID,GENRES,YEAR\n1,A,1\n2,B,2\n1,C,3\n")
    assert [(row["ITEM_ID"], row["GENRES"]) for row in world.rows(items)] == [
        ("2", "B"),
        ("1", "C"),
    ]


def test_import__equal_interactions_count_once(world: World, interactions: str) -> None:
    text = interactions_csv()
    first = text.splitlines()[1]
    job = world.import_text(interactions, f"{text}{first}\n{first.replace('click', 'buy')}\n")
    assert job["status"] == "ACTIVE"
    assert len(world.rows(interactions)) == 1_440 + 1


def test_import__incremental_interactions_are_appended(world: World, interactions: str) -> None:
    world.import_text(interactions, interactions_csv(), "one")
    others = interactions_csv().replace("\nu", "\nv")
    job = world.import_text(interactions, others, "two", importMode="INCREMENTAL")
    assert job["status"] == "ACTIVE", job
    assert len(world.rows(interactions)) == 2_880
    again = world.import_text(interactions, interactions_csv(), "three", importMode="INCREMENTAL")
    assert again["status"] == "ACTIVE"
    assert len(world.rows(interactions)) == 2_880


@pytest.mark.parametrize("mode", ["FULL", "INCREMENTAL"])
def test_import__fewer_than_1000_interactions(world: World, interactions: str, mode: str) -> None:
    if mode == "INCREMENTAL":
        world.import_text(interactions, interactions_csv(), "one")
    few = "\n".join(interactions_csv().splitlines()[:1_000])
    job = world.import_text(interactions, few, "two", importMode=mode)
    assert job["status"] == "CREATE FAILED"
    assert job["failureReason"] == (
        f"{FAILED}INTERACTIONS dataset. An import job needs at least 1000 interactions, the data "
        "has 999."
    )
    one_more = "\n".join(interactions_csv().splitlines()[:1_001])
    assert world.import_text(interactions, one_more, "three", importMode=mode)["status"] == "ACTIVE"


def test_import__first_level_of_a_folder(world: World, items: str) -> None:
    head = "ITEM_ID,GENRES,YEAR\n"
    world.put("in/b.csv", head + "2,B,2\n1,last,2\n")
    world.put("in/a.csv", head + "1,first,1\n")
    world.put("in/deeper/c.csv", head + "9,C,9\n")
    world.put("in/_SUCCESS", "anything")
    world.put("in-between.csv", head + "8,D,8\n")
    arn = world.start_import(items, f"s3://{world.bucket}/in/")
    world.run()
    assert world.import_job(arn)["status"] == "ACTIVE"
    assert [(row["ITEM_ID"], row["GENRES"]) for row in world.rows(items)] == [
        ("2", "B"),
        ("1", "last"),
    ]


def test_import__headers_in_any_case_and_order_with_extra_columns(world: World, items: str) -> None:
    text = ",year,Item_ID,ignored,genres\n0,1995,1,x,Comedy\n1,1996,2,,Drama\n"
    assert world.import_text(items, text)["status"] == "ACTIVE"
    assert world.rows(items)[0] == {"ITEM_ID": "1", "GENRES": "Comedy", "YEAR": 1995}


def test_import__lower_case_schema(world: World) -> None:
    fields = [{**field, "name": str(field["name"]).lower()} for field in FIELDS["Items"]]
    schema = world.schema("Items", avro("Items", fields))
    dataset = world.dataset(world.group(), "Items", schema)
    assert world.import_text(dataset, ITEMS)["status"] == "ACTIVE"


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("s3://no-such-bucket/items.csv", "Invalid Data location. There is nothing at s3://no-s"),
        ("s3://no-such-bucket/in/", "Invalid Data location. There is nothing at s3://no-such-"),
        ("s3://{bucket}/missing.csv", "Invalid Data location. There is nothing at s3://"),
        ("s3://{bucket}/missing/", "Invalid Data location. There is nothing at s3://"),
    ],
)
def test_import__nothing_there(world: World, items: str, location: str, reason: str) -> None:
    arn = world.start_import(items, location.format(bucket=world.bucket))
    world.run()
    job = world.import_job(arn)
    assert job["status"] == "CREATE FAILED"
    assert job["failureReason"].startswith(reason)
    [summary] = world.api.list_dataset_import_jobs(datasetArn=items)["datasetImportJobs"]
    assert summary["failureReason"] == job["failureReason"]


def test_import__missing_columns(world: World, items: str) -> None:
    job = world.import_text(items, "ITEM_ID,NAME\n1,x\n")
    assert job["failureReason"] == (
        f"{FAILED}ITEMS dataset. Input CSV is missing the following columns:[GENRES, YEAR]."
    )


def test_import__timestamps_in_milliseconds(world: World, interactions: str) -> None:
    text = interactions_csv().replace(",1600000000\n", ",1600000000123\n")
    job = world.import_text(interactions, text, "ms")
    assert job["failureReason"] == (
        f"{FAILED}INTERACTIONS dataset. record 1 of s3://{world.bucket}/ms.csv: TIMESTAMP must be "
        "in seconds since 1970-01-01; '1600000000123' looks like milliseconds"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty: the first line must hold the names of the columns"),
        ("ITEM_ID,GENRES,YEAR\n1,x\n", "has 2 columns, the header has 3: '1,x'"),
        ("ITEM_ID,GENRES,YEAR\n1,x,y\n", "YEAR must be a value of type int, got 'y'"),
        ("ITEM_ID,GENRES,YEAR\n1,x,3000000000\n", "YEAR must be a value of type int, got '300"),
        ("ITEM_ID,GENRES,YEAR\n,x,1\n", "record 1 of"),
        ('ITEM_ID,GENRES,YEAR\n1,x,1\n2,"x\n3,x,1\n', "has 2 columns, the header has 3"),
        ('ITEM_ID,GENRES,YEAR\n1,x,1\n2,"x\n3,x",1\n', "record 2 of"),
        ('ITEM_ID,GENRES,YEAR\n1,x,1\n2,"x\n3,x",1\n', "goes over the end of a line, probably"),
        (f"ITEM_ID,GENRES,YEAR\n{'i' * 257},x,1\n", "cannot be more than 256 characters for ITEM"),
        (f"ITEM_ID,GENRES,YEAR\n1,{'x' * 1001},1\n", "cannot be more than 1000 characters for GEN"),
        ("ITEM_ID,GENRES,YEAR,item_id\n1,x,1,2\n", "has the column ITEM_ID more than once"),
        ("ITEM_ID,GENRES,YEAR\n1,x,1\n".encode("utf-16"), "is UTF-16; CSV files must be UTF-8"),
        (b"ITEM_ID,GENRES,YEAR\n1,\xff,1\n", "invalid UTF8 data"),
        (b"ITEM_ID,GENRES,YEAR\n1,\xe9t\xe9,1\n", "invalid UTF8 data"),
    ],
)
def test_import__bad_values_fail_the_job(
    world: World, items: str, text: str | bytes, reason: str
) -> None:
    if not text:
        (world.s3.root / world.bucket / "job.csv").touch()
        arn = world.start_import(items, f"s3://{world.bucket}/job.csv")
        world.run()
        job = world.import_job(arn)
    else:
        job = world.import_text(items, text)
    assert job["status"] == "CREATE FAILED"
    assert job["failureReason"].startswith(f"{FAILED}ITEMS dataset. ")
    assert reason in job["failureReason"]


def test_import__longest_values_pass(world: World, items: str) -> None:
    assert world.import_text(items, f"ITEM_ID,GENRES,YEAR\n{'é' * 256},{'x' * 1000},-1\n")[
        "status"
    ] == ("ACTIVE")


def test_import__quotes_and_backslashes(world: World, items: str) -> None:
    text = 'ITEM_ID,GENRES,YEAR\n1,"a, \\"b\\" \\\\",1\n2,"c ""d""",2\n3,"",3\n'
    world.import_text(items, text)
    assert [row["GENRES"] for row in world.rows(items)] == ['a, "b" \\', 'c "d"', None]


def test_import__every_type(world: World) -> None:
    fields = [
        {"name": "ITEM_ID", "type": "string"},
        {"name": "L", "type": "long"},
        {"name": "D", "type": ["double", "null"]},
        {"name": "F", "type": "float"},
        {"name": "B", "type": ["null", "boolean"]},
        {"name": "TEXT", "type": "string", "textual": True},
        {"name": "CREATION_TIMESTAMP", "type": "long"},
    ]
    dataset = world.dataset(world.group(), "Items", world.schema("Items", avro("Items", fields)))
    text = "ITEM_ID,L,D,F,B,TEXT,CREATION_TIMESTAMP\n"
    text += f"1,123456789012345678,1e-3,-.5,TRUE,{'t' * 20_001},-86400\n2,-1,,2.,0,t,5\n"
    assert world.import_text(dataset, text)["status"] == "ACTIVE"
    assert world.rows(dataset) == [
        {
            "ITEM_ID": "1",
            "L": 123456789012345678,
            "D": 0.001,
            "F": -0.5,
            "B": True,
            "TEXT": "t" * 20_000,
            "CREATION_TIMESTAMP": -86400,
        },
        {
            "ITEM_ID": "2",
            "L": -1,
            "D": None,
            "F": 2.0,
            "B": False,
            "TEXT": "t",
            "CREATION_TIMESTAMP": 5,
        },
    ]
    bad = world.import_text(dataset, text.replace("TRUE", "yes"), "bad")
    assert "B must be a value of type boolean, got 'yes'" in bad["failureReason"]


def test_import__equal_rows_of_every_type_count_once(world: World) -> None:
    fields = [*FIELDS["Interactions"], {"name": "MOBILE", "type": ["boolean", "null"]}]
    schema = world.schema("Interactions", avro("Interactions", fields))
    dataset = world.dataset(world.group(), schema=schema)
    lines = interactions_csv().splitlines()
    text = f"{lines[0]},MOBILE\n" + "".join(
        f"{line},{flag}\n" for line in lines[1:] for flag in ("true", "", "", "false")
    )
    assert world.import_text(dataset, text)["status"] == "ACTIVE"
    assert len(world.rows(dataset)) == 3 * 1_440


def test_import__too_many_event_types(world: World, interactions: str) -> None:
    lines = interactions_csv().splitlines()
    header, data = lines[0], lines[1:]
    numbered = [
        line.replace("watch", f"e{index % 8}").replace("click", f"e{index % 8}")
        for index, line in enumerate(data)
    ]
    fits = world.import_text(interactions, "\n".join([header, *numbered]), "eight")
    assert fits["status"] == "ACTIVE"
    numbered[0] = numbered[0].replace("e0", "e8")
    job = world.import_text(interactions, "\n".join([header, *numbered]), "nine")
    assert job["failureReason"] == (
        f"{FAILED}INTERACTIONS dataset. An Interactions dataset may have 10 event types and "
        "optional columns together, the data has 9 event types and 2 optional columns "
        "(EVENT_TYPE, EVENT_VALUE)."
    )


def test_list_dataset_import_jobs__newest_first(world: World, items: str) -> None:
    for number in range(3):
        world.import_text(items, ITEMS, f"job-{number}")
    jobs = world.api.list_dataset_import_jobs(datasetArn=items)["datasetImportJobs"]
    assert [job["jobName"] for job in jobs] == ["job-2", "job-1", "job-0"]
    assert set(jobs[0]) == {
        "datasetImportJobArn",
        "jobName",
        "status",
        "creationDateTime",
        "lastUpdatedDateTime",
        "importMode",
    }
