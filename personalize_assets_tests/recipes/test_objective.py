from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from personalize_assets.recipes.artifact import load_version, save_version
from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.minima import UnfitData
from personalize_assets.recipes.objective import Objective, Sensitivity
from personalize_assets.recipes.ranking import recommend
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.shifted import ShiftedModel
from personalize_assets.recipes.tables import training_data
from personalize_assets.recipes.training import TrainedVersion, TrainingRequest, train_recipe
from personalize_assets.recipes.trials import ItemTrial, Split
from personalize_assets_tests.recipe_contract import N_ITEMS, walks
from personalize_assets_tests.recipes.examples import catalogue, histories_of
from personalize_assets_tests.recipes.test_evaluation import Recorder

SPEC = RECIPES["aws-user-personalization"]


def items(**columns: pa.Array) -> pa.Table:
    """All items of the walks but the last, whose attributes are not known."""
    ids = [f"i{item:02d}" for item in range(N_ITEMS - 1)]
    return pa.table({"ITEM_ID": ids, **columns})


def prices() -> pa.Array:
    return pa.array([float(item % 7) for item in range(N_ITEMS - 1)])


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return training_data(walks(np.random.default_rng(7)), items(Price=prices()))


def trained(data: TrainingData, objective: Objective | None) -> TrainedVersion:
    wanted = TrainingRequest(objective=objective)
    return train_recipe(SPEC, data, wanted, np.random.default_rng(0))


def mean_price(version: TrainedVersion, data: TrainingData) -> float:
    """Of what is recommended to all users."""
    ranked, _ = recommend(version.model, data.histories(np.random.default_rng(0)), 10)
    values = np.append(prices().to_numpy(), 0.0)
    return float(values[ranked].mean())


def test_objective__the_more_sensitive_the_more_it_brings(data: TrainingData) -> None:
    levels: tuple[Sensitivity, ...] = ("OFF", "LOW", "MEDIUM", "HIGH")
    versions = [trained(data, Objective("PRICE", level)) for level in levels]
    means = [mean_price(version, data) for version in versions]
    assert means == sorted(means)
    assert means[3] > means[0] + 0.5
    plain = trained(data, None)
    assert means[0] == pytest.approx(mean_price(plain, data))
    assert "average_rewards_at_k" not in plain.metrics
    assert all(0 < version.metrics["average_rewards_at_k"] <= 1 for version in versions)


def test_objective__shift_by_hand() -> None:
    table = pa.table({"ITEM_ID": ["i0", "i1", "i2"], "PRICE": [1, 3, 5]})
    aligned = table.take(pa.array([0, 1, 2, None]))
    trial = trial_of(replace(catalogue(4), item_features=aligned), n_items=4)
    shifted = Objective("price", "MEDIUM").apply(Recorder(), trial)
    assert isinstance(shifted, ShiftedModel)
    # Mean 3, deviation sqrt(8 / 3); an item of unknown price counts as average.
    step = 0.5 * 2 / np.sqrt(8 / 3)
    np.testing.assert_allclose(shifted.shift, [-step, 0, step, 0], rtol=1e-6)


def test_objective__a_dear_item_is_not_everything() -> None:
    table = pa.table({"ITEM_ID": [f"i{item}" for item in range(10)], "PRICE": [1] * 9 + [1_000]})
    trial = trial_of(replace(catalogue(10), item_features=table), n_items=10)
    shifted = Objective("price", "HIGH").apply(Recorder(), trial)
    assert isinstance(shifted, ShiftedModel)
    # One of ten is three standard deviations above the mean, the others a third below.
    np.testing.assert_allclose(shifted.shift, [-1 / 3] * 9 + [2], rtol=1e-4)


def test_objective__all_the_same_changes_nothing() -> None:
    table = pa.table({"ITEM_ID": ["i0", "i1"], "PRICE": [2, 2]})
    model = Recorder()
    trial = trial_of(replace(catalogue(2), item_features=table), n_items=2)
    assert Objective("PRICE", "HIGH").apply(model, trial) is model


@pytest.mark.parametrize(
    ("column", "name", "message"),
    [
        (prices(), "COST", "The optimization objective COST is no column of the Items dataset"),
        (pa.array(["a"] * (N_ITEMS - 1)), "PRICE", "PRICE is not numeric"),
        (
            pa.array([None] + [1.0] * (N_ITEMS - 2)),
            "PRICE",
            "The optimization objective PRICE has null values",
        ),
    ],
)
def test_objective__unfit(column: pa.Array, name: str, message: str) -> None:
    data = training_data(walks(np.random.default_rng(7)), items(PRICE=column))
    with pytest.raises(UnfitData, match=message):
        trained(data, Objective(name, "LOW"))


def test_objective__no_items_dataset() -> None:
    with pytest.raises(UnfitData, match="PRICE is no column"):
        trained(training_data(walks(np.random.default_rng(7))), Objective("PRICE", "LOW"))


def trial_of(data: TrainingData, n_items: int) -> ItemTrial:
    """One tested user, user 0, who did item 0 and then item 1; the others train."""
    split = Split(histories_of(), histories_of([0]), histories_of([1]), np.array([0]))
    assert data.n_items == n_items
    return ItemTrial(SPEC, data, split)


def test_save__with_its_shift(data: TrainingData, tmp_path: Path) -> None:
    version = trained(data, Objective("PRICE", "HIGH"))
    save_version(tmp_path, data, version)
    histories = histories_of([1, 2], [])
    np.testing.assert_array_equal(
        load_version(tmp_path).model.score(histories), version.model.score(histories)
    )
    assert load_version(tmp_path).model.n_items == N_ITEMS
