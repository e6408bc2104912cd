"""Amazon Personalize's getting-started flow with boto3 alone, from a CSV file to a clean account.

Knows nothing of the package it lies in: the same file runs against Amazon Personalize and against
the local engine. boto3 finds where to go by itself; for the local engine set these, with the
addresses that ``personalize-local start`` prints:

    export AWS_ENDPOINT_URL_PERSONALIZE=http://127.0.0.1:PORT
    export AWS_ENDPOINT_URL_PERSONALIZE_RUNTIME=http://127.0.0.1:PORT
    export AWS_ENDPOINT_URL_PERSONALIZE_EVENTS=http://127.0.0.1:PORT
    export AWS_ENDPOINT_URL_S3=http://127.0.0.1:S3PORT
    export AWS_ACCESS_KEY_ID=123456789012 AWS_SECRET_ACCESS_KEY=local AWS_DEFAULT_REGION=us-east-1
    python docs/examples/getting_started.py data

Its own settings are variables too: GETTING_STARTED_BUCKET, GETTING_STARTED_ROLE_ARN,
GETTING_STARTED_NAME (of everything it makes) and GETTING_STARTED_POLL_S (between two looks).
"""

import csv
import io
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

log = logging.getLogger("getting_started")

RECIPE_ARN = "arn:aws:personalize:::recipe/aws-user-personalization-v2"
SCHEMAS: dict[str, list[dict[str, Any]]] = {
    "Interactions": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
        {"name": "EVENT_TYPE", "type": "string"},
    ],
    "Items": [
        {"name": "ITEM_ID", "type": "string"},
        {"name": "GENRES", "type": ["string", "null"], "categorical": True},
        {"name": "TITLE", "type": ["string", "null"]},
    ],
}
SOME_USER = "15"


@dataclass
class Settings:
    """Where objects go, who reads them, and what things are called."""

    bucket: str = os.environ.get("GETTING_STARTED_BUCKET", "getting-started-personalize")
    role_arn: str = os.environ.get(
        "GETTING_STARTED_ROLE_ARN", "arn:aws:iam::123456789012:role/PersonalizeRole"
    )
    name: str = os.environ.get("GETTING_STARTED_NAME", "getting-started")
    poll_s: float = float(os.environ.get("GETTING_STARTED_POLL_S", "20"))


@dataclass
class Walk:
    """The clients and the ARNs of what was made so far."""

    settings: Settings
    personalize: Any = field(default_factory=lambda: boto3.client("personalize"))
    runtime: Any = field(default_factory=lambda: boto3.client("personalize-runtime"))
    events: Any = field(default_factory=lambda: boto3.client("personalize-events"))
    s3: Any = field(default_factory=lambda: boto3.client("s3"))
    arns: dict[str, str] = field(default_factory=dict)

    def wait(self, what: str, describe: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Look until something is ACTIVE, as every client of Amazon Personalize does."""
        status = ""
        while True:
            found = describe()
            if found["status"] != status:
                status = found["status"]
                log.info("   %s: %s", what, status)
            if status == "ACTIVE":
                return found
            if status == "CREATE FAILED":
                raise RuntimeError(f"{what} failed: {found.get('failureReason', 'no reason')}")
            time.sleep(self.settings.poll_s)

    def wait_until_gone(self, what: str, describe: Callable[[], Any]) -> None:
        """Look until something is not found any more."""
        try:
            while True:
                describe()
                time.sleep(self.settings.poll_s)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
        log.info("   %s: gone", what)


def prepare_data(walk: Walk, folder: Path) -> None:
    """Put the files that the datasets are imported from into the bucket."""
    settings = walk.settings
    # In us-east-1 AWS takes no location; a bucket of one's own from an earlier run is no fault.
    region = walk.s3.meta.region_name
    where = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    with suppress(walk.s3.exceptions.BucketAlreadyOwnedByYou):
        walk.s3.create_bucket(Bucket=settings.bucket, **({} if region == "us-east-1" else where))
    for kind, rows in (("Interactions", _interactions(folder)), ("Items", _items(folder))):
        columns = [field["name"] for field in SCHEMAS[kind]]
        walk.s3.put_object(Bucket=settings.bucket, Key=_key(kind), Body=_as_csv(columns, rows))


def create_datasets(walk: Walk) -> None:
    """Make a dataset group with a schema and a dataset for each kind of data, and import."""
    api, name = walk.personalize, walk.settings.name
    group = api.create_dataset_group(name=name)["datasetGroupArn"]
    walk.arns["group"] = group
    walk.wait(
        "dataset group", lambda: api.describe_dataset_group(datasetGroupArn=group)["datasetGroup"]
    )
    jobs = {kind: _start_import(walk, kind) for kind in SCHEMAS}
    for kind, job in jobs.items():
        walk.wait(
            f"import of {kind}",
            lambda job=job: api.describe_dataset_import_job(datasetImportJobArn=job)[
                "datasetImportJob"
            ],
        )


def train(walk: Walk) -> dict[str, float]:
    """Make a solution and a version of it, and give the version's metrics."""
    api = walk.personalize
    solution = api.create_solution(
        name=walk.settings.name,
        datasetGroupArn=walk.arns["group"],
        recipeArn=RECIPE_ARN,
        performAutoTraining=False,
    )["solutionArn"]
    walk.arns["solution"] = solution
    walk.wait("solution", lambda: api.describe_solution(solutionArn=solution)["solution"])
    version = api.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    walk.arns["version"] = version
    walk.wait(
        "solution version",
        lambda: api.describe_solution_version(solutionVersionArn=version)["solutionVersion"],
    )
    return api.get_solution_metrics(solutionVersionArn=version)["metrics"]


def deploy(walk: Walk) -> None:
    """Make a campaign, which answers requests with the version."""
    api = walk.personalize
    campaign = api.create_campaign(
        name=walk.settings.name, solutionVersionArn=walk.arns["version"], minProvisionedTPS=1
    )["campaignArn"]
    walk.arns["campaign"] = campaign
    walk.wait("campaign", lambda: api.describe_campaign(campaignArn=campaign)["campaign"])


def recommend(walk: Walk, user: str, **more: Any) -> list[str]:
    """The ids of ten recommended items."""
    answer = walk.runtime.get_recommendations(
        campaignArn=walk.arns["campaign"], userId=user, numResults=10, **more
    )
    return [item["itemId"] for item in answer["itemList"]]


def create_filter(walk: Walk) -> None:
    """Make a filter that leaves one genre, chosen with each request, and nothing seen before."""
    api = walk.personalize
    arn = api.create_filter(
        name=walk.settings.name,
        datasetGroupArn=walk.arns["group"],
        filterExpression=(
            "INCLUDE ItemID WHERE Items.GENRES IN ($GENRE) | "
            'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")'
        ),
    )["filterArn"]
    walk.arns["filter"] = arn
    walk.wait("filter", lambda: api.describe_filter(filterArn=arn)["filter"])


def send_events(walk: Walk, user: str, items: list[str]) -> None:
    """Tell through an event tracker that a user watches some items now."""
    api, session = walk.personalize, f"session-{user}"
    if "tracker" not in walk.arns:
        made = api.create_event_tracker(name=walk.settings.name, datasetGroupArn=walk.arns["group"])
        walk.arns["tracker"], walk.arns["tracking id"] = made["eventTrackerArn"], made["trackingId"]
        walk.wait(
            "event tracker",
            lambda: api.describe_event_tracker(eventTrackerArn=walk.arns["tracker"])[
                "eventTracker"
            ],
        )
    for number, item in enumerate(items):
        walk.events.put_events(
            trackingId=walk.arns["tracking id"],
            userId=user,
            sessionId=session,
            eventList=[{"eventType": "watch", "itemId": item, "sentAt": time.time() + number}],
        )


def clean_up(walk: Walk) -> None:
    """Delete everything in the order that Amazon Personalize asks for."""
    for what in ("campaign", "solution", "tracker", "filter"):
        _delete(walk, {"tracker": "event_tracker"}.get(what, what), walk.arns.get(what))
    # the event tracker has made a dataset of its own
    group = walk.arns.get("group")
    if group is None:
        return
    for dataset in walk.personalize.list_datasets(datasetGroupArn=group)["datasets"]:
        described = walk.personalize.describe_dataset(datasetArn=dataset["datasetArn"])["dataset"]
        _delete(walk, "dataset", dataset["datasetArn"])
        with suppress(walk.personalize.exceptions.ResourceInUseException):
            walk.personalize.delete_schema(schemaArn=described["schemaArn"])
    _delete(walk, "dataset_group", group)
    for kind in SCHEMAS:
        walk.s3.delete_object(Bucket=walk.settings.bucket, Key=_key(kind))


def main(folder: Path) -> None:
    """Walk through all of it."""
    walk = Walk(Settings())
    log.info("1. Data in s3://%s", walk.settings.bucket)
    prepare_data(walk, folder)
    titles = {row[0]: row[2] for row in _items(folder)}
    try:
        log.info("2. Datasets")
        create_datasets(walk)
        log.info("3. Training")
        for name, value in sorted(train(walk).items()):
            log.info("   %s = %.4f", name, value)
        log.info("4. Campaign")
        deploy(walk)
        before = recommend(walk, SOME_USER)
        _show("recommended", before, titles)
        log.info("5. Filter")
        create_filter(walk)
        chosen = {"filterArn": walk.arns["filter"], "filterValues": {"GENRE": '"Animation"'}}
        animated = recommend(walk, SOME_USER, **chosen)
        _show("of the genre Animation, not seen yet", animated, titles)
        log.info("6. Events")
        send_events(walk, SOME_USER, animated[:5])
        time.sleep(min(walk.settings.poll_s, 5))
        after = recommend(walk, SOME_USER)
        _show("recommended after watching five of them", after, titles)
        _show("of the genre Animation now", recommend(walk, SOME_USER, **chosen), titles)
    finally:
        log.info("7. Deletion")
        clean_up(walk)


def _start_import(walk: Walk, kind: str) -> str:
    api, settings = walk.personalize, walk.settings
    schema = {
        "type": "record",
        "name": kind,
        "namespace": "com.amazonaws.personalize.schema",
        "fields": SCHEMAS[kind],
        "version": "1.0",
    }
    schema_arn = api.create_schema(
        name=f"{settings.name}-{kind.lower()}", schema=json.dumps(schema)
    )["schemaArn"]
    dataset = api.create_dataset(
        name=f"{settings.name}-{kind.lower()}",
        datasetGroupArn=walk.arns["group"],
        datasetType=kind,
        schemaArn=schema_arn,
    )["datasetArn"]
    walk.wait(f"dataset {kind}", lambda: api.describe_dataset(datasetArn=dataset)["dataset"])
    return api.create_dataset_import_job(
        jobName=f"{settings.name}-{kind.lower()}",
        datasetArn=dataset,
        dataSource={"dataLocation": f"s3://{settings.bucket}/{_key(kind)}"},
        roleArn=settings.role_arn,
    )["datasetImportJobArn"]


def _delete(walk: Walk, what: str, arn: str | None) -> None:
    if arn is None:
        return
    words = what.split("_")
    argument = {words[0] + "".join(map(str.capitalize, words[1:])) + "Arn": arn}
    getattr(walk.personalize, f"delete_{what}")(**argument)
    describe = getattr(walk.personalize, f"describe_{what}")
    walk.wait_until_gone(what.replace("_", " "), lambda: describe(**argument))


def _interactions(folder: Path) -> Iterator[list[str]]:
    """Ratings of at least two stars as watch events, in the columns of the schema."""
    with (folder / "ratings.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if float(row["rating"]) >= 2:
                yield [row["userId"], row["movieId"], row["timestamp"], "watch"]


def _items(folder: Path) -> Iterator[list[str]]:
    with (folder / "movies.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield [row["movieId"], row["genres"], row["title"]]


def _as_csv(columns: list[str], rows: Iterator[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def _key(kind: str) -> str:
    return f"getting-started/{kind.lower()}.csv"


def _show(what: str, items: list[str], titles: dict[str, str]) -> None:
    log.info("   %s: %s", what, ", ".join(titles.get(item, item) for item in items))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "data"))
