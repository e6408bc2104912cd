"""Bands that the metrics on real ratings must stay in, and what must be better than what.

The bands are those of the sample in data/, means over three splits; on ml-latest-small the figures
of the design hold (benchmarks/bench_quality.py measures them over ten folds).
"""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv
import pytest

from personalize_assets.recipes.evaluation import train_and_evaluate
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.tables import training_data

SAMPLE = Path(__file__).parents[2] / "data"
MRR = "mean_reciprocal_rank_at_25"
NDCG = "normalized_discounted_cumulative_gain_at_10"
SPLITS = 3
QUICK = ("aws-user-personalization", "aws-popularity-count", "aws-sims", "aws-trending-now")


def interactions(folder: Path) -> pa.Table:
    """Ratings above 1, each one event."""
    ratings = pv.read_csv(folder / "ratings.csv").to_pandas()
    ratings = ratings[ratings.rating > 1]
    return pa.table(
        {
            "USER_ID": ratings.userId.astype(str).tolist(),
            "ITEM_ID": ratings.movieId.astype(str).tolist(),
            "TIMESTAMP": ratings.timestamp.to_numpy(),
        }
    )


def genres(folder: Path) -> pa.Table:
    """The items and their categories."""
    movies = pv.read_csv(folder / "movies.csv")
    ids = movies["movieId"].cast(pa.string())
    return pa.table({"ITEM_ID": ids, "GENRES": movies["genres"]})


def mean_metrics(folder: Path, *recipes: str) -> dict[str, dict[str, float]]:
    """Metrics of each recipe, as served."""
    data = training_data(interactions(folder), genres(folder))
    means = {}
    for name in recipes:
        runs = [
            train_and_evaluate(RECIPES[name], data, rng=np.random.default_rng(seed)).metrics
            for seed in range(SPLITS)
        ]
        means[name] = {key: float(np.mean([run[key] for run in runs])) for key in runs[0]}
    return means


@pytest.fixture(scope="module")
def sample() -> dict[str, dict[str, float]]:
    return mean_metrics(SAMPLE, *QUICK)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recipe", "metric", "low", "high"),
    [
        ("aws-user-personalization", MRR, 0.20, 0.29),
        ("aws-user-personalization", NDCG, 0.24, 0.34),
        ("aws-user-personalization", "precision_at_10", 0.07, 0.11),
        ("aws-user-personalization", "coverage", 0.05, 0.09),
        ("aws-popularity-count", MRR, 0.03, 0.09),
        ("aws-popularity-count", "coverage", 0.0025, 0.0035),
        ("aws-sims", MRR, 0.12, 0.18),
        ("aws-sims", NDCG, 0.14, 0.21),
        ("aws-sims", "coverage", 0.30, 0.60),
        ("aws-trending-now", MRR, 0.03, 0.13),
    ],
)
def test_sample__bands(
    sample: dict[str, dict[str, float]], recipe: str, metric: str, low: float, high: float
) -> None:
    assert low <= sample[recipe][metric] <= high


@pytest.mark.slow
def test_sample__order_of_the_recipes(sample: dict[str, dict[str, float]]) -> None:
    personal, related, popular = (
        sample[f"aws-{name}"][MRR] for name in ("user-personalization", "sims", "popularity-count")
    )
    assert personal > 1.5 * related
    assert related > 1.3 * popular


@pytest.mark.slow
def test_sample__similar_items_near_sims() -> None:
    metrics = mean_metrics(SAMPLE, "aws-similar-items")["aws-similar-items"]
    assert 0.12 <= metrics[MRR] <= 0.21
    assert 0.15 <= metrics[NDCG] <= 0.25
    assert 0.35 <= metrics["coverage"] <= 0.65


@pytest.mark.realdata
def test_ml_latest_small__bands() -> None:
    root = os.environ.get("PERSONALIZE_ASSETS_TEST_DATA")
    if root is None or not (Path(root) / "ml-latest-small").is_dir():
        pytest.skip("PERSONALIZE_ASSETS_TEST_DATA names no folder with ml-latest-small")
    means = mean_metrics(Path(root) / "ml-latest-small", *QUICK)
    assert 0.22 <= means["aws-user-personalization"][MRR] <= 0.30
    assert 0.04 <= means["aws-popularity-count"][MRR] <= 0.09
    assert 0.10 <= means["aws-sims"][MRR] <= 0.17
