from typing import Any

import pytest

from personalize_assets_tests.engine.operations.conftest import World, avro, refused
from personalize_assets_tests.engine.operations.serving import ARN, campaign, make_filter

START, DAY = 1_600_000_000, 86_400
ACTIONS = [
    {"name": "ACTION_ID", "type": "string"},
    {"name": "VALUE", "type": ["null", "long"]},
    {"name": "EXPIRATION_TIMESTAMP", "type": ["null", "long"]},
    {"name": "REPEAT_FREQUENCY", "type": ["long", "null"]},
    {"name": "CHANNEL", "type": ["string", "null"], "categorical": True},
]
ACTION_INTERACTIONS = [
    {"name": "USER_ID", "type": "string"},
    {"name": "ACTION_ID", "type": "string"},
    {"name": "EVENT_TYPE", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
]
# Of the engine's clock in tests, 2024-01-01.
NOW = 1_704_067_200


def bring(world: World, group: str, kind: str, fields: list[dict[str, Any]], text: str) -> str:
    name = kind.replace("_i", "I").replace("_", "")
    dataset = world.dataset(group, kind, world.schema(name, avro(name, fields)))
    job = world.import_text(dataset, text, kind)
    assert job["status"] == "ACTIVE", job
    return dataset


@pytest.fixture
def group(world: World) -> str:
    """Odd users take a1, even ones a2; the other actions were never offered."""
    group = world.filled_group()
    rows = ["a1,1,,,mail", "a2,2,,,call", "cheap,1,,,mail", f"dear,9,{NOW + DAY},,call"]
    rows += [f"over,9,{NOW - DAY},,mail"]
    text = "ACTION_ID,VALUE,EXPIRATION_TIMESTAMP,REPEAT_FREQUENCY,CHANNEL\n" + "\n".join(rows)
    bring(world, group, "Actions", ACTIONS, text + "\n")
    lines = ["USER_ID,ACTION_ID,EVENT_TYPE,TIMESTAMP"]
    for user in range(36):
        for step in range(30):
            liked = (user + step) % 2
            kind = "Taken" if user % 2 == liked else "Not Taken"
            lines.append(f"u{user},a{1 + liked},{kind},{START + DAY * step + user}")
    text = "\n".join(lines) + "\n"
    bring(world, group, "Action_Interactions", ACTION_INTERACTIONS, text)
    return group


def ask(world: World, arn: str, user: str, **more: Any) -> list[dict[str, Any]]:
    return world.engine.runtime.get_action_recommendations(campaignArn=arn, userId=user, **more)[
        "actionList"
    ]


def names(actions: list[dict[str, Any]]) -> list[str]:
    return [action["actionId"] for action in actions]


def test_get_action_recommendations__likeliest_first(world: World, group: str) -> None:
    arn = campaign(world, group, "aws-next-best-action")
    even = ask(world, arn, "u2")
    assert names(even)[2:] == ["dear", "cheap"]  # no data: the worthier first; "over" has expired
    assert [action["score"] for action in even][2:] == [0.0, 0.0]
    assert names(even)[:2] == ["a1", "a2"]
    assert names(ask(world, arn, "u3"))[:2] == ["a2", "a1"]
    assert all(0 < action["score"] <= 1 for action in even[:2])
    assert len(ask(world, arn, "nobody")) == 4
    assert len(ask(world, arn, "u2", numResults=1)) == 1
    world.engine.clock.advance(2 * DAY)
    assert "dear" not in names(ask(world, arn, "u2"))


def test_get_action_recommendations__filters_and_events(world: World, group: str) -> None:
    arn = campaign(world, group, "aws-next-best-action")
    calls = make_filter(world, group, "INCLUDE ActionID WHERE Actions.CHANNEL IN ($C)", "calls")
    found = ask(world, arn, "u2", filterArn=calls, filterValues={"C": '"call"'})
    assert set(names(found)) == {"a2", "dear"}
    viewed = 'EXCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ("Viewed")'
    seen = make_filter(world, group, viewed, "seen")
    assert len(ask(world, arn, "u2", filterArn=seen)) == 4
    datasets = world.api.list_datasets(datasetGroupArn=group)["datasets"]
    [dataset] = [
        each["datasetArn"] for each in datasets if each["datasetType"] == "ACTION_INTERACTIONS"
    ]
    tracking = world.api.describe_dataset(datasetArn=dataset)["dataset"]["trackingId"]
    world.engine.events.put_action_interactions(
        trackingId=tracking,
        actionInteractions=[
            {
                "actionId": "cheap",
                "userId": "u2",
                "sessionId": "s",
                "timestamp": NOW,
                "eventType": "VIEWED",
            }
        ],
    )
    assert set(names(ask(world, arn, "u2", filterArn=seen))) == {"a1", "a2", "dear"}


def test_get_action_recommendations__refuses(world: World, group: str) -> None:
    arn = campaign(world, group, "aws-next-best-action")
    items = make_filter(world, group, 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("a")')
    with refused("InvalidInput", "campaignArn is required"):
        world.engine.runtime.get_action_recommendations(userId="u1")
    with refused("InvalidInput", "was asked without userId"):
        world.engine.runtime.get_action_recommendations(campaignArn=arn)
    with refused("InvalidInput", "numResults must be at most 100, got 101"):
        ask(world, arn, "u1", numResults=101)
    with refused("InvalidInput", "is for ItemID; one for ActionID is needed"):
        ask(world, arn, "u1", filterArn=items)
    with refused("ResourceNotFound", "The given campaign does not exist"):
        ask(world, ARN + "campaign/x", "u1")
    with refused("InvalidInput", "a recipe of type PERSONALIZED_ACTIONS: use GetActionRecommend"):
        world.engine.runtime.get_recommendations(campaignArn=arn, userId="u1")
    popular = campaign(world, group, "aws-popularity-count")
    with refused("InvalidInput", "USER_PERSONALIZATION: use GetRecommendations"):
        ask(world, popular, "u1")
