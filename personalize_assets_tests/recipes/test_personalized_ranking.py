import pytest

from personalize_assets.recipes.personalized_ranking import (
    PERSONALIZED_RANKING,
    PERSONALIZED_RANKING_V2,
)
from personalize_assets.recipes.spec import RecipeSpec
from personalize_assets_tests.recipe_contract import RecipeContract


class TestPersonalizedRanking(RecipeContract):
    recipe = "aws-personalized-ranking"
    least_gain = 3.0


class TestPersonalizedRankingV2(RecipeContract):
    recipe = "aws-personalized-ranking-v2"
    least_gain = 3.0


@pytest.mark.parametrize("spec", [PERSONALIZED_RANKING, PERSONALIZED_RANKING_V2])
def test_spec__what_a_ranking_is_asked_and_never_does(spec: RecipeSpec) -> None:
    assert spec.query_fields == ("userId", "itemList")
    assert (spec.serves_scores, spec.takes_context, spec.real_time) == (True, True, True)
    assert (spec.promotes, spec.explores, spec.refresh) == (False, False, "none")
