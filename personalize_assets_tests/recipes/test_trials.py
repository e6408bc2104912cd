from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest

from personalize_assets.recipes.action_trial import ActionTrial
from personalize_assets.recipes.actions import ActionHistories
from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.histories import FloatArray, Histories, IntArray
from personalize_assets.recipes.models import WrongModel
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.segment_trial import SegmentTrial
from personalize_assets.recipes.tables import training_data
from personalize_assets.recipes.trials import ItemTrial, Split, make_trial, measure
from personalize_assets_tests.recipe_contract import walks
from personalize_assets_tests.recipes.action_examples import campaign_world
from personalize_assets_tests.recipes.examples import histories_of
from personalize_assets_tests.recipes.test_evaluation import Recorder


class Measured(Recorder):
    """Adds metrics of its own."""

    def extra_metrics(
        self, ranked: IntArray, given: Histories, truth: Histories
    ) -> dict[str, float]:
        assert ranked.shape == (len(given), 25)
        return {"own": 1 / 3, "asked": float(len(given)), "held": float(len(truth.items))}


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return training_data(walks(np.random.default_rng(7)))


@pytest.mark.parametrize(
    ("recipe", "kind"),
    [
        ("aws-sims", ItemTrial),
        ("aws-item-affinity", SegmentTrial),
        ("aws-item-attribute-affinity", SegmentTrial),
        ("aws-next-best-action", ActionTrial),
    ],
)
def test_make_trial__by_recipe_type(recipe: str, kind: type) -> None:
    world = campaign_world(np.random.default_rng(3))
    trial = make_trial(RECIPES[recipe], world, np.random.default_rng(0))
    assert isinstance(trial, kind)
    with pytest.raises(WrongModel):
        trial.measure(object())


def test_item_trial__a_tenth_of_the_users_is_tested(data: TrainingData) -> None:
    trial = ItemTrial.draw(RECIPES["aws-sims"], data, np.random.default_rng(0))
    assert (trial.n_train_users, trial.n_test_users) == (180, 20)


def test_item_trial__numbers_of_the_tested_users(data: TrainingData) -> None:
    trial = ItemTrial.draw(RECIPES["aws-sims"], data, np.random.default_rng(0))
    whole = data.histories(np.random.default_rng(0))
    given, truth = trial.split.given, trial.split.truth
    assert whole.lengths[trial.split.users].tolist() == (given.lengths + truth.lengths).tolist()


def test_measure__extra_metrics_are_rounded() -> None:
    split = Split(histories_of(), histories_of([5, 9]), histories_of([1]))
    metrics, _ = measure(RECIPES["aws-user-personalization"], Measured(), split)
    assert {name: metrics[name] for name in ("own", "asked", "held")} == {
        "own": 0.3333,
        "asked": 1.0,
        "held": 1.0,
    }


def test_measure__items_alone() -> None:
    split = Split(histories_of(), histories_of(), histories_of())
    metrics, textbook = measure(RECIPES["aws-semantic-similarity"], Measured(), split)
    # All thirty items are asked about; there is nobody to say what is relevant.
    assert metrics == {"coverage": 0.8333, "own": 0.3333, "asked": 30.0, "held": 0.0}
    assert textbook == {}


def test_segment_trial__newest_fifth_of_each_user() -> None:
    table = pa.table(
        {
            "USER_ID": ["a"] * 10 + ["b"] * 6 + ["c"] * 2 + ["d"],
            "ITEM_ID": [f"i{item}" for item in [*range(10), *range(6), 0, 1, 0]],
            "TIMESTAMP": list(range(19)),
        }
    )
    spec = RECIPES["aws-item-affinity"]
    trial = SegmentTrial.draw(spec, training_data(table), np.random.default_rng(0))
    # A fifth rounded up, but nothing of a user with a single event.
    assert trial.truth.lengths.tolist() == [2, 2, 1, 0]
    assert trial.truth.items.tolist() == [8, 9, 4, 5, 1]
    assert trial.train.lengths.tolist() == [8, 4, 1, 1]
    assert (trial.n_train_users, trial.n_test_users, trial.n_events) == (4, 3, 19)


@pytest.mark.parametrize(
    ("recipe", "asked"),
    [
        ("aws-item-affinity", np.eye(3).tolist()),
        ("aws-item-attribute-affinity", [[1, 0, 1], [1, 1, 0]]),
    ],
)
def test_segment_trial__what_is_asked(recipe: str, asked: list[list[float]]) -> None:
    items = pa.table({"ITEM_ID": ["a", "b", "c"], "GENRES": ["x|y", "y", "x"]})
    events = pa.table({"USER_ID": ["u"], "ITEM_ID": ["a"], "TIMESTAMP": [1]})
    trial = SegmentTrial.draw(
        RECIPES[recipe], training_data(events, items), np.random.default_rng(0)
    )
    assert sorted(trial.queries().toarray().tolist()) == sorted(asked)


@dataclass
class Fixed:
    """Gives everyone the same scores of actions."""

    scores: list[float]

    @property
    def n_actions(self) -> int:
        return len(self.scores)

    def score_actions(self, histories: Histories, actions: ActionHistories) -> FloatArray:
        assert len(histories) == len(actions)
        return np.tile(np.array(self.scores, np.float32), (len(histories), 1))

    def save(self, folder: object) -> None:
        raise NotImplementedError

    @classmethod
    def load(cls, folder: object) -> "Fixed":
        raise NotImplementedError


def test_action_trial__holds_out_users_and_their_newest() -> None:
    data = campaign_world(np.random.default_rng(3))
    trial = ActionTrial.draw(data, np.random.default_rng(0))
    assert data.actions is not None
    assert trial.data.actions is not None
    assert (trial.n_train_users, trial.n_test_users) == (180, 20)
    assert trial.n_events == len(data.actions)
    assert np.diff(trial.given.indptr).tolist() == [18] * 20
    assert np.diff(trial.truth.indptr).tolist() == [2] * 20
    assert (trial.train.lengths == 0).sum() == 20
    for user in range(20):
        given = trial.given.timestamps[trial.given.rows == user]
        truth = trial.truth.timestamps[trial.truth.rows == user]
        assert given.max() <= truth.min()
        known = trial.given_items.timestamps[trial.given_items.rows == user]
        assert known.max(initial=0) < truth.min()


def test_action_trial__scores_of_zero_are_not_recommended() -> None:
    trial = ActionTrial.draw(campaign_world(np.random.default_rng(3)), np.random.default_rng(0))
    metrics, textbook = trial.measure(Fixed([0.5, 0.4, 0, 0, 0, 0]))
    assert metrics["coverage"] == round(2 / 6, 4)
    assert textbook == {}
    nothing, _ = trial.measure(Fixed([0.0] * 6))
    assert set(nothing.values()) == {0.0}
    assert "auc" not in nothing
