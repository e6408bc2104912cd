"""Valid requests about what answers: campaigns, recommenders, filters, trackers, batch jobs."""

from typing import Any, Final

from personalize_assets.core.arns import Kind
from personalize_assets_tests.engine.requests.data_rows import KEY
from personalize_assets_tests.engine.requests.opening import Request
from personalize_assets_tests.engine.requests.row import LONG_NAME, TAGS, Row
from personalize_assets_tests.engine.requests.world import (
    EXAMPLES,
    MOVIES,
    ROLE,
    SPARE,
    VIDEOS,
    Known,
    arn,
    long_key,
    places,
    recipe,
    s3,
)

EXPLORATION: Final = {"explorationWeight": "1.0", "explorationItemAgeCutOff": "1"}
INFLUENCE: Final = {"POPULARITY": 1.0, "FRESHNESS": 0.0}
_FILTER: Final = 'EXCLUDE ItemID WHERE Items.GENRES IN ("{}")'
LONG_FILTER: Final = _FILTER.format("g" * (2_502 - len(_FILTER)))
_LATEST: Final = {
    "itemExplorationConfig": EXPLORATION,
    "enableMetadataWithRecommendations": True,
    "syncWithLatestSolutionVersion": True,
}
_RECOMMENDER: Final = {
    "itemExplorationConfig": EXPLORATION,
    "minRecommendationRequestsPerSecond": 2**31 - 1,
    "trainingDataConfig": {
        "excludedDatasetColumns": {"Interactions": ["DEVICE"]},
        "includedDatasetColumns": {"Items": ["GENRES", "PRICE"]},
    },
    "enableMetadataWithRecommendations": True,
}


def rows(known: Known) -> list[Row]:
    """The rows."""
    return [
        *_campaigns(known),
        *_recommenders(),
        *_filters_and_trackers(),
        *_batch(known),
        *_tags(),
    ]


def _campaigns(known: Known) -> list[Row]:
    semantic = known.versions["semantic"]
    return [
        Row(
            "CreateCampaign",
            {"name": "c", "solutionVersionArn": known.versions["popular"]},
            (
                {
                    "name": LONG_NAME,
                    "solutionVersionArn": arn(Kind.SOLUTION, "up") + "/$LATEST",
                    "minProvisionedTPS": 2**31 - 1,
                    "campaignConfig": _LATEST,
                    "tags": TAGS,
                },
                {
                    "name": LONG_NAME,
                    "solutionVersionArn": semantic,
                    "campaignConfig": {"rankingInfluence": INFLUENCE},
                },
            ),
        ),
        Row(
            "UpdateCampaign",
            {"campaignArn": EXAMPLES[Kind.CAMPAIGN], "minProvisionedTPS": 2},
            (
                {
                    "campaignArn": EXAMPLES[Kind.CAMPAIGN],
                    "solutionVersionArn": arn(Kind.SOLUTION, "v2") + "/$LATEST",
                    "minProvisionedTPS": 2**31 - 1,
                    "campaignConfig": _LATEST,
                },
                {
                    "campaignArn": arn(Kind.CAMPAIGN, "semantic"),
                    "solutionVersionArn": semantic,
                    "campaignConfig": {"rankingInfluence": INFLUENCE},
                },
            ),
        ),
    ]


def _recommenders() -> list[Row]:
    used = recipe("aws-vod-top-picks")
    return [
        Row(
            "CreateRecommender",
            {"name": "r", "datasetGroupArn": VIDEOS, "recipeArn": used},
            (
                {
                    "name": LONG_NAME,
                    "datasetGroupArn": VIDEOS,
                    "recipeArn": used,
                    "recommenderConfig": _RECOMMENDER,
                    "tags": TAGS,
                },
            ),
        ),
        Row(
            "UpdateRecommender",
            {
                "recommenderArn": EXAMPLES[Kind.RECOMMENDER],
                "recommenderConfig": {"minRecommendationRequestsPerSecond": 2},
            },
            (
                {
                    "recommenderArn": EXAMPLES[Kind.RECOMMENDER],
                    "recommenderConfig": _RECOMMENDER,
                },
            ),
        ),
        Row("StopRecommender", {"recommenderArn": EXAMPLES[Kind.RECOMMENDER]}, ()),
        Row("StartRecommender", {"recommenderArn": arn(Kind.RECOMMENDER, "stopped")}, ()),
    ]


def _filters_and_trackers() -> list[Row]:
    return [
        Row(
            "CreateFilter",
            {
                "name": "f",
                "datasetGroupArn": MOVIES,
                "filterExpression": 'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")',
            },
            (
                {
                    "name": LONG_NAME,
                    "datasetGroupArn": MOVIES,
                    "filterExpression": LONG_FILTER,
                    "tags": TAGS,
                },
            ),
        ),
        Row(
            "CreateEventTracker",
            {"name": "t", "datasetGroupArn": SPARE},
            ({"name": LONG_NAME, "datasetGroupArn": SPARE, "tags": TAGS},),
        ),
    ]


def _batch(known: Known) -> list[Row]:
    def job(version: str, queries: str, **members: Any) -> Request:
        source = {"path": s3(long_key(queries)), "kmsKeyArn": KEY}
        output = {"path": s3("out/"), "kmsKeyArn": KEY}
        return {
            "jobName": LONG_NAME,
            "solutionVersionArn": version,
            "jobInput": {"s3DataSource": source},
            "jobOutput": {"s3DataDestination": output},
            "roleArn": ROLE,
            "tags": TAGS,
            **members,
        }

    versions = known.versions
    themes = {"fieldsForThemeGeneration": {"itemName": "TITLE"}}
    return [
        Row(
            "CreateBatchInferenceJob",
            {"jobName": "b", "solutionVersionArn": versions["v2"], **places("out", "users.json")},
            (
                job(
                    versions["v2"],
                    "users.json",
                    filterArn=EXAMPLES[Kind.FILTER],
                    numResults=500,
                    batchInferenceJobConfig={"itemExplorationConfig": EXPLORATION},
                    batchInferenceJobMode="BATCH_INFERENCE",
                ),
                job(
                    versions["semantic"],
                    "items.json",
                    batchInferenceJobConfig={"rankingInfluence": INFLUENCE},
                ),
                job(
                    versions["similar"],
                    "items.json",
                    numResults=100,
                    batchInferenceJobMode="THEME_GENERATION",
                    themeGenerationConfig=themes,
                ),
            ),
        ),
        Row(
            "CreateBatchSegmentJob",
            {
                "jobName": "b",
                "solutionVersionArn": versions["affinity"],
                **places("out", "items.json"),
            },
            (
                job(
                    versions["affinity"],
                    "items.json",
                    filterArn=arn(Kind.FILTER, "gold"),
                    numResults=5_000_000,
                ),
            ),
        ),
    ]


def _tags() -> list[Row]:
    group = {"resourceArn": EXAMPLES[Kind.DATASET_GROUP]}
    return [
        Row("TagResource", {**group, "tags": []}, ({**group, "tags": TAGS},)),
        Row(
            "UntagResource",
            {**group, "tagKeys": []},
            ({**group, "tagKeys": [tag["tagKey"] for tag in TAGS]},),
        ),
        Row("ListTagsForResource", group, ()),
    ]
