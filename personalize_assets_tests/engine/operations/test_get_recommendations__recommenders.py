from typing import Any

import pytest

from personalize_assets_tests.engine.operations.conftest import (
    RECIPE,
    World,
    avro,
    interactions_csv,
    refused,
)
from personalize_assets_tests.engine.operations.serving import ARN, ids

TIME = 1_800_000_000


@pytest.fixture
def group(world: World) -> str:
    """Videos; three of four events are of type watch, the others of type click."""
    group = world.group("video", domain="VIDEO_ON_DEMAND")
    schema = world.schema("Interactions", avro("Interactions"), domain="VIDEO_ON_DEMAND")
    dataset = world.dataset(group, schema=schema)
    assert world.import_text(dataset, interactions_csv())["status"] == "ACTIVE"
    return group


def recommender(world: World, group: str, use_case: str, **config: Any) -> str:
    arn = world.api.create_recommender(
        name=use_case,
        datasetGroupArn=group,
        recipeArn=RECIPE + use_case,
        recommenderConfig={"minRecommendationRequestsPerSecond": 1, **config},
    )["recommenderArn"]
    world.run()
    return arn


def ask(world: World, arn: str, **more: Any) -> list[dict[str, Any]]:
    return world.engine.runtime.get_recommendations(recommenderArn=arn, **more)["itemList"]


def test_get_recommendations__top_picks_without_what_was_watched(world: World, group: str) -> None:
    quiet = {"itemExplorationConfig": {"explorationWeight": "0"}}
    arn = recommender(world, group, "aws-vod-top-picks", **quiet)
    tracker = world.api.create_event_tracker(name="t", datasetGroupArn=group)["trackingId"]
    world.run()
    before = ask(world, arn, userId="new", numResults=5)
    assert {tuple(item) for item in before} == {("itemId",)}
    event = {"eventType": "Watch", "sentAt": TIME, "itemId": before[0]["itemId"]}
    world.engine.events.put_events(
        trackingId=tracker, userId="new", sessionId="s", eventList=[event]
    )
    assert ids(before)[0] not in ids(ask(world, arn, userId="new", numResults=80))
    with refused("InvalidInput", "Required fields for the provided recipe are userId"):
        ask(world, arn)


def test_get_recommendations__because_you_watched(world: World, group: str) -> None:
    arn = recommender(world, group, "aws-vod-because-you-watched-x")
    # u0 watched three quarters of i0 to i39, and only clicked on the others.
    watched = {f"i{at}" for at in range(40) if at % 4}
    found = set(ids(ask(world, arn, userId="u0", itemId="i3", numResults=80)))
    assert found
    assert not found & watched
    with refused("InvalidInput", "are userId, itemId; aws-vod-because-you-watched-x was asked wi"):
        ask(world, arn, userId="u0")


def test_get_recommendations__trending_needs_nothing(world: World, group: str) -> None:
    arn = recommender(world, group, "aws-vod-trending-now")
    assert len(ask(world, arn)) == 25


def test_get_recommendations__stopped_recommender(world: World, group: str) -> None:
    arn = recommender(world, group, "aws-vod-most-popular")
    assert ask(world, arn, userId="u1")
    world.api.stop_recommender(recommenderArn=arn)
    world.run()
    with refused("InvalidInput", "recommender must be ACTIVE, but its status is INACTIVE"):
        ask(world, arn, userId="u1")
    world.api.start_recommender(recommenderArn=arn)
    world.run()
    assert ask(world, arn, userId="u1")
    with refused("ResourceNotFound", "The given recommender does not exist"):
        ask(world, ARN + "recommender/x", userId="u1")
    with refused("InvalidInput", "that of a campaign is needed"):
        world.engine.runtime.get_recommendations(campaignArn=arn, userId="u1")
