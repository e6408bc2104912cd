"""Valid requests that make, change and remove what holds data: groups, schemas, datasets, jobs."""

from typing import Final

from personalize_assets.core.arns import Kind
from personalize_assets_tests.engine.requests.data import FIELDS, VIDEO_FIELDS, avro
from personalize_assets_tests.engine.requests.row import LONG_NAME, TAGS, Row
from personalize_assets_tests.engine.requests.world import (
    EMPTY,
    EXAMPLES,
    INTERACTIONS,
    ITEMS,
    MOVIES,
    ROLE,
    SPARE,
    Known,
    arn,
    long_key,
    s3,
)

KEY: Final = "arn:aws:kms:us-east-1:123456789012:key/" + "k" * 2009  # 2,048 characters
_LONG_SCHEMA: Final = avro("Items", VIDEO_FIELDS["Items"]).ljust(20_000)
_METRICS: Final = [
    {"eventType": "e" * 256, "metricName": f"{number}" + "m" * 255, "expression": expression}
    for number, expression in enumerate(
        ["SAMPLECOUNT()", "SUM(Items.PRICE)", "SUM(Interactions.EVENT_VALUE)".ljust(256)] * 3
    )
]


def rows(known: Known) -> list[Row]:
    """The rows."""
    return [*_groups_and_datasets(), *_jobs(), *_attribution(), *_removals(known)]


def _groups_and_datasets() -> list[Row]:
    return [
        Row(
            "CreateDatasetGroup",
            {"name": "g"},
            (
                {
                    "name": LONG_NAME,
                    "roleArn": ROLE,
                    "kmsKeyArn": KEY,
                    "domain": "ECOMMERCE",
                    "tags": TAGS,
                },
            ),
        ),
        Row(
            "CreateSchema",
            {"name": "s", "schema": avro("Users", FIELDS["Users"])},
            ({"name": LONG_NAME, "schema": _LONG_SCHEMA, "domain": "VIDEO_ON_DEMAND"},),
        ),
        Row(
            "CreateDataset",
            {
                "name": "d",
                "schemaArn": arn(Kind.SCHEMA, "Actions"),
                "datasetGroupArn": EMPTY,
                "datasetType": "actions",
            },
            (
                {
                    "name": LONG_NAME,
                    "schemaArn": arn(Kind.SCHEMA, "Users"),
                    "datasetGroupArn": SPARE,
                    "datasetType": "Users",
                    "tags": TAGS,
                },
            ),
            shown={"datasetType": str.upper},
        ),
        Row(
            "UpdateDataset",
            {"datasetArn": ITEMS, "schemaArn": arn(Kind.SCHEMA, "more-items")},
            (),
        ),
    ]


def _jobs() -> list[Row]:
    return [
        Row(
            "CreateDatasetImportJob",
            {
                "jobName": "j",
                "datasetArn": ITEMS,
                "dataSource": {"dataLocation": s3("Items.csv")},
            },
            (
                {
                    "jobName": LONG_NAME,
                    "datasetArn": INTERACTIONS,
                    "dataSource": {"dataLocation": s3(long_key("Interactions.csv"))},
                    "roleArn": ROLE,
                    "tags": TAGS,
                    "importMode": "INCREMENTAL",
                    "publishAttributionMetricsToS3": True,
                },
            ),
        ),
        Row(
            "CreateDatasetExportJob",
            {
                "jobName": "j",
                "datasetArn": ITEMS,
                "roleArn": ROLE,
                "jobOutput": {"s3DataDestination": {"path": s3("out/")}},
            },
            (
                {
                    "jobName": LONG_NAME,
                    "datasetArn": INTERACTIONS,
                    "ingestionMode": "ALL",
                    "roleArn": ROLE,
                    "jobOutput": {"s3DataDestination": {"path": s3("out/"), "kmsKeyArn": KEY}},
                    "tags": TAGS,
                },
            ),
        ),
        Row(
            "CreateDataDeletionJob",
            {
                "jobName": "j",
                "datasetGroupArn": MOVIES,
                "dataSource": {"dataLocation": s3("leaving.csv")},
                "roleArn": ROLE,
            },
            (
                {
                    "jobName": LONG_NAME,
                    "datasetGroupArn": MOVIES,
                    "dataSource": {"dataLocation": s3(long_key("leaving.csv"))},
                    "roleArn": ROLE,
                    "tags": TAGS,
                },
            ),
        ),
    ]


def _attribution() -> list[Row]:
    destination = {"path": s3("reports/"), "kmsKeyArn": KEY}
    output = {"s3DataDestination": destination, "roleArn": ROLE}
    last = {"eventType": "watch", "metricName": "last", "expression": "SAMPLECOUNT()"}
    return [
        Row(
            "CreateMetricAttribution",
            {
                "name": "m",
                "datasetGroupArn": SPARE,
                "metrics": _METRICS[:1],
                "metricsOutputConfig": {"roleArn": ROLE},
            },
            (
                {
                    "name": LONG_NAME,
                    "datasetGroupArn": SPARE,
                    "metrics": [*_METRICS, last],
                    "metricsOutputConfig": output,
                },
            ),
        ),
        Row(
            "UpdateMetricAttribution",
            {
                "metricAttributionArn": EXAMPLES[Kind.METRIC_ATTRIBUTION],
                "removeMetrics": ["movies-click"],
            },
            (
                {
                    "metricAttributionArn": EXAMPLES[Kind.METRIC_ATTRIBUTION],
                    "addMetrics": [*_METRICS, last],
                    "removeMetrics": ["movies-click", "movies-watch"],
                    "metricsOutputConfig": output,
                },
            ),
        ),
    ]


def _removals(known: Known) -> list[Row]:
    def only(operation: str, **request: str) -> Row:
        return Row(operation, dict(request), ())

    return [
        only("DeleteDatasetGroup", datasetGroupArn=EMPTY),
        only("DeleteDataset", datasetArn=arn(Kind.DATASET, "spare", "ITEMS")),
        only("DeleteSchema", schemaArn=arn(Kind.SCHEMA, "unused")),
        only("DeleteEventTracker", eventTrackerArn=known.trackers["movies"]),
        only("DeleteFilter", filterArn=EXAMPLES[Kind.FILTER]),
        only("DeleteMetricAttribution", metricAttributionArn=EXAMPLES[Kind.METRIC_ATTRIBUTION]),
        only("DeleteCampaign", campaignArn=EXAMPLES[Kind.CAMPAIGN]),
        only("DeleteSolution", solutionArn=arn(Kind.SOLUTION, "up")),
        only("DeleteRecommender", recommenderArn=EXAMPLES[Kind.RECOMMENDER]),
    ]
