import re

import pyarrow.parquet as pq
import pytest

from personalize_assets.core.arns import Kind, make_arn
from personalize_assets.engine.store import Resource
from personalize_assets_tests.engine.operations.conftest import (
    FIELDS,
    RECIPE,
    World,
    avro,
    interactions_csv,
    refused,
)

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


def describe(world: World, arn: str) -> dict[str, object]:
    return world.api.describe_solution_version(solutionVersionArn=arn)["solutionVersion"]


@pytest.mark.parametrize("recipe", ["aws-user-personalization", "aws-popularity-count", "aws-sims"])
def test_create_solution_version__trains(world: World, recipe: str) -> None:
    group = world.filled_group()
    solution = world.solution(group, recipe)
    arn = world.api.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    assert re.fullmatch(rf"{solution}/[0-9a-f]{{8}}", arn)
    assert describe(world, arn)["status"] == "CREATE PENDING"
    assert "trainingHours" not in describe(world, arn)
    world.run()
    version = describe(world, arn)
    assert version.pop("trainingHours") > 0
    assert {name: version[name] for name in version if "DateTime" not in name} == {
        "name": "/".join(arn.split("/")[-2:]),
        "solutionVersionArn": arn,
        "solutionArn": solution,
        "performHPO": False,
        "performAutoML": False,
        "recipeArn": RECIPE + recipe,
        "datasetGroupArn": group,
        "solutionConfig": {},
        "trainingMode": "FULL",
        "trainingType": "MANUAL",
        "status": "ACTIVE",
    }
    answer = world.api.get_solution_metrics(solutionVersionArn=arn)
    assert answer["solutionVersionArn"] == arn
    assert set(answer["metrics"]) == METRICS
    assert all(0 <= value <= 1 for value in answer["metrics"].values())


def test_create_solution_version__same_data_and_settings_give_the_same_metrics(
    world: World,
) -> None:
    solution = world.solution(world.filled_group(), "aws-user-personalization")
    one, two = world.version(solution), world.version(solution)
    metrics = [
        world.api.get_solution_metrics(solutionVersionArn=arn)["metrics"] for arn in (one, two)
    ]
    assert metrics[0] == metrics[1]


def test_create_solution_version__with_a_name(world: World) -> None:
    solution = world.solution(world.filled_group())
    arn = world.version(solution, name="of-today")
    assert describe(world, arn)["name"] == "of-today"
    with refused("ResourceAlreadyExists", f"version of {solution} has the name of-today"):
        world.api.create_solution_version(solutionArn=solution, name="of-today")
    other = world.solution(world.group("other"), name="other")
    assert world.version(other, name="of-today")


def test_create_solution_version__keeps_the_config_of_the_solution(world: World) -> None:
    config = {"algorithmHyperParameters": {"min_cointeraction_count": "1"}}
    solution = world.solution(
        world.filled_group(), "aws-sims", eventType="watch", solutionConfig=config
    )
    version = describe(world, world.version(solution))
    assert (version["status"], version["solutionConfig"], version["eventType"]) == (
        "ACTIVE",
        config,
        "watch",
    )


def test_create_solution_version__solution_is_not_active_yet(world: World) -> None:
    group = world.group()
    solution = world.api.create_solution(
        name="s", datasetGroupArn=group, recipeArn=RECIPE + "aws-sims"
    )["solutionArn"]
    with refused("ResourceInUse", "must be ACTIVE, but its status is CREATE PENDING"):
        world.api.create_solution_version(solutionArn=solution)


def test_create_solution_version__21st_at_a_time(world: World) -> None:
    group = world.group()
    solution = world.solution(group)
    now = world.engine.clock()
    with world.engine.store.transaction():
        for number in range(20):
            arn = make_arn(Kind.SOLUTION_VERSION, "us-east-1", "123456789012", "x", f"{number:08}")
            world.engine.store.resources.insert(
                Resource(
                    arn,
                    Kind.SOLUTION_VERSION,
                    "123456789012",
                    "us-east-1",
                    str(number),
                    now,
                    now,
                    status="CREATE PENDING",
                    parent_arn=solution,
                    group_arn=group,
                )
            )
    with refused("LimitExceeded", "More than 20 resources with PENDING or IN_PROGRESS status."):
        world.api.create_solution_version(solutionArn=solution)


@pytest.mark.parametrize(
    ("recipe", "mode", "message"),
    [
        ("aws-sims", "AUTOTRAIN", "AUTOTRAIN is for trainings that start by themselves"),
        ("aws-sims", "UPDATE", "trainingMode UPDATE needs recipe/aws-user-personalization"),
        ("aws-user-personalization", "UPDATE", "needs an ACTIVE version of the same solution"),
        ("aws-user-personalization", "NEVER", "Member must satisfy enum value set"),
    ],
)
def test_create_solution_version__training_modes(
    world: World, recipe: str, mode: str, message: str
) -> None:
    solution = world.solution(world.group(), recipe)
    with refused("InvalidInput", message):
        world.api.create_solution_version(solutionArn=solution, trainingMode=mode)


def test_create_solution_version__update_takes_new_items_in(world: World) -> None:
    group = world.filled_group()
    items = world.dataset(group, "Items")
    world.import_text(items, "ITEM_ID,GENRES,YEAR\ni1,A,1\n", "old-items")
    solution = world.solution(group, "aws-user-personalization")
    full = world.version(solution, trainingMode="FULL")
    world.import_text(items, "ITEM_ID,GENRES,YEAR\nnew,A,1\ni1,B,2\n", "new-items")
    update = world.version(solution, trainingMode="UPDATE")
    version = describe(world, update)
    assert (version["status"], version["trainingMode"]) == ("ACTIVE", "UPDATE")
    metrics = [
        world.api.get_solution_metrics(solutionVersionArn=arn)["metrics"] for arn in (full, update)
    ]
    assert metrics[0] == metrics[1]
    store = world.engine.store
    hidden = world.hidden(update)
    assert pq.read_table(store.artifacts.path(hidden["refreshed"]))["ITEM_ID"].to_pylist() == [
        "new"
    ]
    # A version of its own: what was trained first may go.
    store.sweep(temporary=False)
    assert store.artifacts.path(hidden["artifact"]).is_dir()
    assert hidden["artifact"] != world.hidden(full)["artifact"]


def test_create_solution_version__update_builds_on_full_ones_only(world: World) -> None:
    solution = world.solution(world.filled_group(), "aws-user-personalization")
    full = world.version(solution)
    world.version(solution, trainingMode="UPDATE")
    world.set_status(full, "CREATE FAILED")
    with refused("InvalidInput", "needs an ACTIVE version of the same solution that was trained"):
        world.api.create_solution_version(solutionArn=solution, trainingMode="UPDATE")


def test_training__without_data(world: World) -> None:
    version = describe(world, world.version(world.solution(world.group())))
    assert version["status"] == "CREATE FAILED"
    assert str(version["failureReason"]).startswith("Dataset has fewer than 1000 interactions: ")


def test_training__fewer_than_1000_of_the_event_type(world: World) -> None:
    solution = world.solution(world.filled_group(), eventType="click")
    version = describe(world, world.version(solution))
    assert (version["status"], version["failureReason"]) == (
        "CREATE FAILED",
        "Dataset has fewer than 1000 interactions after filtering by event type: click",
    )


def test_training__threshold_of_values(world: World) -> None:
    text = interactions_csv(n_users=30).replace("2.0", "")
    group = world.group()
    world.import_text(world.dataset(group), text)
    lists = {}
    for threshold in ("2", "5", "5.5"):
        solution = world.solution(
            group,
            name=f"s{threshold.replace('.', '')}",
            solutionConfig={"eventValueThreshold": threshold},
        )
        lists[threshold] = describe(world, world.version(solution))["failureReason"]
    # Of 1,200 interactions 900 have the value 5, none more, and the others have none.
    assert lists == dict.fromkeys(lists, "Dataset has fewer than 1000 interactions")


def test_training__fewer_than_25_users_with_two(world: World) -> None:
    group = world.group()
    lines = interactions_csv(n_users=24, n_each=50).splitlines()
    world.import_text(world.dataset(group), "\n".join(lines))
    version = describe(world, world.version(world.solution(group)))
    assert version["failureReason"] == (
        "Create failed. Dataset has fewer than 25 users with at least 2 interactions each."
    )


def test_training__chooses_by_columns_that_are_missing(world: World) -> None:
    fields = [field for field in FIELDS["Interactions"] if "EVENT" not in field["name"]]
    group = world.group()
    schema = world.schema("Interactions", avro("Interactions", fields))
    world.import_text(world.dataset(group, schema=schema), interactions_csv())
    by_type = world.solution(group, name="a", eventType="watch")
    by_value = world.solution(group, name="b", solutionConfig={"eventValueThreshold": "1"})
    reasons = [describe(world, world.version(arn))["failureReason"] for arn in (by_type, by_value)]
    assert reasons == [
        f"The solution chooses interactions by {column} ({value}), but the Interactions dataset "
        f"has no column {column}"
        for column, value in (("EVENT_TYPE", "watch"), ("EVENT_VALUE", "1"))
    ]
    plain = world.solution(group, name="c")
    assert describe(world, world.version(plain))["status"] == "ACTIVE"


def test_training__with_items_and_users_datasets(world: World) -> None:
    group = world.filled_group()
    world.import_text(
        world.dataset(group, "Items"), "ITEM_ID,GENRES,YEAR\ni1,A,1\nnever-seen,B,2\n", "items"
    )
    world.import_text(world.dataset(group, "Users"), "USER_ID,AGE\nu1,30\nnew,20\n", "users")
    version = world.version(world.solution(group, "aws-user-personalization"))
    assert describe(world, version)["status"] == "ACTIVE"


def test_get_solution_metrics__before_it_is_trained(world: World) -> None:
    solution = world.solution(world.group())
    arn = world.api.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    with refused("ResourceInUse", "has no metrics before it is ACTIVE; its status is CREATE PEND"):
        world.api.get_solution_metrics(solutionVersionArn=arn)
    world.run()
    with refused("InvalidInput", "has no metrics: its status is CREATE FAILED"):
        world.api.get_solution_metrics(solutionVersionArn=arn)


def test_get_solution_metrics__unknown(world: World) -> None:
    arn = make_arn(Kind.SOLUTION_VERSION, "us-east-1", "123456789012", "s", "00000000")
    with refused("ResourceNotFound", f"The given solution version does not exist: {arn}"):
        world.api.get_solution_metrics(solutionVersionArn=arn)


def test_stop__before_it_begins(world: World) -> None:
    solution = world.solution(world.filled_group())
    arn = world.api.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    world.api.stop_solution_version_creation(solutionVersionArn=arn)
    assert describe(world, arn)["status"] == "CREATE STOPPED"
    world.run()
    assert describe(world, arn)["status"] == "CREATE STOPPED"
    with refused("InvalidInput", "can be stopped; it is CREATE STOPPED"):
        world.api.stop_solution_version_creation(solutionVersionArn=arn)
    world.api.delete_solution(solutionArn=solution)


def test_stop__while_it_is_trained(world: World) -> None:
    solution = world.solution(world.filled_group())
    arn = world.api.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    world.set_status(arn, "CREATE IN_PROGRESS")
    world.api.stop_solution_version_creation(solutionVersionArn=arn)
    assert describe(world, arn)["status"] == "CREATE STOPPING"
    with refused("ResourceInUse", "cannot be deleted"):
        world.api.delete_solution(solutionArn=solution)
    world.run()
    assert describe(world, arn)["status"] == "CREATE STOPPED"
    assert "trainingHours" not in describe(world, arn)


def test_stop__trained_already(world: World) -> None:
    arn = world.version(world.solution(world.filled_group()))
    with refused("InvalidInput", "can be stopped; it is ACTIVE"):
        world.api.stop_solution_version_creation(solutionVersionArn=arn)


def test_list_solution_versions__of_a_solution(world: World) -> None:
    solution = world.solution(world.group())
    first, second = world.version(solution), world.version(solution)
    world.version(world.solution(world.group("other"), name="other"))
    versions = world.api.list_solution_versions(solutionArn=solution)["solutionVersions"]
    assert [item["solutionVersionArn"] for item in versions] == [second, first]
    assert set(versions[0]) == {
        "solutionVersionArn",
        "status",
        "trainingMode",
        "trainingType",
        "creationDateTime",
        "lastUpdatedDateTime",
        "failureReason",
    }
    assert len(world.api.list_solution_versions()["solutionVersions"]) == 3


def test_list_solution_versions__of_an_unknown_solution(world: World) -> None:
    arn = make_arn(Kind.SOLUTION, "us-east-1", "123456789012", "unknown")
    with refused("ResourceNotFound", f"The given solution does not exist: {arn}"):
        world.api.list_solution_versions(solutionArn=arn)
    assert world.api.list_batch_inference_jobs()["batchInferenceJobs"] == []
