from datetime import UTC, datetime
from typing import Any

import pytest

from personalize_assets.recipes.registry import RECIPES
from personalize_assets_tests.engine.operations.conftest import RECIPE, World, refused

ALGORITHM = "arn:aws:personalize:::algorithm/"
TRANSFORMATION = "arn:aws:personalize:::feature-transformation/"


def names(answer: dict[str, Any]) -> set[str]:
    return {recipe["name"] for recipe in answer["recipes"]}


def test_list_recipes__do_not_fit_on_the_first_page(world: World) -> None:
    first = world.api.list_recipes()
    second = world.api.list_recipes(nextToken=first["nextToken"])
    assert "nextToken" not in second
    assert len(first["recipes"]) == 20
    assert names(first) | names(second) == set(RECIPES)
    assert not names(first) & names(second)


def test_list_recipes__on_one_page(world: World) -> None:
    answer = world.api.list_recipes(maxResults=100, recipeProvider="SERVICE")
    assert "nextToken" not in answer
    assert names(answer) == set(RECIPES)


@pytest.mark.parametrize("domain", ["ECOMMERCE", "VIDEO_ON_DEMAND"])
def test_list_recipes__of_a_domain_has_a_next_token_too(world: World, domain: str) -> None:
    first = world.api.list_recipes(domain=domain)
    assert len(first["recipes"]) == 5
    assert all(recipe["domain"] == domain for recipe in first["recipes"])
    second = world.api.list_recipes(domain=domain, nextToken=first["nextToken"])
    assert second["recipes"] == []
    assert "nextToken" not in second


def test_list_recipes__custom_ones_have_no_domain(world: World) -> None:
    answer = world.api.list_recipes(maxResults=100)
    sims = next(item for item in answer["recipes"] if item["name"] == "aws-sims")
    assert sims == {
        "name": "aws-sims",
        "recipeArn": RECIPE + "aws-sims",
        "status": "ACTIVE",
        "creationDateTime": datetime(2019, 6, 10, tzinfo=UTC),
        "lastUpdatedDateTime": datetime(2019, 6, 10, tzinfo=UTC),
    }


@pytest.mark.parametrize(
    "changes", [{"nextToken": "x"}, {"nextToken": "WzEsMl0="}, {"domain": "ECOMMERCE"}]
)
def test_list_recipes__token_of_another_list(world: World, changes: dict[str, str]) -> None:
    token = world.api.list_recipes()["nextToken"]
    with refused("InvalidNextToken", "The nextToken is not valid"):
        world.api.list_recipes(**{"nextToken": token} | changes)


@pytest.mark.parametrize("name", list(RECIPES))
def test_describe_recipe__leads_to_algorithm_and_transformation(world: World, name: str) -> None:
    recipe = world.api.describe_recipe(recipeArn=RECIPE + name)["recipe"]
    assert (recipe["name"], recipe["status"]) == (name, "ACTIVE")
    assert recipe["recipeType"] == RECIPES[name].recipe_type
    algorithm = world.api.describe_algorithm(algorithmArn=recipe["algorithmArn"])
    assert algorithm["algorithm"]["algorithmArn"] == recipe["algorithmArn"]
    transformation = world.api.describe_feature_transformation(
        featureTransformationArn=recipe["featureTransformationArn"]
    )
    assert transformation["featureTransformation"]["status"] == "ACTIVE"


def test_describe_recipe__popularity_shares_the_transformation_of_sims(world: World) -> None:
    recipe = world.api.describe_recipe(recipeArn=RECIPE + "aws-popularity-count")["recipe"]
    assert recipe["featureTransformationArn"] == TRANSFORMATION + "sims"
    shown = world.api.describe_feature_transformation(
        featureTransformationArn=TRANSFORMATION + "sims"
    )["featureTransformation"]
    assert shown["defaultParameters"] == {
        "min_user_history_length_percentile": "0.005",
        "max_user_history_length_percentile": "0.995",
        "min_item_interaction_count_percentile": "0.01",
        "max_item_interaction_count_percentile": "0.9",
    }


def test_describe_algorithm__as_the_guide_lists_it(world: World) -> None:
    shown = world.api.describe_algorithm(algorithmArn=ALGORITHM + "aws-user-personalization")
    algorithm = shown["algorithm"]
    assert algorithm["defaultHyperParameters"] == {
        "hidden_dimension": "149",
        "bptt": "32",
        "recency_mask": "True",
    }
    assert algorithm["defaultHyperParameterRanges"] == {
        "integerHyperParameterRanges": [
            {"name": "hidden_dimension", "minValue": 32, "maxValue": 256, "isTunable": True},
            {"name": "bptt", "minValue": 2, "maxValue": 32, "isTunable": True},
        ],
        "continuousHyperParameterRanges": [],
        "categoricalHyperParameterRanges": [
            {"name": "recency_mask", "values": ["True", "False"], "isTunable": True}
        ],
    }


def test_describe_algorithm__of_sims(world: World) -> None:
    ranges = world.api.describe_algorithm(algorithmArn=ALGORITHM + "aws-sims")["algorithm"][
        "defaultHyperParameterRanges"
    ]
    assert ranges["integerHyperParameterRanges"] == [
        {"name": "min_cointeraction_count", "minValue": 0, "maxValue": 10, "isTunable": True}
    ]
    assert ranges["continuousHyperParameterRanges"] == [
        {"name": "popularity_discount_factor", "minValue": 0.0, "maxValue": 1.0, "isTunable": True}
    ]


def test_describe__unknown(world: World) -> None:
    with refused("ResourceNotFound", "The given recipe does not exist: arn:aws:personalize:::reci"):
        world.api.describe_recipe(recipeArn=RECIPE + "aws-hrnn")
    with refused("ResourceNotFound", "The given algorithm does not exist: arn:aws:personalize:::a"):
        world.api.describe_algorithm(algorithmArn=ALGORITHM + "x")
    with refused("ResourceNotFound", "The given feature transformation does not exist: arn:aws:p"):
        world.api.describe_feature_transformation(featureTransformationArn=TRANSFORMATION + "x")


def test_describe__arn_of_something_else(world: World) -> None:
    with refused("InvalidInput", "is the ARN of a recipe; that of an algorithm is needed"):
        world.api.describe_algorithm(algorithmArn=RECIPE + "aws-sims")
    with refused("InvalidInput", "is not an ARN of Amazon Personalize"):
        world.api.describe_recipe(recipeArn="arn:aws:personalize:us-east-1:12:recipe/aws-sims")
