import numpy as np
import pyarrow as pa
import pytest

from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.domain import ECOMMERCE, VIDEO_ON_DEMAND
from personalize_assets.recipes.evaluation import TrainedVersion
from personalize_assets.recipes.histories import Histories
from personalize_assets.recipes.ranking import recommend
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.spec import RecipeSpec
from personalize_assets.recipes.tables import training_data
from personalize_assets_tests.recipe_contract import GROUP, N_ITEMS, RecipeContract, walks
from personalize_assets_tests.recipes.popular_examples import crowds, waves


class TestMostViewed(RecipeContract):
    recipe = "aws-ecomm-popular-items-by-views"
    least_gain = 1.0
    least_gain_over_chance = 3.0

    @pytest.fixture(scope="class")
    @classmethod
    def data(cls) -> TrainingData:
        return training_data(crowds(np.random.default_rng(7)))

    def test_recommend__the_same_for_everyone(
        self, version: TrainedVersion, histories: Histories
    ) -> None:
        items, _ = recommend(version.model, histories, 10)
        assert (items == items[0]).all()


class TestCustomersWhoViewed(RecipeContract):
    recipe = "aws-ecomm-customers-who-viewed-x-also-viewed"
    least_gain = 1.5


class TestRecommendedForYou(RecipeContract):
    recipe = "aws-ecomm-recommended-for-you"
    least_gain = 3.0


class TestMoreLike(RecipeContract):
    recipe = "aws-vod-more-like-x"
    least_gain = 1.5

    @pytest.fixture(scope="class")
    @classmethod
    def data(cls) -> TrainingData:
        ids = [f"i{item:02d}" for item in range(N_ITEMS)]
        genres = [f"genre{item // GROUP}" for item in range(N_ITEMS)]
        items = pa.table({"ITEM_ID": ids, "GENRES": genres})
        return training_data(walks(np.random.default_rng(7)), items)


class TestBestSellers(TestMostViewed):
    recipe = "aws-ecomm-popular-items-by-purchases"


class TestMostPopular(TestMostViewed):
    recipe = "aws-vod-most-popular"


class TestTopPicks(TestRecommendedForYou):
    recipe = "aws-vod-top-picks"


class TestTrendingVideos(RecipeContract):
    recipe = "aws-vod-trending-now"
    least_gain = 3.0
    least_gain_over_chance = 3.0

    @pytest.fixture(scope="class")
    @classmethod
    def data(cls) -> TrainingData:
        return training_data(waves(np.random.default_rng(7)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("aws-ecomm-popular-items-by-purchases", "aws-ecomm-popular-items-by-views"),
        ("aws-vod-most-popular", "aws-ecomm-popular-items-by-views"),
        ("aws-vod-top-picks", "aws-ecomm-recommended-for-you"),
    ],
)
def test_use_cases__the_same_model(one: str, other: str) -> None:
    assert type(RECIPES[one].learner) is type(RECIPES[other].learner)


def test_use_cases__event_types_of_their_domain() -> None:
    trained = {spec.name: spec.event_type for spec in (*ECOMMERCE, *VIDEO_ON_DEMAND)}
    assert {name: kind for name, kind in trained.items() if kind is not None} == {
        "aws-ecomm-popular-items-by-views": "View",
        "aws-ecomm-popular-items-by-purchases": "Purchase",
        "aws-ecomm-frequently-bought-together": "Purchase",
        "aws-ecomm-customers-who-viewed-x-also-viewed": "View",
        "aws-vod-because-you-watched-x": "Watch",
        "aws-vod-most-popular": "Watch",
    }


def test_use_cases__exclusions() -> None:
    assert {spec.name: spec.excludes for spec in ECOMMERCE if spec.excludes} == {
        "aws-ecomm-customers-who-viewed-x-also-viewed": "Purchase",
        "aws-ecomm-recommended-for-you": "Purchase",
    }
    assert {spec.name: spec.excludes for spec in VIDEO_ON_DEMAND if spec.excludes} == {
        "aws-vod-because-you-watched-x": "Watch",
        "aws-vod-more-like-x": "Watch",
        "aws-vod-top-picks": "Watch",
    }


@pytest.mark.parametrize("spec", [*ECOMMERCE, *VIDEO_ON_DEMAND], ids=lambda spec: spec.name)
def test_use_cases__what_all_have_in_common(spec: RecipeSpec) -> None:
    assert spec.promotes
    assert spec.batch_field is None
    assert not spec.serves_scores
    assert not spec.hpo
    assert spec.max_items == 750_000
    personal = spec.name.endswith(("recommended-for-you", "top-picks"))
    assert spec.real_time == spec.explores == spec.takes_context == personal
