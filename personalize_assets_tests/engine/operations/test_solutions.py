from typing import Any

import pytest

from personalize_assets_tests.engine.operations.conftest import RECIPE, World, refused

SIMS = RECIPE + "aws-sims"
PERSONAL = RECIPE + "aws-user-personalization"
V2 = RECIPE + "aws-user-personalization-v2"


@pytest.fixture
def group(world: World) -> str:
    return world.group()


def test_create_solution__plain(world: World, group: str) -> None:
    arn = world.api.create_solution(name="s", datasetGroupArn=group, recipeArn=SIMS)["solutionArn"]
    assert arn == "arn:aws:personalize:us-east-1:123456789012:solution/s"
    solution = world.api.describe_solution(solutionArn=arn)["solution"]
    assert solution["status"] == "CREATE PENDING"
    world.run()
    solution = world.api.describe_solution(solutionArn=arn)["solution"]
    assert {name: solution[name] for name in solution if "DateTime" not in name} == {
        "name": "s",
        "solutionArn": arn,
        "performHPO": False,
        "performAutoML": False,
        "performAutoTraining": True,
        "recipeArn": SIMS,
        "datasetGroupArn": group,
        "status": "ACTIVE",
    }
    [summary] = world.api.list_solutions(datasetGroupArn=group)["solutions"]
    assert set(summary) == {
        "name",
        "solutionArn",
        "status",
        "creationDateTime",
        "lastUpdatedDateTime",
        "recipeArn",
    }


def test_create_solution__shows_what_was_given(world: World, group: str) -> None:
    given = {
        "performAutoTraining": False,
        "eventType": "watch",
        "solutionConfig": {
            "eventValueThreshold": "3.5",
            "algorithmHyperParameters": {"hidden_dimension": "64", "recency_mask": "False"},
            "featureTransformationParameters": {"max_user_history_length_percentile": "0.9"},
            "trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["GENRES"]}},
            "autoTrainingConfig": {"schedulingExpression": "rate(30 days)"},
            "optimizationObjective": {"itemAttribute": "PRICE", "objectiveSensitivity": "OFF"},
        },
    }
    arn = world.solution(group, "aws-user-personalization", **given)
    solution = world.api.describe_solution(solutionArn=arn)["solution"]
    assert {name: solution[name] for name in given} == given


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({}, "recipeArn is required unless performAutoML is true"),
        ({"performAutoML": False}, "recipeArn is required unless performAutoML is true"),
        ({"performAutoML": True, "recipeArn": SIMS}, "either recipeArn or performAutoML=true, not"),
        (
            {"recipeArn": RECIPE + "aws-popularity-count", "performHPO": True},
            "aws-popularity-count has no hyperparameter optimization",
        ),
        (
            {"recipeArn": RECIPE + "aws-ecomm-popular-items-by-views"},
            "aws-ecomm-popular-items-by-views is a use case of the domain ECOMMERCE",
        ),
        (
            {"recipeArn": SIMS, "performIncrementalUpdate": True},
            "aws-sims has no incremental updates; aws-semantic-similarity has",
        ),
    ],
)
def test_create_solution__refuses(
    world: World, group: str, request_: dict[str, Any], message: str
) -> None:
    with refused("InvalidInput", message):
        world.api.create_solution(name="s", datasetGroupArn=group, **request_)


@pytest.mark.parametrize(
    ("recipe", "config", "message"),
    [
        (
            PERSONAL,
            {"algorithmHyperParameters": {"factors": "3"}},
            "solutionConfig.algorithmHyperParameters: unknown hyperparameter 'factors'; this "
            "recipe has: hidden_dimension, bptt, recency_mask",
        ),
        (
            PERSONAL,
            {"algorithmHyperParameters": {"hidden_dimension": "31"}},
            "'hidden_dimension' must be a whole number from 32 to 256, got '31'",
        ),
        (
            PERSONAL,
            {"algorithmHyperParameters": {"bptt": "2.5"}},
            "'bptt' must be a whole number from 2 to 32, got '2.5'",
        ),
        (
            SIMS,
            {"featureTransformationParameters": {"max_user_history_length_percentile": "1.1"}},
            "solutionConfig.featureTransformationParameters: hyperparameter 'max_user_history_",
        ),
        (
            RECIPE + "aws-popularity-count",
            {"algorithmHyperParameters": {"bptt": "3"}},
            "this recipe has: none",
        ),
        (
            PERSONAL,
            {"eventsConfig": {"eventParametersList": [{"eventType": "watch", "weight": 1.0}]}},
            "aws-user-personalization does not take eventsConfig; aws-personalized-ranking-v2 and",
        ),
        (
            SIMS,
            {"optimizationObjective": {"itemAttribute": "PRICE"}},
            "aws-sims does not take optimizationObjective; aws-personalized-ranking and aws-user-p",
        ),
        (
            PERSONAL,
            {"optimizationObjective": {"objectiveSensitivity": "LOW"}},
            "itemAttribute is required unless objectiveSensitivity is OFF",
        ),
        (V2, {"eventsConfig": {}}, "must have at least one entry, and each an eventType"),
        (
            V2,
            {"eventsConfig": {"eventParametersList": [{"eventType": "a"}, {"weight": 0.5}]}},
            "must have at least one entry, and each an eventType",
        ),
        (
            V2,
            {"eventsConfig": {"eventParametersList": [{"eventType": "a"}, {"eventType": "a"}]}},
            "eventType 'a' is given twice",
        ),
        (
            V2,
            {"eventsConfig": {"eventParametersList": [{"eventType": "a", "weight": 0.0}]}},
            "at least one weight must be above 0",
        ),
        (
            V2,
            {
                "eventsConfig": {"eventParametersList": [{"eventType": "a"}]},
                "eventValueThreshold": "3",
            },
            "Give either eventsConfig or eventValueThreshold, not both",
        ),
        (
            PERSONAL,
            {"trainingDataConfig": {"excludedDatasetColumns": {"MOVIES": ["GENRES"]}}},
            "solutionConfig.trainingDataConfig.excludedDatasetColumns: 'MOVIES' is no dataset type",
        ),
        (
            PERSONAL,
            {"trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["item_id"]}}},
            "ITEM_ID cannot be excluded",
        ),
        (PERSONAL, {"eventValueThreshold": "high"}, "must be a number as a string, got 'high'"),
        (PERSONAL, {"eventValueThreshold": "nan"}, "must be a number as a string, got 'nan'"),
        (
            PERSONAL,
            {"trainingDataConfig": {"excludedDatasetColumns": {"INTERACTIONS": ["event_type"]}}},
            "EVENT_TYPE cannot be excluded",
        ),
        (
            PERSONAL,
            {"autoTrainingConfig": {"schedulingExpression": "rate(31 days)"}},
            "must be from rate(1 day) to rate(30 days), got rate(31 days)",
        ),
        (
            PERSONAL,
            {"autoTrainingConfig": {"schedulingExpression": "rate(0 days)"}},
            "must be from rate(1 day) to rate(30 days), got rate(0 days)",
        ),
    ],
)
def test_create_solution__refuses_config(
    world: World, group: str, recipe: str, config: dict[str, Any], message: str
) -> None:
    with refused("InvalidInput", message):
        world.api.create_solution(
            name="s", datasetGroupArn=group, recipeArn=recipe, solutionConfig=config
        )


def test_create_solution__events_config_with_event_type(world: World, group: str) -> None:
    config = {"eventsConfig": {"eventParametersList": [{"eventType": "watch", "weight": 1.0}]}}
    with refused("InvalidInput", "Give either eventsConfig or eventType, not both"):
        world.api.create_solution(
            name="s",
            datasetGroupArn=group,
            recipeArn=V2,
            eventType="watch",
            solutionConfig=config,
        )


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"trainingDataConfig": {"includedDatasetColumns": {"items": ["genres", "TITLE"]}}},
            "the ITEMS dataset has no column TITLE; it has ITEM_ID, GENRES, YEAR",
        ),
        (
            {"optimizationObjective": {"itemAttribute": "GENRES", "objectiveSensitivity": "LOW"}},
            "must be a column of the ITEMS dataset that holds numbers, got 'GENRES'",
        ),
        (
            {"optimizationObjective": {"itemAttribute": "PRICE", "objectiveSensitivity": "LOW"}},
            "must be a column of the ITEMS dataset that holds numbers, got 'PRICE'",
        ),
    ],
)
def test_create_solution__columns_of_the_datasets_there_are(
    world: World, group: str, config: dict[str, Any], message: str
) -> None:
    def create(name: str) -> None:
        world.api.create_solution(
            name=name, datasetGroupArn=group, recipeArn=PERSONAL, solutionConfig=config
        )

    create("before-the-dataset")
    world.dataset(group, "Items")
    with refused("InvalidInput", message):
        create("after-it")


def test_create_solution__unknown_recipe(world: World, group: str) -> None:
    with refused("ResourceNotFound", f"The given recipe does not exist: {RECIPE}aws-hrnn"):
        world.api.create_solution(name="s", datasetGroupArn=group, recipeArn=RECIPE + "aws-hrnn")


def test_create_solution__recipe_arn_of_something_else(world: World, group: str) -> None:
    with refused("InvalidInput", "is the ARN of a dataset group; that of a recipe is needed"):
        world.api.create_solution(name="s", datasetGroupArn=group, recipeArn=group)


def test_create_solution__group_is_not_active_yet(world: World) -> None:
    group = world.api.create_dataset_group(name="movies")["datasetGroupArn"]
    with refused("ResourceInUse", "must be ACTIVE, but its status is CREATE PENDING"):
        world.api.create_solution(name="s", datasetGroupArn=group, recipeArn=SIMS)


def test_create_solution__name_is_taken_in_another_group(world: World, group: str) -> None:
    world.solution(group, name="s")
    other = world.group("other")
    with refused("ResourceAlreadyExists", "solution/s already exists."):
        world.api.create_solution(name="s", datasetGroupArn=other, recipeArn=SIMS)


def test_create_solution__eleventh_of_a_group(world: World, group: str) -> None:
    for number in range(10):
        world.solution(group, name=f"s{number}")
    with refused("LimitExceeded", "The dataset group has 10, the most is 10"):
        world.api.create_solution(name="s", datasetGroupArn=group, recipeArn=SIMS)
    assert world.solution(world.group("other"), name="s")


def test_describe_solution__with_its_newest_version(world: World) -> None:
    solution = world.solution(world.filled_group())
    world.version(solution)
    newest = world.version(solution)
    shown = world.api.describe_solution(solutionArn=solution)["solution"]["latestSolutionVersion"]
    assert shown["solutionVersionArn"] == newest
    assert (shown["status"], shown["trainingMode"], shown["trainingType"]) == (
        "ACTIVE",
        "FULL",
        "MANUAL",
    )


def test_delete_solution__takes_versions_models_and_batch_jobs_along(world: World) -> None:
    solution = world.solution(world.filled_group())
    version = world.version(solution)
    world.put("queries/users.json", '{"userId": "u1"}')
    world.start_batch(version)
    world.run()
    world.api.delete_solution(solutionArn=solution)
    assert world.api.describe_solution(solutionArn=solution)["solution"]["status"] == (
        "DELETE PENDING"
    )
    world.run()
    with refused("ResourceNotFound", f"The given solution does not exist: {solution}"):
        world.api.describe_solution(solutionArn=solution)
    with refused("ResourceNotFound", f"The given solution version does not exist: {version}"):
        world.api.describe_solution_version(solutionVersionArn=version)
    assert world.api.list_batch_inference_jobs()["batchInferenceJobs"] == []
    models = world.engine.store.artifacts.root / "models"
    assert list(models.rglob("*.json"))
    world.engine.store.sweep(temporary=False)
    assert not list(models.rglob("*.json"))


def test_delete_solution__while_a_version_is_trained(world: World, group: str) -> None:
    solution = world.solution(group)
    version = world.api.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    with refused("ResourceInUse", f"the solution version {version} depends on it"):
        world.api.delete_solution(solutionArn=solution)


def test_delete_solution__while_a_batch_job_runs(world: World) -> None:
    solution = world.solution(world.filled_group())
    job = world.start_batch(world.version(solution))
    with refused("ResourceInUse", f"the batch inference job {job} depends on it"):
        world.api.delete_solution(solutionArn=solution)


def test_list_solutions__of_a_group(world: World, group: str) -> None:
    mine = world.solution(group, name="mine")
    world.solution(world.group("other"), name="other")
    [summary] = world.api.list_solutions(datasetGroupArn=group)["solutions"]
    assert summary["solutionArn"] == mine
    assert len(world.api.list_solutions()["solutions"]) == 2
