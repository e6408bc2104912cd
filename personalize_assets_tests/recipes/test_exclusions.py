from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from personalize_assets.recipes import exclusions
from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.evaluation import train_and_evaluate
from personalize_assets.recipes.exclusions import excluded_items
from personalize_assets.recipes.histories import Histories
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.tables import training_data
from personalize_assets_tests.recipe_contract import walks
from personalize_assets_tests.recipes.examples import histories_of

TOP_PICKS = RECIPES["aws-vod-top-picks"]


def events(*rows: tuple[str, str, str, int]) -> TrainingData:
    """Training data of user, item, event type and second."""
    users, items, types, seconds = zip(*rows, strict=True)
    return training_data(
        pa.table({"USER_ID": users, "ITEM_ID": items, "EVENT_TYPE": types, "TIMESTAMP": seconds})
    )


DATA = events(
    ("a", "i0", "Watch", 0),
    ("b", "i0", "click", 0),
    ("b", "i1", "WATCH", 1),
    ("b", "i2", "Watch", 2),
    ("c", "i2", "watch", 0),
    ("c", "i1", "watch", 1),
    ("c", "i2", "watch", 2),
)


def rows(found: Histories | None) -> list[list[int]]:
    assert found is not None
    return [sorted(found.slice(row, row + 1).items.tolist()) for row in range(len(found))]


def test_excluded_items__given_ones_of_the_type_whatever_its_case() -> None:
    users, given = np.array([1, 2]), histories_of([0, 1], [2, 1])
    assert rows(excluded_items(TOP_PICKS, DATA, users, given)) == [[1], [1, 2]]


def test_excluded_items__the_newest_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exclusions, "SEEN_OF_EACH_TYPE", 1)
    given = histories_of([2, 1, 2])
    assert rows(excluded_items(TOP_PICKS, DATA, np.array([2]), given)) == [[2]]


@pytest.mark.parametrize(
    ("recipe", "data"),
    [
        ("aws-vod-trending-now", DATA),
        ("aws-ecomm-recommended-for-you", DATA),
        ("aws-vod-top-picks", replace(DATA, event_type=None)),
    ],
    ids=["leaves_nothing_out", "no_such_events", "no_types"],
)
def test_excluded_items__nothing(recipe: str, data: TrainingData) -> None:
    users, given = np.array([1, 2]), histories_of([0, 1], [2, 1])
    assert excluded_items(RECIPES[recipe], data, users, given) is None


def test_train_and_evaluate__excluded_items_are_no_answers() -> None:
    # Nobody watches anything twice, so that leaving out what was watched can only help.
    table = walks(np.random.default_rng(7))
    watched = table.append_column("EVENT_TYPE", pa.array(["watch"] * len(table)))
    clicked = table.append_column("EVENT_TYPE", pa.array(["click"] * len(table)))
    spec = RECIPES["aws-vod-because-you-watched-x"]
    plain, served = (
        train_and_evaluate(spec, training_data(of_type), rng=np.random.default_rng(0)).metrics
        for of_type in (clicked, watched)
    )
    assert served["precision_at_25"] > plain["precision_at_25"]
    assert served["mean_reciprocal_rank_at_25"] > plain["mean_reciprocal_rank_at_25"]
