import numpy as np
import pyarrow as pa
import pytest

from personalize_assets.recipes.comparison.comparing import Protocol
from personalize_assets.recipes.comparison.questions import Tables, compare_recipes
from personalize_assets.recipes.registry import RECIPES
from personalize_assets_tests.recipe_contract import walks


@pytest.fixture(scope="module")
def tables() -> Tables:
    events = walks(np.random.default_rng(7))
    types = ["Watch" if number % 3 else "click" for number in range(len(events))]
    values = [number % 2 for number in range(len(events))]
    return Tables(
        events.append_column("EVENT_TYPE", pa.array(types)).append_column(
            "EVENT_VALUE", pa.array(values, pa.float64())
        )
    )


def test_compare_recipes__one_table_for_each_question(tables: Tables) -> None:
    names = ("aws-trending-now", "aws-vod-most-popular", "aws-popularity-count")
    specs = [RECIPES[name] for name in names]
    found = list(compare_recipes(specs, tables, Protocol(folds=1)))
    assert [[row.method for row in one.rows] for one in found] == [
        ["aws-trending-now", "aws-popularity-count", "random"],
        ["aws-vod-most-popular", "aws-popularity-count", "random"],
    ]
    assert [one.event_type for one in found] == [None, "Watch"]
    assert found[1].n_events < found[0].n_events


def test_compare_recipes__filters(tables: Tables) -> None:
    specs = [RECIPES["aws-popularity-count"]]
    whole, some = (
        next(iter(compare_recipes(specs, tables, Protocol(folds=1), min_value=least)))
        for least in (None, 1.0)
    )
    assert some.n_events == pytest.approx(whole.n_events / 2, rel=0.01)
