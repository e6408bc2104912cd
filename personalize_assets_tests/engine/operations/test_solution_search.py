"""Solutions that search: hyperparameter optimization and AutoML."""

from typing import Any

import pytest

from personalize_assets_tests.engine.operations.conftest import RECIPE, World, refused

SIMS = "aws-sims"
PERSONAL = "aws-user-personalization"


def integers(*ranges: tuple[str, int, int]) -> dict[str, Any]:
    listed = [{"name": name, "minValue": low, "maxValue": high} for name, low, high in ranges]
    return {"algorithmHyperParameterRanges": {"integerHyperParameterRanges": listed}}


def categories(name: str, *values: str) -> dict[str, Any]:
    listed = [{"name": name, "values": list(values)}]
    return {"algorithmHyperParameterRanges": {"categoricalHyperParameterRanges": listed}}


def test_hpo__finds_values_within_its_ranges(world: World) -> None:
    config = {
        "hpoConfig": {
            "hpoResourceConfig": {"maxNumberOfTrainingJobs": "2", "maxParallelTrainingJobs": "1"},
            **integers(("min_cointeraction_count", 1, 2)),
        }
    }
    solution = world.solution(world.filled_group(), SIMS, performHPO=True, solutionConfig=config)
    arn = world.version(solution)
    version = world.api.describe_solution_version(solutionVersionArn=arn)["solutionVersion"]
    assert (version["status"], version["performHPO"]) == ("ACTIVE", True)
    tuned = version["tunedHPOParams"]["algorithmHyperParameters"]
    assert set(tuned) == {"popularity_discount_factor", "min_cointeraction_count"}
    assert tuned["min_cointeraction_count"] in ("1", "2")


def test_hpo__shows_ranges_under_their_full_names(world: World) -> None:
    ranges = {
        "integerHyperParameterRanges": [
            {"name": "hidden_dimension", "minValue": 50, "maxValue": 150},
            {"name": "bptt", "minValue": 4, "maxValue": 8},
        ],
        "continuousHyperParameterRanges": [],
        "categoricalHyperParameterRanges": [{"name": "recency_mask", "values": ["True", "False"]}],
    }
    solution = world.solution(
        world.group(),
        PERSONAL,
        performHPO=True,
        solutionConfig={"hpoConfig": {"algorithmHyperParameterRanges": ranges}},
    )
    shown = world.api.describe_solution(solutionArn=solution)["solution"]
    assert shown["performHPO"] is True
    found = shown["solutionConfig"]["hpoConfig"]["algorithmHyperParameterRanges"]
    assert {member: [item["name"] for item in items] for member, items in found.items()} == {
        "integerHyperParameterRanges": ["hidden_dimension", "training.bptt"],
        "continuousHyperParameterRanges": [],
        "categoricalHyperParameterRanges": ["data.recency_mask"],
    }


@pytest.mark.slow
def test_hpo__searches_under_the_full_names(world: World) -> None:
    config = {
        "hpoConfig": {
            "hpoResourceConfig": {"maxNumberOfTrainingJobs": "2"},
            **integers(("training.bptt", 4, 5)),
        }
    }
    group = world.filled_group()
    solution = world.solution(group, PERSONAL, performHPO=True, solutionConfig=config)
    arn = world.version(solution)
    version = world.api.describe_solution_version(solutionVersionArn=arn)["solutionVersion"]
    tuned = version["tunedHPOParams"]["algorithmHyperParameters"]
    assert tuned["bptt"] in ("4", "5")
    assert tuned["hidden_dimension"] == "149"


@pytest.mark.parametrize(
    ("recipe", "hpo", "message"),
    [
        ("aws-popularity-count", {}, "aws-popularity-count has no hyperparameter optimization"),
        (SIMS, {"hpoObjective": {"metricName": "x"}}, "hpoObjective is not supported"),
        *(
            (
                SIMS,
                {"hpoResourceConfig": {member: value}},
                f"hpoResourceConfig.{member} must be a whole number from 1 to {most} as a string, "
                f"got {value!r}",
            )
            for member, value, most in (
                ("maxNumberOfTrainingJobs", "41", 40),
                ("maxNumberOfTrainingJobs", "0", 40),
                ("maxNumberOfTrainingJobs", "many", 40),
                ("maxParallelTrainingJobs", "11", 10),
                ("maxParallelTrainingJobs", "-1", 10),
            )
        ),
        (
            SIMS,
            integers(("hidden_dimension", 40, 50)),
            "aws-sims can search popularity_discount_factor, min_cointeraction_count, got 'hidden_",
        ),
        (
            PERSONAL,
            integers(("hidden_dimension", 31, 50)),
            "the range of 'hidden_dimension' must lie within 32 and 256 with minValue <= maxValue, "
            "got 31 to 50",
        ),
        (PERSONAL, integers(("bptt", 9, 8)), "must lie within 2 and 32 with minValue <= maxValue"),
        (
            PERSONAL,
            integers(("bptt", 2, 8), ("training.bptt", 3, 4)),
            "'bptt' is given twice",
        ),
        (
            SIMS,
            integers(("popularity_discount_factor", 0, 1)),
            "integerHyperParameterRanges: 'popularity_discount_factor' is continuous, not integer",
        ),
        (
            PERSONAL,
            categories("recency_mask", "maybe"),
            "the values of 'recency_mask' must be from True, False, got maybe",
        ),
        (PERSONAL, categories("recency_mask"), "must be from True, False, got none"),
    ],
)
def test_hpo__refuses(world: World, recipe: str, hpo: dict[str, Any], message: str) -> None:
    with refused("InvalidInput", message):
        world.api.create_solution(
            name="s",
            datasetGroupArn=world.group(),
            recipeArn=RECIPE + recipe,
            performHPO=recipe != "aws-popularity-count",
            solutionConfig={"hpoConfig": hpo},
        )


def test_automl__chooses_a_recipe(world: World) -> None:
    listed = [RECIPE + "aws-popularity-count"]
    config = {"autoMLConfig": {"recipeList": listed, "metricName": "precision_at_25"}}
    arn = world.api.create_solution(
        name="s", datasetGroupArn=world.filled_group(), performAutoML=True, solutionConfig=config
    )["solutionArn"]
    world.run()
    solution = world.api.describe_solution(solutionArn=arn)["solution"]
    assert (solution["performAutoML"], solution["status"]) == (True, "ACTIVE")
    assert "recipeArn" not in solution
    assert "autoMLResult" not in solution
    version = world.version(arn)
    shown = world.api.describe_solution_version(solutionVersionArn=version)["solutionVersion"]
    assert (shown["status"], shown["recipeArn"]) == ("ACTIVE", listed[0])
    solution = world.api.describe_solution(solutionArn=arn)["solution"]
    assert solution["autoMLResult"] == {"bestRecipeArn": listed[0]}
    [summary] = world.api.list_solutions()["solutions"]
    assert "recipeArn" not in summary


@pytest.mark.slow
def test_automl__tries_the_recipes_for_users_unless_told(world: World) -> None:
    arn = world.api.create_solution(
        name="s", datasetGroupArn=world.filled_group(), performAutoML=True
    )["solutionArn"]
    world.run()
    version = world.version(arn)
    shown = world.api.describe_solution_version(solutionVersionArn=version)["solutionVersion"]
    assert shown["status"] == "ACTIVE", shown
    # The made-up users go through the items in steps: no count of items can foresee that.
    assert shown["recipeArn"].startswith(RECIPE + "aws-user-personalization")


@pytest.mark.parametrize(
    ("automl", "message"),
    [
        ({"metricName": "accuracy"}, "autoMLConfig.metricName must be one of coverage, mean_recip"),
        ({"recipeList": []}, "recipeList must name at least one recipe"),
        (
            {"recipeList": [RECIPE + "aws-popularity-count", RECIPE + SIMS]},
            "recipeList may hold recipes that recommend items to users (aws-user-personalization-v2"
            ", aws-user-personalization, aws-popularity-count), got arn:aws:personalize:::recipe/aw"
            "s-sims",
        ),
        ({"recipeList": ["arn:aws:personalize:::algorithm/aws-sims"]}, "is the ARN of an algorith"),
    ],
)
def test_automl__refuses(world: World, automl: dict[str, Any], message: str) -> None:
    with refused("InvalidInput", message):
        world.api.create_solution(
            name="s",
            datasetGroupArn=world.group(),
            performAutoML=True,
            solutionConfig={"autoMLConfig": automl},
        )


def test_automl__unknown_recipe(world: World) -> None:
    config = {"autoMLConfig": {"recipeList": [RECIPE + "aws-hrnn"]}}
    with refused("ResourceNotFound", f"The given recipe does not exist: {RECIPE}aws-hrnn"):
        world.api.create_solution(
            name="s", datasetGroupArn=world.group(), performAutoML=True, solutionConfig=config
        )
