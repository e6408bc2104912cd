from typing import Any

import pytest

from personalize_assets_tests.engine.operations.conftest import World, refused
from personalize_assets_tests.engine.operations.serving import (
    ARN,
    campaign,
    full_group,
    ids,
    make_filter,
)


def rank(world: World, arn: str, items: list[str], user: str = "u1", **more: Any) -> Any:
    return world.engine.runtime.get_personalized_ranking(
        campaignArn=arn, userId=user, inputList=items, **more
    )


@pytest.mark.parametrize("recipe", ["aws-personalized-ranking", "aws-personalized-ranking-v2"])
def test_get_personalized_ranking__shares_of_the_answer(world: World, recipe: str) -> None:
    arn = campaign(world, world.filled_group(), recipe)
    answer = rank(world, arn, ["i1", "nowhere", "i9", "i30", "i9", "i44"])
    ranked = answer["personalizedRanking"]
    assert sorted(ids(ranked)) == ["i1", "i30", "i44", "i9", "nowhere"]
    assert ranked[-1] == {"itemId": "nowhere"}
    scores = [item["score"] for item in ranked[:-1]]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 0  # also of i1 and i9, which the user knows
    assert sum(scores) == pytest.approx(1, abs=1e-6)
    assert answer["recommendationId"].startswith("RID-")
    assert ids(rank(world, arn, ["i1", "i2"], "nobody")["personalizedRanking"])


def test_get_personalized_ranking__filter_metadata_and_refusals(world: World) -> None:
    group = full_group(world)
    arn = campaign(world, group, "aws-personalized-ranking-v2")
    comedies = make_filter(world, group, 'INCLUDE ItemID WHERE Items.GENRES IN ("Comedy")')
    found = rank(
        world,
        arn,
        ["i1", "i2", "i5", "nowhere"],
        filterArn=comedies,
        metadataColumns={"ITEMS": ["YEAR"]},
        context={"DEVICE": "phone"},
    )["personalizedRanking"]
    years = {item["itemId"]: item.get("metadata") for item in found}
    assert years == {"i1": {"year": "1951"}, "i5": {"year": "1955"}, "nowhere": None}
    many = [f"x{at}" for at in range(501)]
    cases: list[tuple[dict[str, Any], str]] = [
        ({"items": []}, "Required fields for the provided recipe are userId, inputList"),
        ({"items": ["i1"], "user": ""}, "was asked without userId"),
        ({"items": many}, "inputList can have 500 items, got 501"),
        (
            {"items": many[:51], "metadataColumns": {"ITEMS": ["YEAR"]}},
            "inputList can have 50 items with metadataColumns, got 51",
        ),
        ({"items": ["i" * 257]}, "less than or equal to 256"),
        ({"items": ["i1"], "filterArn": arn}, "is the ARN of a campaign; that of a filter is"),
    ]
    for request, message in cases:
        with refused("InvalidInput", message):
            rank(world, arn, **request)
    with refused("ResourceNotFound", "The given campaign does not exist"):
        rank(world, ARN + "campaign/x", ["i1"])
    assert len(rank(world, arn, many[:500])["personalizedRanking"]) == 500


def test_get_personalized_ranking__of_another_recipe(world: World) -> None:
    arn = campaign(world, world.filled_group(), "aws-popularity-count")
    with refused("InvalidInput", "aws-popularity-count is a recipe of type USER_PERSONALIZATION: "):
        rank(world, arn, ["i1"])
