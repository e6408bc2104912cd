"""A whole life cycle in steps, each of which can be done again after a kill in its middle.

A step makes the calls of a client who was cut off: what exists already counts as made. What a call
acknowledged is remembered, and `inspection` checks that it is still there.
"""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from personalize_assets.core.arns import Kind, make_arn
from personalize_assets.core.names import LOCAL_ACCOUNT
from personalize_assets_tests.engine.crash.site import Site
from personalize_assets_tests.engine.operations.conftest import RECIPE, ROLE, avro

Do = Callable[[Site], None]
STEPS: list[tuple[str, Do]] = []
N_EVENTS = 10


def step(do: Do) -> Do:
    """Add a step."""
    STEPS.append((do.__name__, do))
    return do


def arn(kind: Kind, *parts: str) -> str:
    """The ARN of a name in the local account."""
    return make_arn(kind, "us-east-1", LOCAL_ACCOUNT, *parts)


def made(site: Site, call: Callable[[], dict[str, Any]], key: str, known: str) -> str:
    """Make something, or find that the call before the kill made it; then do its jobs."""
    try:
        found = call()[key]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
            raise
        found = known
    site.acknowledged(found)
    site.run()
    return found


def gone(site: Site, call: Callable[[], Any], name: str, *with_it: str) -> None:
    """Delete something, or find that it is gone; then do its jobs.

    Args:
        site: Where.
        call: Deletes it.
        name: Its ARN.
        with_it: ARNs of the jobs that go with it.
    """
    site.leaving(name, *with_it)
    try:
        call()
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
    site.deleted(name)
    resource = site.store.resources.get(name)
    if resource is not None:  # a look lets it go at once
        with site.store.transaction():
            site.store.resources.merge(name, hidden={"deletion_seen": True})
            site.store.jobs.hasten(name, resource.created_at)
    site.run()


GROUP = arn(Kind.DATASET_GROUP, "g")
INTERACTIONS, ITEMS = (arn(Kind.DATASET, "g", each) for each in ("INTERACTIONS", "ITEMS"))
FIELDS: dict[str, list[dict[str, Any]]] = {
    "Interactions": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "EVENT_TYPE", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
    ],
    "Items": [
        {"name": "ITEM_ID", "type": "string"},
        {"name": "GENRES", "type": ["null", "string"], "categorical": True},
        {"name": "PRICE", "type": ["null", "float"]},
    ],
}


def _schema(site: Site, name: str, record: str, fields: list[dict[str, Any]]) -> str:
    return made(
        site,
        lambda: site.api.create_schema(name=name, schema=avro(record, fields)),
        "schemaArn",
        arn(Kind.SCHEMA, name),
    )


@step
def create_dataset_group(site: Site) -> None:
    tags = [{"tagKey": "a", "tagValue": "b"}]
    made(
        site,
        lambda: site.api.create_dataset_group(name="g", tags=tags),
        "datasetGroupArn",
        GROUP,
    )


@step
def create_datasets(site: Site) -> None:
    for kind, dataset in (("Interactions", INTERACTIONS), ("Items", ITEMS)):
        schema = _schema(site, kind, kind, FIELDS[kind])
        made(
            site,
            lambda kind=kind, schema=schema: site.api.create_dataset(
                name=kind, schemaArn=schema, datasetGroupArn=GROUP, datasetType=kind
            ),
            "datasetArn",
            dataset,
        )


def _import(site: Site, name: str, dataset: str, key: str, mode: str = "FULL") -> None:
    made(
        site,
        lambda: site.api.create_dataset_import_job(
            jobName=name,
            datasetArn=dataset,
            dataSource={"dataLocation": f"s3://{site.bucket}/{key}"},
            roleArn=ROLE,
            importMode=mode,
        ),
        "datasetImportJobArn",
        arn(Kind.DATASET_IMPORT_JOB, name),
    )


@step
def import_interactions(site: Site) -> None:
    _import(site, "i1", INTERACTIONS, "interactions.csv")


@step
def import_items(site: Site) -> None:
    _import(site, "i2", ITEMS, "items.csv")


@step
def import_more(site: Site) -> None:
    _import(site, "i3", INTERACTIONS, "interactions.csv", "INCREMENTAL")


def _solution(site: Site, recipe: str, **more: Any) -> None:
    solution = made(
        site,
        lambda: site.api.create_solution(
            name=recipe, datasetGroupArn=GROUP, recipeArn=RECIPE + recipe, **more
        ),
        "solutionArn",
        arn(Kind.SOLUTION, recipe),
    )
    versions = site.api.list_solution_versions(solutionArn=solution)["solutionVersions"]
    known = versions[0]["solutionVersionArn"] if versions else ""
    version = known or made(
        site,
        lambda: site.api.create_solution_version(solutionArn=solution),
        "solutionVersionArn",
        known,
    )
    site.remember(**{recipe: version})
    site.run()


@step
def train_popularity(site: Site) -> None:
    _solution(site, "aws-popularity-count", performAutoTraining=True)


@step
def train_segments(site: Site) -> None:
    _solution(site, "aws-item-affinity", performAutoTraining=False)


CAMPAIGN = arn(Kind.CAMPAIGN, "c")


@step
def create_campaign(site: Site) -> None:
    version = site.memo["aws-popularity-count"]
    made(
        site,
        lambda: site.api.create_campaign(name="c", solutionVersionArn=version),
        "campaignArn",
        CAMPAIGN,
    )


@step
def update_campaign(site: Site) -> None:
    try:
        site.api.update_campaign(campaignArn=CAMPAIGN, minProvisionedTPS=2)
    except ClientError as error:  # the update before the kill is still at work
        if error.response["Error"]["Code"] != "ResourceInUseException":
            raise
    site.run()


@step
def update_solution(site: Site) -> None:
    solution = arn(Kind.SOLUTION, "aws-popularity-count")
    site.api.update_solution(solutionArn=solution, performAutoTraining=False)
    site.run()


FILTER = arn(Kind.FILTER, "f")


@step
def create_filter(site: Site) -> None:
    made(
        site,
        lambda: site.api.create_filter(
            name="f",
            datasetGroupArn=GROUP,
            filterExpression='EXCLUDE ItemID WHERE Items.GENRES IN ("War")',
        ),
        "filterArn",
        FILTER,
    )


@step
def create_event_tracker(site: Site) -> None:
    trackers = site.api.list_event_trackers(datasetGroupArn=GROUP)["eventTrackers"]
    known = trackers[0]["eventTrackerArn"] if trackers else ""
    tracker = known or made(
        site,
        lambda: site.api.create_event_tracker(name="t", datasetGroupArn=GROUP),
        "eventTrackerArn",
        known,
    )
    site.run()
    found = site.api.describe_event_tracker(eventTrackerArn=tracker)["eventTracker"]
    site.remember(tracker=tracker, tracking=found["trackingId"])


@step
def put_events(site: Site) -> None:
    for call in range(2):
        events = [
            {
                "eventId": f"e{call}-{number}",
                "eventType": "watch",
                "itemId": f"i{number}",
                "sentAt": 1_700_000_000 + 100 * call + number,
            }
            for number in range(N_EVENTS)
        ]
        site.events.put_events(
            trackingId=site.memo["tracking"], userId="u1", sessionId="s", eventList=events
        )
        site.remember(events=(call + 1) * N_EVENTS)


@step
def put_items(site: Site) -> None:
    site.events.put_items(
        datasetArn=ITEMS,
        items=[{"itemId": "new", "properties": '{"genres": "War", "price": 3}'}],
    )
    site.remember(records=1)


@step
def recommend(site: Site) -> None:
    answer = site.runtime.get_recommendations(campaignArn=CAMPAIGN, userId="u1", filterArn=FILTER)
    assert len(answer["itemList"]) == 25


@step
def tag(site: Site) -> None:
    site.api.tag_resource(resourceArn=GROUP, tags=[{"tagKey": "c", "tagValue": "d"}])
    site.api.untag_resource(resourceArn=GROUP, tagKeys=["a"])


@step
def update_dataset(site: Site) -> None:
    fields = [*FIELDS["Items"], {"name": "YEAR", "type": ["null", "int"]}]
    schema = _schema(site, "Items2", "Items", fields)
    current = site.api.describe_dataset(datasetArn=ITEMS)["dataset"]
    if current["schemaArn"] != schema and current["status"] == "ACTIVE":
        site.api.update_dataset(datasetArn=ITEMS, schemaArn=schema)
    site.run()


def _places(site: Site, queries: str, name: str) -> dict[str, Any]:
    return {
        "jobInput": {"s3DataSource": {"path": f"s3://{site.bucket}/{queries}"}},
        "jobOutput": {"s3DataDestination": {"path": f"s3://{site.bucket}/{name}/"}},
        "roleArn": ROLE,
    }


@step
def batch_inference(site: Site) -> None:
    version = site.memo["aws-popularity-count"]
    made(
        site,
        lambda: site.api.create_batch_inference_job(
            jobName="b", solutionVersionArn=version, **_places(site, "users.json", "b")
        ),
        "batchInferenceJobArn",
        arn(Kind.BATCH_INFERENCE_JOB, "b"),
    )


@step
def batch_segment(site: Site) -> None:
    version = site.memo["aws-item-affinity"]
    made(
        site,
        lambda: site.api.create_batch_segment_job(
            jobName="s", solutionVersionArn=version, **_places(site, "items.json", "s")
        ),
        "batchSegmentJobArn",
        arn(Kind.BATCH_SEGMENT_JOB, "s"),
    )


@step
def export(site: Site) -> None:
    made(
        site,
        lambda: site.api.create_dataset_export_job(
            jobName="x",
            datasetArn=INTERACTIONS,
            ingestionMode="ALL",
            roleArn=ROLE,
            jobOutput={"s3DataDestination": {"path": f"s3://{site.bucket}/x/"}},
        ),
        "datasetExportJobArn",
        arn(Kind.DATASET_EXPORT_JOB, "x"),
    )


@step
def delete_user(site: Site) -> None:
    made(
        site,
        lambda: site.api.create_data_deletion_job(
            jobName="d",
            datasetGroupArn=GROUP,
            dataSource={"dataLocation": f"s3://{site.bucket}/leaving.csv"},
            roleArn=ROLE,
        ),
        "dataDeletionJobArn",
        arn(Kind.DATA_DELETION_JOB, "d"),
    )


ATTRIBUTION = arn(Kind.METRIC_ATTRIBUTION, "m")


@step
def create_metric_attribution(site: Site) -> None:
    metrics = [{"eventType": "watch", "metricName": "n", "expression": "SAMPLECOUNT()"}]
    made(
        site,
        lambda: site.api.create_metric_attribution(
            name="m",
            datasetGroupArn=GROUP,
            metrics=metrics,
            metricsOutputConfig={"roleArn": ROLE},
        ),
        "metricAttributionArn",
        ATTRIBUTION,
    )


@step
def delete_all(site: Site) -> None:
    api = site.api
    gone(
        site,
        lambda: api.delete_metric_attribution(metricAttributionArn=ATTRIBUTION),
        ATTRIBUTION,
    )
    gone(site, lambda: api.delete_campaign(campaignArn=CAMPAIGN), CAMPAIGN)
    for recipe, job in (
        ("aws-popularity-count", arn(Kind.BATCH_INFERENCE_JOB, "b")),
        ("aws-item-affinity", arn(Kind.BATCH_SEGMENT_JOB, "s")),
    ):
        solution = arn(Kind.SOLUTION, recipe)
        gone(
            site,
            lambda solution=solution: api.delete_solution(solutionArn=solution),
            solution,
            job,
        )
    tracker = site.memo["tracker"]
    gone(site, lambda: api.delete_event_tracker(eventTrackerArn=tracker), tracker)
    gone(site, lambda: api.delete_filter(filterArn=FILTER), FILTER)
    site.remember(events=0, records=0)


@step
def delete_data(site: Site) -> None:
    api = site.api
    events = arn(Kind.DATASET, "g", "EVENT_INTERACTIONS")
    jobs = [arn(Kind.DATASET_IMPORT_JOB, each) for each in ("i1", "i2", "i3")]
    jobs += [arn(Kind.DATASET_EXPORT_JOB, "x"), arn(Kind.DATA_DELETION_JOB, "d")]
    for dataset in (events, ITEMS, INTERACTIONS):
        gone(site, lambda dataset=dataset: api.delete_dataset(datasetArn=dataset), dataset, *jobs)
    gone(site, lambda: api.delete_dataset_group(datasetGroupArn=GROUP), GROUP)
