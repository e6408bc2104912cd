"""Related items on planted data, whose order comes from what happened: better than both baselines.

Related items are asked about one item, popular items and chance about none; all are asked of the
same users' last items.
"""

from dataclasses import replace

import numpy as np
import pytest

from personalize_assets.core.metrics import Truth, evaluate
from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.evaluation import require_learner
from personalize_assets.recipes.ranking import recommend
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.trials import Split, split_histories
from personalize_assets_tests.planted import planted

MRR = "mean_reciprocal_rank_at_25"


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return planted(800, 300, 40_000).data()


@pytest.fixture(scope="module")
def split(data: TrainingData) -> Split:
    rng = np.random.default_rng(0)
    return split_histories(data.histories(rng), rng)


def reciprocal_rank(recipe: str, data: TrainingData, split: Split) -> float:
    spec = RECIPES[recipe]
    model = require_learner(spec).fit(
        data, split.train, spec.config(), spec.featurization(), np.random.default_rng(0)
    )
    ranked, _ = recommend(model, split.given.last(1), 25)  # type: ignore[arg-type]
    return evaluate(ranked, Truth(split.truth.indptr, split.truth.items), data.n_items)[MRR]


@pytest.mark.parametrize(
    ("recipe", "gain"),
    [
        ("aws-sims", 1.5),
        ("aws-similar-items", 1.5),
        ("aws-vod-because-you-watched-x", 1.5),
        ("aws-vod-more-like-x", 1.5),
        ("aws-ecomm-customers-who-viewed-x-also-viewed", 1.5),
        ("aws-ecomm-frequently-bought-together", 1.3),
    ],
)
def test_planted__better_than_popularity_and_chance(
    data: TrainingData, split: Split, recipe: str, gain: float
) -> None:
    popular = reciprocal_rank("aws-popularity-count", data, split)
    rng = np.random.default_rng(0)
    lists = np.array([rng.permutation(data.n_items)[:25] for _ in range(len(split.given))])
    truth = Truth(split.truth.indptr, split.truth.items)
    chance = evaluate(lists.astype(np.int32), truth, data.n_items)[MRR]
    assert reciprocal_rank(recipe, data, split) > gain * max(popular, chance)


def test_planted__metadata_do_no_harm(data: TrainingData, split: Split) -> None:
    without = replace(data, item_features=None, item_schema=None)
    recipe = "aws-similar-items"
    assert reciprocal_rank(recipe, data, split) > 0.95 * reciprocal_rank(recipe, without, split)
