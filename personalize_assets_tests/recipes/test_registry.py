import subprocess
import sys

import pytest

from personalize_assets.recipes.hyperparameters import hyperparameters
from personalize_assets.recipes.registry import RECIPES, UnknownRecipe, find_recipe
from personalize_assets.recipes.spec import RecipeSpec


def test_recipes__all_of_the_guide() -> None:
    custom = [spec for spec in RECIPES.values() if spec.domain is None]
    assert (len(custom), len(RECIPES)) == (12, 22)
    assert all(name.startswith("aws-") and name == spec.name for name, spec in RECIPES.items())
    assert "aws-hrnn" not in RECIPES


def test_recipes__those_that_train() -> None:
    items = ("USER_PERSONALIZATION", "POPULAR_ITEMS", "PERSONALIZED_RANKING", "RELATED_ITEMS")
    lacking = [spec.name for spec in RECIPES.values() if not spec.trainable]
    assert [name for name in lacking if RECIPES[name].recipe_type in items] == []


@pytest.mark.parametrize("spec", RECIPES.values(), ids=lambda spec: spec.name)
def test_recipes__described(spec: RecipeSpec) -> None:
    assert spec.description.endswith(".")
    assert spec.required_datasets
    assert not set(spec.required_datasets) & set(spec.used_datasets)
    assert spec.batch_field is None or spec.domain is None
    for options in (spec.config, spec.featurization):
        assert all(parameter.description for parameter in hyperparameters(options))


@pytest.mark.parametrize(
    ("name", "algorithm", "transformation"),
    [
        ("aws-trending-now", "aws-trending-now-custom", "aws-trending-now"),
        ("aws-popularity-count", "aws-popularity-count", "sims"),
        ("aws-personalized-ranking", "aws-personalized-ranking", "JSON-percentile-filtering"),
        ("aws-item-affinity", "aws-item-affinity", "item-affinity"),
    ],
)
def test_recipes__tails_of_arns(name: str, algorithm: str, transformation: str) -> None:
    assert RECIPES[name].algorithm == algorithm
    assert RECIPES[name].feature_transformation == transformation


def test_find_recipe__unknown() -> None:
    with pytest.raises(UnknownRecipe) as caught:
        find_recipe("aws-sim")
    assert str(caught.value).startswith(
        "unknown recipe 'aws-sim'; these train here: aws-user-personalization-v2, "
        "aws-user-personalization, aws-trending-now, aws-popularity-count, "
    )


def test_registry__imports_nothing_heavy() -> None:
    code = (
        "import sys, personalize_assets.recipes.registry\n"
        "heavy = {'scipy.stats', 'pandas', 'sklearn', 'dagster', 'boto3', 'sqlite3'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
