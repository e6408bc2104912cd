import numpy as np
import pytest

from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.evaluation import TrainedVersion
from personalize_assets.recipes.histories import Histories
from personalize_assets.recipes.hyperparameters import NoOptions
from personalize_assets.recipes.options import TrendingOptions
from personalize_assets.recipes.ranking import recommend
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.tables import training_data
from personalize_assets.recipes.trending_now import TrendingModel, TrendingNow
from personalize_assets.recipes.trials import ItemTrial, make_trial
from personalize_assets_tests.recipe_contract import RecipeContract, fit, history
from personalize_assets_tests.recipes.examples import catalogue
from personalize_assets_tests.recipes.popular_examples import RISING, waves

HOUR = 3_600


class TestTrendingNow(RecipeContract):
    recipe = "aws-trending-now"
    least_gain = 3.0
    least_gain_over_chance = 3.0

    @pytest.fixture(scope="class")
    @classmethod
    def data(cls) -> TrainingData:
        return training_data(waves(np.random.default_rng(7)))

    def test_recommend__what_rises(self, version: TrainedVersion) -> None:
        items, _ = recommend(version.model, Histories.empty(1), len(RISING))
        assert sorted(items[0].tolist()) == list(RISING)

    def test_quality__trends_are_caught(self, version: TrainedVersion, data: TrainingData) -> None:
        trial = make_trial(version.spec, data, np.random.default_rng(0))
        popular = fit(RECIPES["aws-popularity-count"], data)
        listed, _ = recommend(popular, Histories.empty(1), 25)
        assert isinstance(trial, ItemTrial)
        assert isinstance(version.model, TrendingModel)
        missed = version.model.extra_metrics(listed, trial.split.given, trial.split.truth)
        key = "trend_prediction_accuracy"
        assert version.metrics[key] > 0.8
        assert version.metrics[key] > 2 * missed[key]

    def test_recommend__the_same_for_everyone(
        self, version: TrainedVersion, histories: Histories
    ) -> None:
        items, _ = recommend(version.model, histories, 10)
        assert (items == items[0]).all()


def events(*pairs: tuple[int, int]) -> Histories:
    """One user's events: item and second."""
    items, seconds = zip(*sorted(pairs, key=lambda pair: pair[1]), strict=True)
    return Histories(
        np.array([0, len(items)]), np.array(items, np.int32), np.array(seconds, np.int64)
    )


def count(histories: Histories, n_items: int, frequency: str = "2 hours") -> TrendingModel:
    options = TrendingOptions.model_validate({"trend_discovery_frequency": frequency})
    return TrendingNow().fit(
        catalogue(n_items), histories, NoOptions(), options, np.random.default_rng(0)
    )


def order(model: TrendingModel) -> list[int]:
    return recommend(model, Histories.empty(1), model.n_items)[0][0].tolist()


def test_fit__rising_first_then_popular() -> None:
    day = 24 * HOUR
    old = [(0, second) for second in range(9)] + [(1, second) for second in range(5)]
    before = [(2, day - 3 * HOUR), (2, day - 3 * HOUR + 1), (3, day - 3 * HOUR)]
    last = [(2, day), (3, day - 5), (3, day - 4), (3, day - 3), (4, day - 1)]
    # 4 rises from 0 to 1, .71; 3 from 1 to 3, .89; 2 falls and is third in popularity.
    assert order(count(events(*old, *before, *last), 6)) == [3, 4, 0, 1, 2, 5]


@pytest.mark.parametrize(
    ("frequency", "first"),
    [("30 minutes", 0), ("1 hour", 1), ("2 hours", 2), ("3 hours", 3), ("1 day", 4)],
)
def test_fit__trend_discovery_frequency(frequency: str, first: int) -> None:
    # Each item's events lie at the end of one interval that is in nobody else's last interval
    # without being in the interval before as well.
    ages = {0: 1_500, 1: 3_000, 2: 6_000, 3: 10_000, 4: 80_000}
    pairs = [(item, 200_000 - age - n) for item, age in ages.items() for n in range(2 + item)]
    assert order(count(events((5, 200_000), *pairs), 6, frequency))[0] == first


def test_fit__equal_trends_the_popular_one_first() -> None:
    pairs = [(1, 0), (0, 99_999), (1, 100_000)]
    assert order(count(events(*pairs), 2)) == [1, 0]


def test_fit__nothing_rises() -> None:
    pairs = [(0, 100_000), (0, 100_000 - 2 * HOUR), (1, 0), (1, 1), (1, 2)]
    assert order(count(events(*pairs), 3)) == [1, 0, 2]


def test_extra_metrics__share_of_the_true_trends_caught() -> None:
    # Item 1 rises from 0 to 3, item 2 from 1 to 2; item 2 is on the list, and 0, which falls.
    model = TrendingModel(np.zeros(30, np.float32), 100)
    given = events((1, 1_000), (1, 999), (2, 998), (2, 996), (2, 850), (0, 850))
    truth = events((1, 997))
    ranked = np.full((1, 25), -1, np.int32)
    ranked[0, :2] = 2, 0
    assert model.extra_metrics(ranked, given, truth) == {"trend_prediction_accuracy": 0.25}


@pytest.mark.parametrize(
    "asked", [history(), Histories.empty(0)], ids=["nothing_rises", "no_tested_user"]
)
def test_extra_metrics__nothing_to_catch(asked: Histories) -> None:
    model = TrendingModel(np.zeros(3, np.float32), 100)
    ranked = np.zeros((len(asked), 25), np.int32)
    assert model.extra_metrics(ranked, asked, asked) == {"trend_prediction_accuracy": 0.0}
