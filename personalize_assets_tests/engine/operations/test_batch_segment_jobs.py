import json
from typing import Any

import pytest

from personalize_assets_tests.engine.operations.conftest import ROLE, World, refused
from personalize_assets_tests.engine.operations.test_batch_answers import (
    group_with_items,
    new_filter,
)

AFFINITY, ATTRIBUTES = "aws-item-affinity", "aws-item-attribute-affinity"


def start(world: World, version: str, name: str = "segment", **more: Any) -> str:
    request: dict[str, Any] = {
        "jobName": name,
        "solutionVersionArn": version,
        "jobInput": {"s3DataSource": {"path": f"s3://{world.bucket}/queries/"}},
        "jobOutput": {"s3DataDestination": {"path": f"s3://{world.bucket}/{name}/"}},
        "roleArn": ROLE,
    }
    return world.api.create_batch_segment_job(**request | more)["batchSegmentJobArn"]


def describe(world: World, arn: str) -> dict[str, Any]:
    return world.api.describe_batch_segment_job(batchSegmentJobArn=arn)["batchSegmentJob"]


def segments(world: World, version: str, lines: list[dict[str, Any]], **more: Any) -> list[Any]:
    world.put("queries/q.json", "\n".join(map(json.dumps, lines)))
    arn = start(world, version, **more)
    world.run()
    assert describe(world, arn)["status"] == "ACTIVE", describe(world, arn)
    return [json.loads(line) for line in world.get("segment/q.json.out").splitlines()]


@pytest.fixture
def group(world: World) -> str:
    group = group_with_items(world)
    users = world.dataset(group, "Users")
    text = "USER_ID,AGE\n" + "".join(f"u{n},{20 + n}\n" for n in range(36))
    assert world.import_text(users, text, "users")["status"] == "ACTIVE"
    return group


def version_of(world: World, group: str, recipe: str = AFFINITY) -> str:
    return world.version(world.solution(group, recipe))


def test_item_affinity__users_for_each_item(world: World, group: str) -> None:
    lines = [{"itemId": "i5"}, {"itemId": "nothing"}, {"userId": "u1"}]
    known, unknown, wrong = segments(world, version_of(world, group), lines, numResults=7)
    assert set(known) == {"input", "output", "error"}
    assert (known["input"], known["error"]) == ({"itemId": "i5"}, None)
    assert len(set(known["output"]["usersList"])) == 7
    assert unknown["output"] == {"usersList": []}
    assert unknown["error"].startswith("User error: the item 'nothing' was not in the data")
    assert wrong["error"].endswith("Required fields for the provided recipe are itemId")
    assert world.get("segment/_CHECK") == ""


def test_item_affinity__each_item_has_users_of_its_own(world: World, group: str) -> None:
    one, other = segments(
        world, version_of(world, group), [{"itemId": "i5"}, {"itemId": "i44"}], numResults=36
    )
    assert one["output"]["usersList"] != other["output"]["usersList"]
    assert len(set(one["output"]["usersList"])) == 36


def test_attribute_affinity__users_for_attributes(world: World, group: str) -> None:
    version = version_of(world, group, ATTRIBUTES)
    lines = [
        {"itemAttributes": 'ITEMS.genres = "Comedy" AND ITEMS.genres = "Crime"'},
        {"itemAttributes": "Items.YEAR = 1999"},
        {"itemAttributes": 'Items.genres = "Western"'},
        {"itemAttributes": 'Items.colour = "red"'},
        {"itemAttributes": 'Items.genres > "Comedy"'},
        {"itemAttributes": 'Items.PLOT = "a war"'},
    ]
    comedy, year, nothing, column, broken, text = segments(world, version, lines, numResults=5)
    assert len(comedy["output"]["usersList"]) == len(year["output"]["usersList"]) == 5
    assert nothing["error"] == 'User error: no item has the attributes Items.GENRES = "Western"'
    assert "the Items dataset has no field COLOUR; its fields are ITEM_ID" in column["error"]
    assert broken["error"].startswith("User error: ")
    assert "compared by =" in broken["error"]
    assert "PLOT" in text["error"]


def test_filter__on_users(world: World, group: str) -> None:
    version = version_of(world, group)
    chosen = new_filter(world, group, "INCLUDE UserID WHERE Users.AGE >= $LEAST")
    lines = [{"itemId": "i5", "filterValues": {"LEAST": "50"}}, {"itemId": "i5"}]
    old, missing = segments(world, version, lines, filterArn=chosen, numResults=36)
    assert set(old["output"]["usersList"]) == {f"u{n}" for n in range(30, 36)}
    assert "needs a value for $LEAST" in missing["error"]


def test_filter__on_what_candidates_did(world: World, group: str) -> None:
    version = version_of(world, group)
    chosen = new_filter(world, group, 'EXCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("watch")')
    [answer] = segments(world, version, [{"itemId": "i5"}], filterArn=chosen)
    assert answer["output"] == {"usersList": []}


def test_describe__shows_what_was_asked(world: World, group: str) -> None:
    version = version_of(world, group)
    arn = start(world, version)
    assert arn == "arn:aws:personalize:us-east-1:123456789012:batch-segment-job/segment"
    shown = describe(world, arn)
    assert shown["status"] == "CREATE PENDING"
    assert (shown["numResults"], shown["solutionVersionArn"]) == (25, version)
    listed = world.api.list_batch_segment_jobs(solutionVersionArn=version)["batchSegmentJobs"]
    assert [each["jobName"] for each in listed] == ["segment"]
    assert listed[0]["solutionVersionArn"] == version


def test_create__too_many_queries_in_a_file(world: World, group: str) -> None:
    version = version_of(world, group, ATTRIBUTES)
    line = json.dumps({"itemAttributes": "Items.YEAR = 1999"})
    world.put("queries/q.json", "\n".join([line] * 11))
    arn = start(world, version)
    world.run()
    job = describe(world, arn)
    assert job["status"] == "CREATE FAILED"
    assert "has more than 10 lines" in job["failureReason"]


def test_create__refuses(world: World, group: str) -> None:
    popular = world.version(world.solution(group, "aws-popularity-count"))
    with refused("InvalidInput", "aws-popularity-count cannot be used for batch segment jobs"):
        start(world, popular)
    version = version_of(world, group)
    with refused("InvalidInput", "aws-item-affinity cannot be used for batch inference jobs"):
        world.start_batch(version)
    with refused("InvalidInput", "numResults must be from 1 to 5000000, got 5000001"):
        start(world, version, numResults=5_000_001)
    with refused("InvalidInput", "that of a solution version is needed"):
        start(world, group)
    with refused("ResourceNotFound", "The given solution version does not exist"):
        start(world, f"{version[:-8]}deadbeef")
    for number in range(5):
        start(world, version, f"s{number}")
    with refused("LimitExceeded", "More than 5 resources with PENDING or IN_PROGRESS status."):
        start(world, version, "one-more")


def test_filter__on_interactions_with_attribute_affinity(world: World, group: str) -> None:
    version = version_of(world, group, ATTRIBUTES)
    chosen = new_filter(world, group, 'EXCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("watch")')
    with refused("InvalidInput", "aws-item-attribute-affinity does not take filters on Interac"):
        start(world, version, filterArn=chosen)
