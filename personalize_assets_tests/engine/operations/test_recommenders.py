"""The whole life of recommenders; `test_recipes` of the recipes test what each use case learns."""

from typing import Any

import pytest

from personalize_assets_tests.engine.operations.conftest import (
    RECIPE,
    World,
    avro,
    interactions_csv,
    refused,
)

POPULAR = "aws-vod-most-popular"
TOP_PICKS = "aws-vod-top-picks"
UPDATE = "latestRecommenderUpdate"
METRICS = {
    "coverage",
    "mean_reciprocal_rank_at_25",
    "normalized_discounted_cumulative_gain_at_5",
    "normalized_discounted_cumulative_gain_at_10",
    "normalized_discounted_cumulative_gain_at_25",
    "precision_at_5",
    "precision_at_10",
    "precision_at_25",
}
ITEM_FIELDS = [
    {"name": "ITEM_ID", "type": "string"},
    {"name": "CREATION_TIMESTAMP", "type": "long"},
    {"name": "GENRES", "type": "string", "categorical": True},
    {"name": "PRICE", "type": ["float", "null"]},
]


def domain_group(world: World, name: str = "video", text: str | None = None) -> str:
    """A group of video on demand with interactions, of which three quarters are of type watch."""
    group = world.group(name, domain="VIDEO_ON_DEMAND")
    schema = world.schema("Interactions", avro("Interactions"), domain="VIDEO_ON_DEMAND")
    job = world.import_text(
        world.dataset(group, schema=schema), text or interactions_csv(), f"{name}-job"
    )
    assert job["status"] == "ACTIVE", job
    return group


def items_dataset(world: World, group: str) -> str:
    schema = world.schema("Items", avro("Items", ITEM_FIELDS), domain="VIDEO_ON_DEMAND")
    return world.dataset(group, "Items", schema)


def start(world: World, group: str, recipe: str = POPULAR, name: str = "r", **more: Any) -> str:
    return world.api.create_recommender(
        name=name, datasetGroupArn=group, recipeArn=RECIPE + recipe, **more
    )["recommenderArn"]


def made(world: World, group: str, recipe: str = POPULAR, name: str = "r", **more: Any) -> str:
    arn = start(world, group, recipe, name, **more)
    world.run()
    return arn


def describe(world: World, arn: str) -> dict[str, Any]:
    return world.api.describe_recommender(recommenderArn=arn)["recommender"]


def status(world: World, arn: str) -> str:
    return describe(world, arn)["status"]


def test_create_recommender__trains_and_measures(world: World) -> None:
    group = domain_group(world)
    arn = start(world, group)
    assert arn == "arn:aws:personalize:us-east-1:123456789012:recommender/r"
    shown = describe(world, arn)
    assert (shown["status"], "modelMetrics" in shown) == ("CREATE PENDING", False)
    world.run()
    shown = describe(world, arn)
    metrics = shown.pop("modelMetrics")
    assert set(metrics) == METRICS
    assert all(0 <= value <= 1 for value in metrics.values())
    assert {name: shown[name] for name in shown if "DateTime" not in name} == {
        "name": "r",
        "recommenderArn": arn,
        "datasetGroupArn": group,
        "recipeArn": RECIPE + POPULAR,
        "recommenderConfig": {"minRecommendationRequestsPerSecond": 1},
        "status": "ACTIVE",
    }
    [summary] = world.api.list_recommenders(datasetGroupArn=group)["recommenders"]
    assert set(summary) == {
        "name",
        "recommenderArn",
        "datasetGroupArn",
        "recipeArn",
        "recommenderConfig",
        "status",
        "creationDateTime",
        "lastUpdatedDateTime",
    }


def test_create_recommender__keeps_configuration_and_tags(world: World) -> None:
    group = domain_group(world)
    items_dataset(world, group)
    config = {
        "itemExplorationConfig": {"explorationWeight": "0.50", "explorationItemAgeCutOff": "7"},
        "minRecommendationRequestsPerSecond": 3,
        "trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["PRICE"]}},
        "enableMetadataWithRecommendations": True,
    }
    tag = {"tagKey": "team", "tagValue": "film"}
    arn = start(world, group, TOP_PICKS, recommenderConfig=config, tags=[tag])
    assert describe(world, arn)["recommenderConfig"] == config
    assert world.api.list_tags_for_resource(resourceArn=arn)["tags"] == [tag]


def test_create_recommender__too_few_events_of_the_use_case(world: World) -> None:
    group = domain_group(world, text=interactions_csv(n_users=26).replace("watch", "Rent"))
    arn = made(world, group)
    shown = describe(world, arn)
    assert (shown["status"], shown["failureReason"]) == (
        "CREATE FAILED",
        "Dataset has fewer than 1000 interactions after filtering by event type: Watch",
    )
    [summary] = world.api.list_recommenders()["recommenders"]
    assert summary["status"] == "CREATE FAILED"
    with refused("ResourceInUse", "must be ACTIVE, but its status is CREATE FAILED"):
        world.api.stop_recommender(recommenderArn=arn)
    world.api.delete_recommender(recommenderArn=arn)


def test_create_recommender__without_the_required_items(world: World) -> None:
    arn = made(world, domain_group(world), "aws-vod-more-like-x")
    assert describe(world, arn)["failureReason"] == (
        "Create failed. The recipe aws-vod-more-like-x needs data in the datasets Interactions, "
        "Items; there are none in: Items."
    )


def test_create_recommender__without_any_data(world: World) -> None:
    arn = made(world, world.group("empty", domain="ECOMMERCE"), "aws-ecomm-recommended-for-you")
    assert describe(world, arn)["failureReason"] == (
        "Dataset has fewer than 1000 interactions: the dataset group has none"
    )


@pytest.mark.parametrize(
    ("recipe", "config", "message"),
    [
        ("aws-sims", {}, "The recipe aws-sims is no use case of the domain VIDEO_ON_DEMAND, which"),
        (
            "aws-ecomm-recommended-for-you",
            {},
            "is no use case of the domain VIDEO_ON_DEMAND, which has: aws-vod-because-you-watched-x"
            ", aws-vod-more-like-x, aws-vod-most-popular, aws-vod-trending-now, aws-vod-top-picks",
        ),
        (
            POPULAR,
            {"itemExplorationConfig": {"explorationWeight": "0.1"}},
            "aws-vod-most-popular does not take itemExplorationConfig",
        ),
        (
            TOP_PICKS,
            {"itemExplorationConfig": {"explorationWeight": "1.1"}},
            "itemExplorationConfig.explorationWeight must be a number from 0.0 to 1.0 as a string",
        ),
        (
            TOP_PICKS,
            {"trainingDataConfig": {"excludedDatasetColumns": {"INTERACTIONS": ["EVENT_TYPE"]}}},
            "recommenderConfig.trainingDataConfig.excludedDatasetColumns: EVENT_TYPE cannot be exc",
        ),
        (
            TOP_PICKS,
            {"trainingDataConfig": {"excludedDatasetColumns": {"INTERACTIONS": ["DEVICE"]}}},
            "the INTERACTIONS dataset has no column DEVICE; it has USER_ID, ITEM_ID, EVENT_TYPE",
        ),
    ],
)
def test_create_recommender__refuses(
    world: World, recipe: str, config: dict[str, Any], message: str
) -> None:
    group = domain_group(world)
    with refused("InvalidInput", message):
        start(world, group, recipe, recommenderConfig=config)


def test_create_recommender__in_a_custom_group(world: World) -> None:
    with refused("InvalidInput", "Only domain dataset groups have recommenders"):
        start(world, world.group())


def test_create_recommender__parent_pending_unknown_or_of_another_kind(world: World) -> None:
    group = world.api.create_dataset_group(name="v", domain="VIDEO_ON_DEMAND")["datasetGroupArn"]
    with refused("ResourceInUse", "must be ACTIVE, but its status is CREATE PENDING"):
        start(world, group)
    for arn in (group + "x", group.replace("123456789012", "999999999999")):
        with refused("ResourceNotFound", f"The given dataset group does not exist: {arn}"):
            start(world, arn)
    with refused("InvalidInput", "that of a dataset group is needed"):
        start(world, RECIPE + POPULAR)
    world.run()
    with refused("ResourceNotFound", f"The given recipe does not exist: {RECIPE}aws-vod-x"):
        start(world, group, "aws-vod-x")
    with refused("InvalidInput", "that of a recipe is needed"):
        world.api.create_recommender(name="r", datasetGroupArn=group, recipeArn=group)


def test_create_recommender__name_is_taken(world: World) -> None:
    group = domain_group(world)
    start(world, group)
    with refused("ResourceAlreadyExists", "recommender/r already exists."):
        start(world, group, TOP_PICKS)


def test_create_recommender__sixth_of_a_group(world: World) -> None:
    group = domain_group(world)
    for number in range(5):
        start(world, group, name=f"r{number}")
    with refused("LimitExceeded", "The dataset group has 5, the most is 5"):
        start(world, group, name="r5")


def test_stop_and_start__keep_the_model(world: World) -> None:
    arn = made(world, domain_group(world))
    artifact = world.hidden(arn)["artifact"]
    assert world.api.stop_recommender(recommenderArn=arn)["recommenderArn"] == arn
    assert status(world, arn) == "STOP PENDING"
    with refused("ResourceInUse", "must be ACTIVE, but its status is STOP PENDING"):
        world.api.stop_recommender(recommenderArn=arn)
    world.run()
    assert status(world, arn) == "INACTIVE"
    world.pass_time(days=30)
    with refused("ResourceInUse", "must be ACTIVE, but its status is INACTIVE"):
        world.api.update_recommender(
            recommenderArn=arn, recommenderConfig={"minRecommendationRequestsPerSecond": 2}
        )
    assert world.api.start_recommender(recommenderArn=arn)["recommenderArn"] == arn
    assert status(world, arn) == "START PENDING"
    world.run()
    assert status(world, arn) == "ACTIVE"
    assert world.hidden(arn)["artifact"] == artifact
    with refused("ResourceInUse", "must be INACTIVE, but its status is ACTIVE"):
        world.api.start_recommender(recommenderArn=arn)


def test_retraining__every_seven_days_while_it_is_active(world: World) -> None:
    arn = made(world, domain_group(world))
    models = [world.hidden(arn)["artifact"]]
    for days in (6, 1, 7):
        world.pass_time(days=days)
        models.append(world.hidden(arn)["artifact"])
    assert [models.index(path) for path in models] == [0, 0, 2, 3]
    world.api.stop_recommender(recommenderArn=arn)
    world.run()
    world.api.start_recommender(recommenderArn=arn)
    world.run()
    world.pass_time(days=6)
    assert world.hidden(arn)["artifact"] == models[-1]
    world.pass_time(days=1)
    assert world.hidden(arn)["artifact"] != models[-1]
    jobs = world.engine.store.jobs.of(arn, {"pending"})
    assert [job.kind for job in jobs].count("retrain") == 1


def test_update_recommender__of_columns_trains_anew(world: World) -> None:
    group = domain_group(world)
    items = items_dataset(world, group)
    lines = [f"i{number},{number},A,1.5" for number in range(80)]
    world.import_text(
        items, "ITEM_ID,CREATION_TIMESTAMP,GENRES,PRICE\n" + "\n".join(lines), "items"
    )
    arn = made(world, group)
    before = world.hidden(arn)["artifact"]
    config = {"trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["PRICE"]}}}
    answer = world.api.update_recommender(recommenderArn=arn, recommenderConfig=config)
    assert answer["recommenderArn"] == arn
    shown = describe(world, arn)
    assert (shown["status"], shown[UPDATE]["status"]) == ("ACTIVE", "CREATE PENDING")
    assert shown["recommenderConfig"] == {"minRecommendationRequestsPerSecond": 1}
    for call in (world.api.stop_recommender, world.api.delete_recommender):
        with refused("ResourceInUse", "while an update is in progress"):
            call(recommenderArn=arn)
    with refused("ResourceInUse", "cannot be updated while an update is in progress"):
        world.api.update_recommender(recommenderArn=arn, recommenderConfig=config)
    world.run()
    shown = describe(world, arn)
    wanted = {"minRecommendationRequestsPerSecond": 1, **config}
    assert shown["recommenderConfig"] == shown[UPDATE]["recommenderConfig"] == wanted
    assert shown[UPDATE]["status"] == "ACTIVE"
    assert world.hidden(arn)["artifact"] != before


def test_update_recommender__of_capacity_keeps_the_model_and_the_rest(world: World) -> None:
    arn = made(world, domain_group(world))
    artifact = world.hidden(arn)["artifact"]
    config = {"minRecommendationRequestsPerSecond": 4}
    world.api.update_recommender(recommenderArn=arn, recommenderConfig=config)
    world.run()
    world.api.update_recommender(
        recommenderArn=arn, recommenderConfig={"enableMetadataWithRecommendations": True}
    )
    world.run()
    assert describe(world, arn)["recommenderConfig"] == {
        "minRecommendationRequestsPerSecond": 4,
        "enableMetadataWithRecommendations": True,
    }
    assert world.hidden(arn)["artifact"] == artifact


def test_update_recommender__that_changes_nothing_is_none(world: World) -> None:
    arn = made(world, domain_group(world))
    config = {"minRecommendationRequestsPerSecond": 1}
    world.api.update_recommender(recommenderArn=arn, recommenderConfig=config)
    assert UPDATE not in describe(world, arn)


def test_update_recommender__that_fails_leaves_it_as_it_was(world: World) -> None:
    group = domain_group(world)
    arn = made(world, group)
    before = describe(world, arn)
    few = interactions_csv(n_users=26).replace("watch", "Rent")
    world.import_text(group.replace("dataset-group", "dataset") + "/INTERACTIONS", few, "few")
    config = {"trainingDataConfig": {"includedDatasetColumns": {"INTERACTIONS": ["EVENT_VALUE"]}}}
    world.api.update_recommender(recommenderArn=arn, recommenderConfig=config)
    world.run()
    shown = describe(world, arn)
    update = shown.pop(UPDATE)
    assert shown == before
    assert (update["status"], update["failureReason"]) == (
        "CREATE FAILED",
        "Dataset has fewer than 1000 interactions after filtering by event type: Watch",
    )
    world.api.update_recommender(
        recommenderArn=arn, recommenderConfig={"minRecommendationRequestsPerSecond": 2}
    )
    world.run()
    assert describe(world, arn)[UPDATE]["status"] == "ACTIVE"
    assert "failureReason" not in describe(world, arn)[UPDATE]


def test_delete_recommender__when_active_or_stopped(world: World) -> None:
    group = domain_group(world)
    active, stopped = made(world, group, name="a"), made(world, group, name="b")
    world.api.stop_recommender(recommenderArn=stopped)
    world.run()
    for arn in (active, stopped):
        world.api.delete_recommender(recommenderArn=arn)
        assert status(world, arn) == "DELETE PENDING"
        world.run()
        with refused("ResourceNotFound", f"The given recommender does not exist: {arn}"):
            world.api.describe_recommender(recommenderArn=arn)
    world.engine.store.sweep(temporary=False)
    assert not list((world.engine.store.artifacts.root / "models").rglob("*.json"))


def test_delete_recommender__in_training(world: World) -> None:
    arn = start(world, domain_group(world))
    with refused("ResourceInUse", "cannot be deleted while its status is CREATE PENDING"):
        world.api.delete_recommender(recommenderArn=arn)


@pytest.mark.parametrize(
    "operation",
    ["describe_recommender", "start_recommender", "stop_recommender", "delete_recommender"],
)
def test_recommender__unknown_or_of_another_kind(world: World, operation: str) -> None:
    call = getattr(world.api, operation)
    arn = "arn:aws:personalize:us-east-1:123456789012:recommender/unknown"
    with refused("ResourceNotFound", f"The given recommender does not exist: {arn}"):
        call(recommenderArn=arn)
    with refused("InvalidInput", "is the ARN of a recipe; that of a recommender is needed"):
        call(recommenderArn=RECIPE + POPULAR)


def test_list_recommenders__of_a_group(world: World) -> None:
    one, two = domain_group(world, "one"), domain_group(world, "two")
    mine = start(world, one, name="mine")
    start(world, two, name="other")
    [summary] = world.api.list_recommenders(datasetGroupArn=one)["recommenders"]
    assert summary["recommenderArn"] == mine
    assert len(world.api.list_recommenders()["recommenders"]) == 2
    page = world.api.list_recommenders(maxResults=1)
    rest = world.api.list_recommenders(maxResults=1, nextToken=page["nextToken"])
    assert page["recommenders"] != rest["recommenders"]
    assert "nextToken" not in rest
