"""What batch jobs answer: filters with values of each line, rankings, themes, several files."""

import json
from typing import Any

import pytest

from personalize_assets_tests.engine.operations.conftest import World, avro, refused

GENRES = ("Crime", "Drama", "Comedy|Crime", "War")
TEXTS = ("a spaceship meets aliens", "love in a small town", "robots and aliens fight", "a war")


def genres_of(item: str) -> set[str]:
    return set(GENRES[int(item.removeprefix("i")) % 4].split("|"))


def items_csv() -> str:
    rows = [f'i{n},{GENRES[n % 4]},{1980 + n},"Film {n}","{TEXTS[n % 4]}"' for n in range(80)]
    return "\n".join(["ITEM_ID,GENRES,YEAR,TITLE,PLOT", *rows]) + "\n"


def group_with_items(world: World) -> str:
    group = world.filled_group()
    fields = [
        {"name": "ITEM_ID", "type": "string"},
        {"name": "GENRES", "type": ["string", "null"], "categorical": True},
        {"name": "YEAR", "type": ["int", "null"]},
        {"name": "TITLE", "type": "string"},
        {"name": "PLOT", "type": ["string", "null"], "textual": True},
    ]
    dataset = world.dataset(group, "Items", world.schema(text=avro("Items", fields)))
    assert world.import_text(dataset, items_csv(), "items")["status"] == "ACTIVE"
    return group


def new_filter(world: World, group: str, expression: str) -> str:
    arn = world.api.create_filter(name="f", datasetGroupArn=group, filterExpression=expression)[
        "filterArn"
    ]
    world.run()
    return arn


def answers(world: World, version: str, lines: list[dict[str, Any]], **more: Any) -> list[Any]:
    """The answers to a file of queries; the job must succeed."""
    world.put("queries/q.json", "\n".join(map(json.dumps, lines)))
    arn = world.start_batch(version, **more)
    world.run()
    job = world.api.describe_batch_inference_job(batchInferenceJobArn=arn)["batchInferenceJob"]
    assert job["status"] == "ACTIVE", job
    return [json.loads(line) for line in world.get("batch/q.json.out").splitlines()]


def test_filter__values_of_each_line(world: World) -> None:
    group = group_with_items(world)
    version = world.version(world.solution(group, "aws-user-personalization"))
    chosen = new_filter(world, group, "INCLUDE ItemID WHERE Items.GENRES IN ($G)")
    lines = [
        {"userId": "u3", "filterValues": {"G": '"War"'}},
        {"userId": "u3", "filterValues": {"G": '"Comedy","Drama"'}},
        {"userId": "u3"},
        {"userId": "u3", "filterValues": {"X": '"War"', "G": '"War"'}},
    ]
    war, two, missing, unknown = answers(world, version, lines, filterArn=chosen)
    assert {genre for item in war["output"]["recommendedItems"] for genre in genres_of(item)} == {
        "War"
    }
    assert all(genres_of(item) & {"Comedy", "Drama"} for item in two["output"]["recommendedItems"])
    assert missing["error"].startswith("User error: The filter needs a value for $G")
    assert missing["output"] == {"recommendedItems": []}
    assert unknown["error"].startswith("User error: The filter has no parameter X")


def test_filter__what_a_user_did(world: World) -> None:
    group = group_with_items(world)
    version = world.version(world.solution(group, "aws-popularity-count"))
    chosen = new_filter(
        world, group, 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch", "click")'
    )
    [answer] = answers(world, version, [{"userId": "u1"}], filterArn=chosen, numResults=100)
    done = {f"i{(7 + step * 2) % 80}" for step in range(40)}
    served = set(answer["output"]["recommendedItems"])
    assert served == {f"i{n}" for n in range(80)} - done


def test_ranking__orders_the_list_of_the_line(world: World) -> None:
    version = world.version(world.solution(world.filled_group(), "aws-personalized-ranking"))
    given = ["i3", "unknown", "i40", "i7", "i3"]
    [answer, short] = answers(
        world,
        version,
        [{"userId": "u1", "itemList": given}, {"userId": "u1"}],
    )
    items, scores = answer["output"]["recommendedItems"], answer["output"]["scores"]
    assert items[-1] == "unknown"
    assert sorted(items) == sorted(set(given))
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] == 0
    assert sum(scores) == pytest.approx(1, abs=1e-6)
    assert short["error"].endswith("Required fields for the provided recipe are userId, itemList")


def test_batch__answers_as_a_campaign_does(world: World) -> None:
    version = world.version(world.solution(world.filled_group(), "aws-user-personalization"))
    campaign = world.api.create_campaign(name="c", solutionVersionArn=version)["campaignArn"]
    world.run()
    lines = [{"userId": user} for user in ("u1", "u2", "nobody")]
    for line, answer in zip(lines, answers(world, version, lines), strict=True):
        served = world.engine.runtime.get_recommendations(campaignArn=campaign, **line)["itemList"]
        assert answer["output"]["recommendedItems"] == [item["itemId"] for item in served]
        assert answer["output"]["scores"] == pytest.approx(
            [item["score"] for item in served], abs=2e-6
        )


def test_batch__sees_events_that_came_after_the_training(world: World) -> None:
    group = world.filled_group()
    version = world.version(world.solution(group, "aws-user-personalization"))
    tracker = world.api.create_event_tracker(name="t", datasetGroupArn=group)
    world.run()
    event = {"eventType": "watch", "eventValue": 5, "itemId": "i71", "sentAt": 1_700_000_000}
    world.engine.events.put_events(
        trackingId=tracker["trackingId"], userId="newcomer", sessionId="s", eventList=[event]
    )
    newcomer, nobody = answers(world, version, [{"userId": "newcomer"}, {"userId": "nobody"}])
    assert newcomer["output"] != nobody["output"]


def test_themes__name_what_items_have_in_common(world: World) -> None:
    group = group_with_items(world)
    version = world.version(world.solution(group, "aws-similar-items"))
    config = {"fieldsForThemeGeneration": {"itemName": "TITLE"}}
    [answer] = answers(
        world,
        version,
        [{"itemId": "i0"}],
        batchInferenceJobMode="THEME_GENERATION",
        themeGenerationConfig=config,
        numResults=8,
    )
    output = answer["output"]
    assert set(output) == {"recommendedItems", "theme", "itemsThemeRelevanceScores"}
    assert len(output["recommendedItems"]) == 8
    scores = output["itemsThemeRelevanceScores"]
    assert scores == sorted(scores, reverse=True)
    assert 0 < scores[0] <= 1
    assert output["theme"]


@pytest.mark.parametrize(
    ("item_name", "message"),
    [
        ("YEAR", "itemName must be a string column of the Items dataset, got 'YEAR'; it has ITEM_"),
        ("NAME", "itemName must be a string column of the Items dataset, got 'NAME'; it has ITEM_"),
        (None, "batchInferenceJobMode THEME_GENERATION needs themeGenerationConfig"),
    ],
)
def test_themes__refuses(world: World, item_name: str | None, message: str) -> None:
    version = world.version(world.solution(group_with_items(world), "aws-similar-items"))
    config = {"themeGenerationConfig": {"fieldsForThemeGeneration": {"itemName": item_name}}}
    with refused("InvalidInput", message):
        world.start_batch(
            version,
            batchInferenceJobMode="THEME_GENERATION",
            **(config if item_name else {}),
        )


def test_filter__of_another_group(world: World) -> None:
    version = world.version(world.solution(group_with_items(world), "aws-popularity-count"))
    other = world.group("other")
    world.dataset(other, "Items")
    chosen = new_filter(world, other, 'INCLUDE ItemID WHERE Items.GENRES IN ("War")')
    with refused("InvalidInput", "The filter belongs to another dataset group"):
        world.start_batch(version, filterArn=chosen)


def test_filter__for_users(world: World) -> None:
    group = group_with_items(world)
    world.dataset(group, "Users")
    version = world.version(world.solution(group, "aws-popularity-count"))
    chosen = new_filter(world, group, "INCLUDE UserID WHERE Users.AGE > 3")
    with refused("InvalidInput", "The job answers with items, but its filter is for UserID"):
        world.start_batch(version, filterArn=chosen)


def test_filter__not_active(world: World) -> None:
    group = group_with_items(world)
    version = world.version(world.solution(group, "aws-popularity-count"))
    chosen = world.api.create_filter(
        name="f", datasetGroupArn=group, filterExpression="INCLUDE ItemID WHERE Items.YEAR > 3"
    )["filterArn"]
    with refused("ResourceInUse", "The given filter must be ACTIVE, but its status is CREATE PEN"):
        world.start_batch(version, filterArn=chosen)


def test_version__latest_is_for_campaigns(world: World) -> None:
    solution = world.solution(world.filled_group(), "aws-popularity-count")
    world.version(solution)
    with refused("ResourceNotFound", "The given solution version does not exist"):
        world.start_batch(f"{solution}/$LATEST")
