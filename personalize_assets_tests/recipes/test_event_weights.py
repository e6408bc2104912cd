"""What weights of event types do, with hand-made rows and with planted data."""

import numpy as np
import pyarrow as pa
import pytest

from personalize_assets.core.metrics import Truth, gains_at_ranks
from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.event_weights import EventWeight, WeightedEvents
from personalize_assets.recipes.minima import TooLittleData, UnfitData
from personalize_assets.recipes.ranking import recommend
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.shifted import ShiftedModel
from personalize_assets.recipes.tables import training_data
from personalize_assets.recipes.training import TrainedVersion, TrainingRequest, train_recipe
from personalize_assets.recipes.trials import ItemTrial
from personalize_assets_tests.planted import planted
from personalize_assets_tests.recipe_contract import walks
from personalize_assets_tests.recipes.test_evaluation import Recorder
from personalize_assets_tests.recipes.test_objective import trial_of

SPEC = RECIPES["aws-user-personalization-v2"]
WEIGHTED = "normalized_discounted_cumulative_gain_with_event_weights_at_k"


def trained(data: TrainingData, *entries: EventWeight) -> TrainedVersion:
    wanted = TrainingRequest(event_weights=entries)
    return train_recipe(SPEC, data, wanted, np.random.default_rng(0))


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
        version = trained(data, *entries)
        shares.append((recommend(version.model, asked, 5)[0] % 2).mean())
        assert 0 < version.metrics[WEIGHTED] <= 1
    assert shares[1] > shares[0] + 0.2


def test_event_weights__equal_weights_are_the_plain_ndcg() -> None:
    data = weighted_walks()
    entries = (EventWeight("buy", 0.5), EventWeight("click", 0.5))
    metrics = trained(data, *entries).metrics
    assert metrics[WEIGHTED] == metrics["normalized_discounted_cumulative_gain_at_25"]


def test_event_weights__only_listed_types_count_as_data() -> None:
    with pytest.raises(TooLittleData, match="fewer than 1000 interactions"):
        trained(weighted_walks(), EventWeight("share"))


def test_event_weights__merged_rows_have_the_highest_weight() -> None:
    data = weighted_walks()
    entries = (EventWeight("buy", 1.0), EventWeight("view", 0.1), EventWeight("click", 0.1))
    version = trained(data, *entries)
    only = trained(data, EventWeight("buy"), EventWeight("click"))
    assert version.n_events == only.n_events


def worth_of_lists(data: TrainingData, *weights: tuple[str, float]) -> float:
    """How much watching the lists of a solution with these weights bring its tested users."""
    entries = tuple(EventWeight(name, weight) for name, weight in weights)
    model = trained(data, *entries).model
    split = ItemTrial.draw(
        SPEC, WeightedEvents(entries).select(data), np.random.default_rng(0)
    ).split
    watched = WeightedEvents((EventWeight("watch", 1.0), EventWeight("click", 0.0))).select(data)
    worth = ItemTrial.draw(SPEC, watched, np.random.default_rng(0)).split.truth
    assert worth.weights is not None
    ranked, _ = recommend(model, split.given, 25)
    gains = gains_at_ranks(ranked, Truth(worth.indptr, worth.items), worth.weights.astype(float))
    return float(gains.sum(axis=1).mean())


@pytest.mark.slow
def test_event_weights__users_get_more_of_what_is_worth_more() -> None:
    # Users mostly watch what is of their favourite genre and click the rest.
    sets = [planted(800, 500, 24_000, seed=seed).data() for seed in range(3)]
    light, even, heavy = (
        sum(worth_of_lists(data, ("click", click), ("watch", watch)) for data in sets)
        for click, watch in ((1.0, 0.1), (0.5, 0.5), (0.1, 1.0))
    )
    assert light < even < heavy
    assert heavy > 1.2 * light
