"""What happens to trained models every two hours without training, and to campaigns that follow."""

from typing import Any

import pyarrow.parquet as pq
import pytest

from personalize_assets.recipes.artifact import load_version
from personalize_assets_tests.engine.operations.conftest import (
    World,
    avro,
    interactions_csv,
    refused,
)

PERSONAL = "aws-user-personalization"
ITEM_FIELDS = [
    {"name": "ITEM_ID", "type": "string"},
    {"name": "CREATION_TIMESTAMP", "type": "long"},
    {"name": "YEAR", "type": ["int", "null"]},
]
NEWEST = 1_600_000_000 + 86_400 * 39 + 35
"""Of the timestamps in `interactions_csv`."""


def campaign(world: World, version: str, name: str = "c", **config: Any) -> str:
    more = {"campaignConfig": config} if config else {}
    arn = world.api.create_campaign(name=name, solutionVersionArn=version, **more)["campaignArn"]
    world.run()
    return arn


def import_items(world: World, dataset: str, name: str, *lines: str) -> None:
    text = "\n".join(("ITEM_ID,CREATION_TIMESTAMP,YEAR", *lines))
    assert world.import_text(dataset, text, name)["status"] == "ACTIVE"


def refreshed(world: World, arn: str) -> list[tuple[str, int]] | None:
    """What a refresh found; None if there was none."""
    path = world.hidden(arn).get("refreshed")
    if path is None:
        return None
    rows = pq.read_table(world.engine.store.artifacts.path(path)).to_pylist()
    known = known_items(world, arn)
    return [(row["ITEM_ID"], row["CREATED_AT"]) for row in rows if row["ITEM_ID"] not in known]


@pytest.fixture
def group(world: World) -> str:
    return world.filled_group()


@pytest.fixture
def items(world: World, group: str) -> str:
    dataset = world.dataset(group, "Items", world.schema("Items", avro("Items", ITEM_FIELDS)))
    import_items(world, dataset, "items", "i1,5,1")
    return dataset


def manual(world: World, group: str, recipe: str = PERSONAL, **more: Any) -> str:
    return world.solution(group, recipe, performAutoTraining=False, **more)


def test_refresh__finds_what_came_after_the_training(world: World, group: str, items: str) -> None:
    version = world.version(manual(world, group))
    campaign(world, version)
    import_items(world, items, "more", "i1,5,1", "new,7,1")
    lines = ["u1,seen,watch,1.0,1700000000", "u2,seen,watch,1.0,1600000001"]
    dataset = group.replace("dataset-group", "dataset") + "/INTERACTIONS"
    world.import_text(dataset, interactions_csv() + "\n".join(lines), "interactions")
    world.pass_time(minutes=119)
    assert refreshed(world, version) is None
    world.pass_time(minutes=1)
    assert refreshed(world, version) == [("new", 7), ("seen", 1_600_000_001)]
    status = world.api.describe_solution_version(solutionVersionArn=version)["solutionVersion"]
    assert status["status"] == "ACTIVE"


def test_refresh__streamed_items_without_a_date_are_as_new_as_the_newest_interaction(
    world: World,
) -> None:
    group = world.filled_group()
    dataset = world.dataset(group, "Items")
    version = world.version(manual(world, group))
    campaign(world, version)
    world.engine.events.put_items(datasetArn=dataset, items=[{"itemId": "fresh"}])
    world.pass_time(hours=2)
    assert refreshed(world, version) == [("fresh", NEWEST)]


def test_refresh__only_if_something_came(world: World, group: str, items: str) -> None:
    version = world.version(manual(world, group))
    campaign(world, version)
    world.pass_time(hours=2)
    assert refreshed(world, version) is None
    import_items(world, items, "more", "new,7,1")
    world.pass_time(hours=2)
    path = world.hidden(version)["refreshed"]
    world.pass_time(hours=2)
    assert world.hidden(version)["refreshed"] == path
    import_items(world, items, "yet-more", "newer,9,1")
    world.pass_time(hours=2)
    assert refreshed(world, version) == [("newer", 9)]
    store = world.engine.store
    store.sweep(temporary=False)
    assert not store.artifacts.path(path).exists()
    assert refreshed(world, version) == [("newer", 9)]


def test_refresh__only_while_a_campaign_serves_the_version(
    world: World, group: str, items: str
) -> None:
    version = world.version(manual(world, group))
    import_items(world, items, "more", "new,7,1")
    world.pass_time(hours=2)
    assert refreshed(world, version) is None
    campaign(world, version)
    world.pass_time(hours=2)
    assert refreshed(world, version) == [("new", 7)]


def test_refresh__ends_with_a_newer_version(world: World, group: str, items: str) -> None:
    solution = manual(world, group)
    old = world.version(solution)
    campaign(world, old)
    world.version(solution)
    import_items(world, items, "more", "new,7,1")
    world.pass_time(hours=2)
    assert refreshed(world, old) is None
    assert world.engine.store.jobs.of(old) == []


def test_refresh__a_version_made_by_update_neither_ends_nor_gets_it(
    world: World, group: str, items: str
) -> None:
    solution = manual(world, group)
    full = world.version(solution)
    campaign(world, full)
    update = world.version(solution, trainingMode="UPDATE")
    campaign(world, update, "d")
    import_items(world, items, "more", "new,7,1")
    world.pass_time(hours=2)
    assert (refreshed(world, full), refreshed(world, update)) == ([("new", 7)], [])


def test_refresh__not_for_recipes_without(world: World, group: str) -> None:
    version = world.version(manual(world, group, "aws-sims"))
    assert world.engine.store.jobs.of(version) == []


def test_refresh__counts_trends_anew(world: World, group: str) -> None:
    version = world.version(manual(world, group, "aws-trending-now"))
    campaign(world, version)
    metrics = world.api.get_solution_metrics(solutionVersionArn=version)["metrics"]
    before = world.hidden(version)["artifact"]
    lines = [f"u{user},rising,watch,1.0,{NEWEST + 60}" for user in range(30)]
    dataset = group.replace("dataset-group", "dataset") + "/INTERACTIONS"
    world.import_text(dataset, interactions_csv() + "\n".join(lines), "more")
    world.pass_time(hours=2)
    after = world.hidden(version)["artifact"]
    assert after != before
    known = load_version(world.engine.store.artifacts.path(after)).item_ids.to_pylist()
    assert "rising" in known
    assert world.api.get_solution_metrics(solutionVersionArn=version)["metrics"] == metrics
    world.engine.store.sweep(temporary=False)
    assert not world.engine.store.artifacts.path(before).exists()


def test_batch__refreshes_first_with_the_latest_version_only(
    world: World, group: str, items: str
) -> None:
    solution = manual(world, group)
    old, latest = world.version(solution), world.version(solution)
    import_items(world, items, "more", "i1,5,1", f"new,{NEWEST},1")
    world.put("queries/users.json", '{"userId": "u1"}')
    exploring = {"itemExplorationConfig": {"explorationWeight": "1.0"}}
    answered: dict[str, bool] = {}
    for name, version in (("old", old), ("latest", latest)):
        world.start_batch(version, name, batchInferenceJobConfig=exploring)
        world.run()
        answered[name] = '"new"' in world.get(f"{name}/users.json.out")
    assert answered == {"old": False, "latest": True}


TEXT_FIELDS = [
    {"name": "ITEM_ID", "type": "string"},
    {"name": "TITLE", "type": "string", "itemName": True},
    {"name": "PLOT", "type": "string", "textual": True},
]
PLOTS = (
    ("s1", "Star", "a space ship and its robot"),
    ("s2", "Moon", "a space ship on the moon"),
    ("h1", "Heart", "love in a small house"),
)


def import_plots(world: World, dataset: str, name: str, *rows: tuple[str, str, str]) -> None:
    text = "\n".join(("ITEM_ID,TITLE,PLOT", *(",".join(row) for row in rows)))
    assert world.import_text(dataset, text, name)["status"] == "ACTIVE"


def known_items(world: World, version: str) -> list[str]:
    folder = world.engine.store.artifacts.path(world.hidden(version)["artifact"])
    return load_version(folder).item_ids.to_pylist()


def test_incremental_update__brings_new_texts_every_half_hour(world: World) -> None:
    group = world.group()
    schema = world.schema("Items", avro("Items", TEXT_FIELDS))
    dataset = world.dataset(group, "Items", schema)
    import_plots(world, dataset, "old", *PLOTS)
    solution = manual(world, group, "aws-semantic-similarity")
    version = world.version(solution)
    campaign(world, version)
    import_plots(world, dataset, "more", *PLOTS, ("s3", "Mars", "a space robot"))
    world.pass_time(minutes=29)
    assert known_items(world, version) == ["h1", "s1", "s2"]
    world.pass_time(minutes=1)
    assert known_items(world, version) == ["h1", "s1", "s2", "s3"]
    world.api.update_solution(solutionArn=solution, performIncrementalUpdate=False)
    world.run()
    import_plots(world, dataset, "yet-more", *PLOTS, ("s4", "Sun", "a space ship to the sun"))
    world.pass_time(minutes=30)
    assert "s4" not in known_items(world, version)


def test_refresh__fails_without_harm(world: World, group: str, items: str) -> None:
    version = world.version(manual(world, group))
    campaign(world, version)
    import_items(world, items, "more", "new,7,1")
    folder = world.engine.store.artifacts.path(world.hidden(version)["artifact"])
    broken = folder.with_name("elsewhere")
    folder.rename(broken)
    world.pass_time(hours=2)
    shown = world.api.describe_solution_version(solutionVersionArn=version)["solutionVersion"]
    assert (shown["status"], "failureReason" in shown) == ("ACTIVE", False)
    broken.rename(folder)
    world.pass_time(hours=2)
    assert refreshed(world, version) == [("new", 7)]


def test_campaign__that_syncs_takes_each_new_version(world: World, group: str) -> None:
    solution = world.solution(group)
    first = world.version(solution)
    following = campaign(
        world, f"{solution}/$LATEST", "following", syncWithLatestSolutionVersion=True
    )
    staying = campaign(world, first, "staying")
    second = world.version(solution)
    assert world.hidden(following)["deployed"] == second
    world.import_text(
        group.replace("dataset-group", "dataset") + "/INTERACTIONS", interactions_csv(), "more"
    )
    world.pass_time(days=8)
    [newest, *_] = world.api.list_solution_versions(solutionArn=solution)["solutionVersions"]
    assert newest["trainingType"] == "AUTOMATIC"
    assert world.hidden(following)["deployed"] == newest["solutionVersionArn"]
    assert world.hidden(staying)["deployed"] == first
    with refused("ResourceInUse", f"the campaign {staying} and 1 more depends on it"):
        world.api.delete_solution(solutionArn=solution)
