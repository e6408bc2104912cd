from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from personalize_assets.recipes.artifact import load_version, save_version
from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.minima import TooLittleData, UnfitData
from personalize_assets.recipes.objective import (
    EventWeight,
    Objective,
    Sensitivity,
    ShiftedModel,
    WeightedEvents,
)
from personalize_assets.recipes.ranking import recommend
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.tables import training_data
from personalize_assets.recipes.training import TrainedVersion, TrainingRequest, train_recipe
from personalize_assets.recipes.trials import ItemTrial, Split
from personalize_assets_tests.recipe_contract import N_ITEMS, walks
from personalize_assets_tests.recipes.examples import catalogue, histories_of
from personalize_assets_tests.recipes.test_evaluation import Recorder

SPEC = RECIPES["aws-user-personalization"]
WEIGHTED = "normalized_discounted_cumulative_gain_with_event_weights_at_k"


def items(**columns: pa.Array) -> pa.Table:
    """All items of the walks but the last, whose attributes are not known."""
    ids = [f"i{item:02d}" for item in range(N_ITEMS - 1)]
    return pa.table({"ITEM_ID": ids, **columns})


def prices() -> pa.Array:
    return pa.array([float(item % 7) for item in range(N_ITEMS - 1)])


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return training_data(walks(np.random.default_rng(7)), items(Price=prices()))


def trained(
    data: TrainingData, objective: Objective | None, **request: tuple[EventWeight, ...]
) -> TrainedVersion:
    wanted = TrainingRequest(objective=objective, **request)
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


def test_save__with_its_shift(data: TrainingData, tmp_path: Path) -> None:
    version = trained(data, Objective("PRICE", "HIGH"))
    save_version(tmp_path, data, version)
    histories = histories_of([1, 2], [])
    np.testing.assert_array_equal(
        load_version(tmp_path).model.score(histories), version.model.score(histories)
    )
    assert load_version(tmp_path).model.n_items == N_ITEMS


# Event types and values of four rows; what takes part, and with what weight.


def rows(**columns: list[object]) -> TrainingData:
    table = {"USER_ID": ["u"] * 4, "ITEM_ID": ["a", "a", "b", "c"], "TIMESTAMP": [1, 2, 3, 4]}
    return training_data(pa.table(table | columns))


TYPES = ["click", "buy", "buy", None]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ((EventWeight("buy", 0.3), EventWeight("click", 0.1)), [0.1, 0.3, 0.3, -1]),
        ((EventWeight("buy", 0.3, 2.0),), [-1, -1, 0.3, -1]),
        ((EventWeight("Buy", 0.3),), [-1, -1, -1, -1]),
        ((EventWeight("click", 0.0),), [0.0, -1, -1, -1]),
    ],
)
def test_event_weights__of_rows(entries: tuple[EventWeight, ...], expected: list[float]) -> None:
    data = rows(EVENT_TYPE=TYPES, EVENT_VALUE=[5.0, 1.0, 2.0, 9.0])
    weighted = WeightedEvents(entries)
    assert weighted.of_rows(data).tolist() == expected
    kept = weighted.select(data)
    assert len(kept) == sum(weight >= 0 for weight in expected)
    assert kept.n_items == data.n_items


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({}, "eventsConfig needs a column EVENT_TYPE"),
        ({"EVENT_TYPE": TYPES}, "needs a column EVENT_VALUE"),
    ],
)
def test_event_weights__columns_are_missing(columns: dict[str, list[object]], message: str) -> None:
    with pytest.raises(UnfitData, match=message):
        WeightedEvents((EventWeight("buy", 1.0, 2.0),)).of_rows(rows(**columns))


def trial_of(data: TrainingData, n_items: int) -> ItemTrial:
    """One tested user, user 0, who did item 0 and then item 1; the others train."""
    split = Split(histories_of(), histories_of([0]), histories_of([1]), np.array([0]))
    assert data.n_items == n_items
    return ItemTrial(SPEC, data, split)


def test_event_weights__shift_by_hand() -> None:
    table = {
        "USER_ID": ["u0", "u1", "u1", "u1"],
        "ITEM_ID": ["a", "a", "a", "b"],
        "TIMESTAMP": [1, 1, 2, 3],
        "EVENT_TYPE": ["buy", "click", "buy", "click"],
    }
    trial = trial_of(training_data(pa.table(table)), n_items=2)
    entries = (EventWeight("click", 0.2), EventWeight("buy", 0.8))
    shifted = WeightedEvents(entries).apply(Recorder(), trial)
    assert isinstance(shifted, ShiftedModel)
    # Of the training user: mean weight (.2 + .8 + .2) / 3 = .4, and five more of that weight each.
    expected = np.log([(1.0 + 5 * 0.4) / (2 + 5) / 0.4, (0.2 + 5 * 0.4) / (1 + 5) / 0.4])
    np.testing.assert_allclose(shifted.shift, expected, rtol=1e-5)


def weighted_walks() -> TrainingData:
    """The walks; items of odd number are bought, others clicked, and both in one second."""
    table = walks(np.random.default_rng(7))
    kinds = ["buy" if int(item[1:]) % 2 else "click" for item in table["ITEM_ID"].to_pylist()]
    table = table.append_column("EVENT_TYPE", [kinds])
    views = table.set_column(3, "EVENT_TYPE", [["view"] * len(table)])
    return training_data(pa.concat_tables([table, views]))


def test_event_weights__what_weighs_more_is_recommended_more() -> None:
    data = weighted_walks()
    asked = data.histories(np.random.default_rng(0))
    shares = []
    for buy in (0.1, 1.0):
        entries = (EventWeight("buy", buy), EventWeight("click", 0.3), EventWeight("view", 0.0))
        version = trained(data, None, event_weights=entries)
        shares.append((recommend(version.model, asked, 5)[0] % 2).mean())
        assert 0 < version.metrics[WEIGHTED] <= 1
    assert shares[1] > shares[0] + 0.2


def test_event_weights__equal_weights_are_the_plain_ndcg() -> None:
    data = weighted_walks()
    entries = (EventWeight("buy", 0.5), EventWeight("click", 0.5))
    metrics = trained(data, None, event_weights=entries).metrics
    assert metrics[WEIGHTED] == metrics["normalized_discounted_cumulative_gain_at_25"]


def test_event_weights__only_listed_types_count_as_data() -> None:
    with pytest.raises(TooLittleData, match="fewer than 1000 interactions"):
        trained(weighted_walks(), None, event_weights=(EventWeight("share"),))


def test_event_weights__merged_rows_have_the_highest_weight() -> None:
    data = weighted_walks()
    entries = (EventWeight("buy", 1.0), EventWeight("view", 0.1), EventWeight("click", 0.1))
    version = trained(data, None, event_weights=entries)
    only = trained(data, None, event_weights=(EventWeight("buy"), EventWeight("click")))
    assert version.n_events == only.n_events
