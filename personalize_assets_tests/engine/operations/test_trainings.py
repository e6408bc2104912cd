"""Every recipe trained through the API on the data it needs, and what solutions pass on."""

from typing import Any

import pyarrow.parquet as pq
import pytest

from personalize_assets.recipes.registry import RECIPES
from personalize_assets_tests.engine.operations.conftest import World, avro, refused

USUAL = {
    "coverage",
    "mean_reciprocal_rank_at_25",
    "normalized_discounted_cumulative_gain_at_5",
    "normalized_discounted_cumulative_gain_at_10",
    "normalized_discounted_cumulative_gain_at_25",
    "precision_at_5",
    "precision_at_10",
    "precision_at_25",
}
SEGMENTS = {"coverage", "hits_at_1_percent", "recall_at_1_percent"}
ACTIONS = {"coverage", "precision", "recall", "auc"} | {
    f"normalized_discounted_cumulative_gain_at_{k}" for k in (5, 10, 25)
}
EXTRA = {
    "aws-trending-now": {"trend_prediction_accuracy"},
    "aws-vod-trending-now": {"trend_prediction_accuracy"},
    "aws-semantic-similarity": {"item_popularity", "item_freshness", "item_similarity"},
}
ITEMS = [
    {"name": "ITEM_ID", "type": "string"},
    {"name": "TITLE", "type": "string", "itemName": True},
    {"name": "PLOT", "type": "string", "textual": True},
    {"name": "GENRES", "type": "string", "categorical": True},
    {"name": "PRICE", "type": "float"},
    {"name": "CREATION_TIMESTAMP", "type": "long"},
]
ACTION_INTERACTIONS = [
    {"name": "USER_ID", "type": "string"},
    {"name": "ACTION_ID", "type": "string"},
    {"name": "EVENT_TYPE", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
]
SHOP_ITEMS = [
    {"name": "ITEM_ID", "type": "string"},
    {"name": "PRICE", "type": "float"},
    {"name": "CATEGORY_L1", "type": "string", "categorical": True},
]
VIDEO_ITEMS = [
    {"name": "ITEM_ID", "type": "string"},
    {"name": "CREATION_TIMESTAMP", "type": "long"},
    {"name": "GENRES", "type": "string", "categorical": True},
]
START, DAY = 1_600_000_000, 86_400
_WORDS = ("ship", "robot", "moon", "love", "house", "law", "war")


def events(*types: str) -> str:
    """2,400 events of 40 users, the types by turns: each has 1,000 of them if there are two."""
    lines = ["USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP"]
    for user in range(40):
        for step in range(60):
            item = (user * 7 + step * (1 + user % 3)) % 50
            kind = types[step % len(types)]
            moment = START + DAY * (step // 4) + 600 * (step % 4) + user
            lines.append(f"u{user},i{item},{kind},{step % 5},{moment}")
    return "\n".join(lines) + "\n"


def items_csv(columns: list[dict[str, Any]]) -> str:
    """50 items with a value for each column."""
    names = [column["name"] for column in columns]
    lines = [",".join(names)]
    for item in range(50):
        values = {
            "ITEM_ID": f"i{item}",
            "TITLE": f"{_WORDS[item % 7]} {item}",
            "PLOT": f"{_WORDS[item % 5]} and {_WORDS[item % 3]}",
            "GENRES": f"g{item % 4}|g{item % 3}",
            "CATEGORY_L1": f"g{item % 4}",
            "PRICE": f"{item % 9}.5",
            "CREATION_TIMESTAMP": str(START + item),
        }
        lines.append(",".join(values[name] for name in names))
    return "\n".join(lines) + "\n"


def bring(
    world: World, group: str, kind: str, fields: list[dict[str, Any]] | None, text: str, **more: Any
) -> None:
    schema = world.schema(kind.replace("_", ""), avro(kind.replace("_", ""), fields), **more)
    dataset = world.dataset(group, kind, schema)
    assert world.import_text(dataset, text, f"of-{kind}")["status"] == "ACTIVE"


def custom_group(world: World) -> str:
    """Interactions, items and users; a third of the events are clicks."""
    group = world.group()
    bring(world, group, "Interactions", None, events("watch", "watch", "click"))
    bring(world, group, "Items", ITEMS, items_csv(ITEMS))
    users = "\n".join(f"u{user},{20 + user}" for user in range(40))
    bring(world, group, "Users", None, f"USER_ID,AGE\n{users}\n")
    return group


def bring_actions(world: World, group: str) -> None:
    bring(world, group, "Actions", None, "ACTION_ID,PRICE\na1,1.5\na2,2.5\nnever,3.5\n")
    lines = ["USER_ID,ACTION_ID,EVENT_TYPE,TIMESTAMP"]
    for user in range(40):
        for step in range(30):
            liked = (user + step) % 2
            kind = "Taken" if user % 2 == liked else "Not Taken"
            lines.append(f"u{user},a{1 + liked},{kind},{START + DAY * step + user}")
    text = "\n".join(lines) + "\n"
    bring(world, group, "Action_Interactions", ACTION_INTERACTIONS, text)


def metrics_of(world: World, version: str) -> dict[str, float]:
    shown = world.api.describe_solution_version(solutionVersionArn=version)["solutionVersion"]
    assert shown["status"] == "ACTIVE", shown
    return world.api.get_solution_metrics(solutionVersionArn=version)["metrics"]


def test_training__of_every_custom_recipe(world: World) -> None:
    group = custom_group(world)
    found: dict[str, set[str]] = {}
    names = [spec.name for spec in RECIPES.values() if spec.domain is None]
    for name in names:
        if name == "aws-next-best-action":
            bring_actions(world, group)
        solution = world.solution(group, name, performAutoTraining=False)
        metrics = metrics_of(world, world.version(solution))
        assert all(value >= 0 for value in metrics.values()), (name, metrics)
        found[name] = set(metrics)
        world.api.delete_solution(solutionArn=solution)  # a group has ten at most
        world.pass_time(seconds=6)
    actions = found.pop("aws-next-best-action")
    assert actions == ACTIONS
    assert found == {
        name: SEGMENTS
        if RECIPES[name].recipe_type == "USER_SEGMENTATION"
        else USUAL | EXTRA.get(name, set())
        for name in found
    }


@pytest.mark.parametrize(
    ("domain", "items", "types"),
    [
        ("ECOMMERCE", SHOP_ITEMS, ("View", "Purchase")),
        ("VIDEO_ON_DEMAND", VIDEO_ITEMS, ("WATCH", "click")),
    ],
)
def test_training__of_every_use_case(
    world: World, domain: str, items: list[dict[str, Any]], types: tuple[str, ...]
) -> None:
    group = world.group("shop", domain=domain)
    bring(world, group, "Interactions", None, events(*types), domain=domain)
    bring(world, group, "Items", items, items_csv(items), domain=domain)
    names = [spec.name for spec in RECIPES.values() if spec.domain == domain]
    assert len(names) == 5
    for name in names:
        arn = world.api.create_recommender(
            name=name,
            datasetGroupArn=group,
            recipeArn=f"arn:aws:personalize:::recipe/{name}",
        )["recommenderArn"]
        world.run()
        shown = world.api.describe_recommender(recommenderArn=arn)["recommender"]
        assert shown["status"] == "ACTIVE", shown
        assert set(shown["modelMetrics"]) == USUAL | EXTRA.get(name, set()), name


def test_training__objective_and_event_weights_add_their_metrics(world: World) -> None:
    group = custom_group(world)
    objective = {"itemAttribute": "price", "objectiveSensitivity": "HIGH"}
    solution = world.solution(
        group, "aws-user-personalization", solutionConfig={"optimizationObjective": objective}
    )
    assert set(metrics_of(world, world.version(solution))) == USUAL | {"average_rewards_at_k"}
    weights = [
        {"eventType": "watch", "weight": 0.25, "eventValueThreshold": 1.0},
        {"eventType": "click", "weight": 1.0},
    ]
    solution = world.solution(
        group,
        "aws-personalized-ranking-v2",
        solutionConfig={"eventsConfig": {"eventParametersList": weights}},
    )
    assert set(metrics_of(world, world.version(solution))) == USUAL | {
        "normalized_discounted_cumulative_gain_with_event_weights_at_k"
    }


def test_training__objective_that_is_no_column(world: World) -> None:
    group = custom_group(world)
    config = {"optimizationObjective": {"itemAttribute": "RATING", "objectiveSensitivity": "LOW"}}
    with refused("InvalidInput", "must be a column of the ITEMS dataset that holds numbers"):
        world.solution(group, "aws-user-personalization", solutionConfig=config)


def test_training__fails_for_columns_that_are_excluded(world: World) -> None:
    solution = world.solution(
        custom_group(world),
        "aws-semantic-similarity",
        solutionConfig={"trainingDataConfig": {"excludedDatasetColumns": {"Items": ["plot"]}}},
    )
    version = world.api.describe_solution_version(solutionVersionArn=world.version(solution))
    assert (
        version["solutionVersion"]["failureReason"]
        == "Create failed. The recipe aws-semantic-similarity needs a string field with "
        '"textual": true in the schema of the Items dataset that is not excluded from training.'
    )


def test_training__events_config_without_1000_listed_events(world: World) -> None:
    weights = {"eventsConfig": {"eventParametersList": [{"eventType": "click", "weight": 1.0}]}}
    solution = world.solution(
        custom_group(world), "aws-user-personalization-v2", solutionConfig=weights
    )
    version = world.api.describe_solution_version(solutionVersionArn=world.version(solution))
    # Every third of 2,400 is a click.
    assert version["solutionVersion"]["failureReason"] == (
        "Dataset has fewer than 1000 interactions"
    )


def test_refresh__of_actions_finds_new_ones(world: World) -> None:
    group = custom_group(world)
    bring_actions(world, group)
    solution = world.solution(group, "aws-next-best-action", performAutoTraining=False)
    version = world.version(solution)
    world.api.create_campaign(name="c", solutionVersionArn=version)
    world.run()
    actions = group.replace("dataset-group", "dataset") + "/ACTIONS"
    fresh = {"actionId": "fresh", "properties": '{"price": 2.0}'}
    world.engine.events.put_actions(datasetArn=actions, actions=[fresh])
    world.pass_time(hours=2)
    path = world.engine.store.artifacts.path(world.hidden(version)["refreshed"])
    # No column tells its age: it is as new as the newest action interaction.
    assert pq.read_table(path).to_pylist() == [
        {"ITEM_ID": "fresh", "CREATED_AT": START + DAY * 29 + 39}
    ]
    answer = world.engine.runtime.get_action_recommendations(
        campaignArn="arn:aws:personalize:us-east-1:123456789012:campaign/c", userId="u1"
    )
    assert {"actionId": "fresh", "score": 0.0} in answer["actionList"]
