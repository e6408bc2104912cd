from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from personalize_assets.recipes.actions import ActionData, ActionHistories
from personalize_assets.recipes.artifact import load_version, save_version
from personalize_assets.recipes.base import ActionModel, TrainingData
from personalize_assets.recipes.evaluation import TrainedVersion
from personalize_assets.recipes.histories import Histories
from personalize_assets.recipes.minima import TooLittleData
from personalize_assets.recipes.models import WrongModel, action_model
from personalize_assets.recipes.next_best_action import enough_data
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.tables import training_data
from personalize_assets.recipes.training import TrainingRequest, train_recipe
from personalize_assets_tests.action_contract import ActionContract, met
from personalize_assets_tests.recipes.action_examples import (
    DAY,
    N_ACTIONS,
    action_tables,
    campaign_world,
)
from personalize_assets_tests.recipes.examples import histories_of

SPEC = RECIPES["aws-next-best-action"]


class TestNextBestAction(ActionContract):
    recipe = "aws-next-best-action"


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return campaign_world(np.random.default_rng(3))


@pytest.fixture(scope="module")
def version(data: TrainingData) -> TrainedVersion:
    return train_recipe(SPEC, data, TrainingRequest(), np.random.default_rng(0))


@pytest.fixture(scope="module")
def model(version: TrainedVersion) -> ActionModel:
    return action_model(version.trained)


def test_score_actions__shape_and_range(model: ActionModel) -> None:
    scores = model.score_actions(histories_of([1, 2], [], [99]), met([(0, True)], [], []))
    assert scores.shape == (3, N_ACTIONS)
    assert scores.dtype == np.float32
    assert model.n_actions == N_ACTIONS
    assert (scores >= 0).all()
    assert (scores[:, :5] > 0).all()
    assert (scores < 1).all()


def test_score_actions__too_few_data_is_zero(model: ActionModel) -> None:
    assert model.score_actions(histories_of([1]), met([]))[0, 5] == 0


@pytest.mark.parametrize("group", range(5))
def test_score_actions__tastes_decide(model: ActionModel, group: int) -> None:
    items = list(range(group * 20, group * 20 + 10))
    scores = model.score_actions(histories_of(items), met([]))[0]
    assert int(scores.argmax()) == group
    others = [score for action, score in enumerate(scores[:5]) if action != group]
    assert scores[group] > 1.3 * max(others)


def test_score_actions__willing_users_score_higher(model: ActionModel) -> None:
    willing = met([(0, True)] * 20, [(0, False)] * 20)
    scores = model.score_actions(histories_of([50], [50]), willing)
    assert (scores[0, 1:5] > scores[1, 1:5]).all()


def test_train__metrics(version: TrainedVersion) -> None:
    ndcg = [f"normalized_discounted_cumulative_gain_at_{k}" for k in (5, 10, 25)]
    assert list(version.metrics) == ["coverage", *ndcg, "precision", "recall", "auc"]
    assert version.metrics["coverage"] == round(5 / N_ACTIONS, 4)
    assert 0.55 < version.metrics["auc"] <= 1
    assert version.metrics[ndcg[0]] > 0.6  # a random order of five actions gives about .5


def test_train__counts(version: TrainedVersion, data: TrainingData) -> None:
    assert data.actions is not None
    assert (version.n_train_users, version.n_test_users) == (180, 20)
    assert version.n_events == len(data.actions)


def world_of_kinds(known: bool) -> TrainingData:
    """Users of two ages and actions of two kinds: the young take one kind, the old the other."""
    rng = np.random.default_rng(4)
    n, n_users, n_actions = 6_000, 300, 12
    user, action = rng.integers(n_users, size=n), rng.integers(n_actions, size=n)
    taken = rng.random(n) < np.where(user % 2 == action % 2, 0.5, 0.2)
    names = np.array([f"u{at:03d}" for at in range(n_users)])
    interactions = pa.table(
        {
            "USER_ID": np.repeat(names, 4),
            "ITEM_ID": [f"i{item}" for item in rng.integers(30, size=4 * n_users)],
            "TIMESTAMP": rng.integers(30 * DAY, size=4 * n_users),
        }
    )
    users = pa.table({"USER_ID": names, "AGE": ["young", "old"] * (n_users // 2)})
    ids = [f"a{at:02d}" for at in range(n_actions)]
    kinds = {"KIND": ["fun", "money"] * (n_actions // 2)} if known else {}
    return training_data(
        interactions,
        users=users if known else None,
        actions=pa.table({"ACTION_ID": ids, **kinds}),
        action_interactions=pa.table(
            {
                "USER_ID": names[user],
                "ACTION_ID": np.array(ids)[action],
                "EVENT_TYPE": np.where(taken, "Taken", "Viewed"),
                "TIMESTAMP": rng.integers(30 * DAY, size=n),
            }
        ),
    )


def test_train__what_is_known_of_users_and_actions_helps() -> None:
    without, told = (
        train_recipe(SPEC, world_of_kinds(known), TrainingRequest(), np.random.default_rng(0))
        for known in (False, True)
    )
    assert told.metrics["auc"] > without.metrics["auc"] + 0.05
    about = pa.table({"Users.AGE": ["young", "old"]})
    asked = replace(Histories.empty(2), about=about)
    scores = action_model(told.trained).score_actions(asked, ActionHistories.empty(2))
    assert (scores[0, ::2] > scores[1, ::2]).all()
    assert (scores[0, 1::2] < scores[1, 1::2]).all()


def test_train__no_action_interactions() -> None:
    interactions, actions, _ = action_tables(np.random.default_rng(3))
    version = train_recipe(
        SPEC,
        training_data(interactions, actions=actions),
        TrainingRequest(),
        np.random.default_rng(0),
    )
    scores = action_model(version.trained).score_actions(histories_of([1]), met([]))
    assert not scores.any()
    assert set(version.metrics.values()) == {0.0}
    assert "auc" not in version.metrics


@pytest.mark.parametrize("dataset", ["no Actions dataset", "an empty one"])
def test_train__no_actions(dataset: str) -> None:
    interactions, actions, _ = action_tables(np.random.default_rng(3))
    given = None if dataset == "no Actions dataset" else actions.slice(0, 0)
    with pytest.raises(TooLittleData, match="there are none in: Actions"):
        train_recipe(
            SPEC,
            training_data(interactions, actions=given),
            TrainingRequest(),
            np.random.default_rng(0),
        )


def test_train__optimization_period_widens_what_counts(data: TrainingData) -> None:
    rates = []
    for days in ("7", "28"):
        request = TrainingRequest(featurization={"action_optimization_period": days})
        version = train_recipe(SPEC, data, request, np.random.default_rng(0))
        scores = action_model(version.trained).score_actions(Histories.empty(1), met([]))
        rates.append(float(scores.mean()))
    assert rates[1] > rates[0]


@pytest.mark.parametrize(
    ("taken", "left", "age_days", "expected"),
    [(50, 50, 0, True), (49, 50, 0, False), (50, 49, 0, False), (50, 50, 43, False)],
)
def test_enough_data__fifty_of_each_in_six_weeks(
    taken: int, left: int, age_days: int, expected: bool
) -> None:
    n = taken + left
    data = ActionData(
        action_ids=campaign_world(np.random.default_rng(3)).item_ids[:2],
        user=np.zeros(n + 1, np.int32),
        action=np.array([0] * n + [1], np.int32),
        timestamp=np.array([1_000 * DAY - age_days * DAY] * n + [1_000 * DAY], np.int64),
        taken=np.array([True] * taken + [False] * left + [True]),
    )
    assert enough_data(data).tolist() == [expected, False]


def test_save__ids_of_actions(version: TrainedVersion, data: TrainingData, tmp_path: Path) -> None:
    save_version(tmp_path, data, version)
    saved = load_version(tmp_path)
    assert data.actions is not None
    assert saved.action_ids is not None
    assert saved.action_ids.equals(data.actions.action_ids)
    assert saved.user_ids is None
    with pytest.raises(WrongModel, match="NextBestActionModel does not recommend items"):
        _ = saved.model


def test_training_data__unknown_types_and_actions_are_left_out(data: TrainingData) -> None:
    interactions, actions, events = action_tables(np.random.default_rng(3))
    odd = events.slice(0, 3).to_pydict()
    odd["EVENT_TYPE"] = ["Taken", "Click", None]
    odd["ACTION_ID"] = ["nowhere", "a0", "a0"]
    odd["USER_ID"] = ["stranger"] * 3
    both = training_data(
        interactions, actions=actions, action_interactions=type(events).from_pydict(odd)
    )
    assert both.actions is not None
    assert len(both.actions) == 0
    assert "stranger" in both.user_ids.to_pylist()
    assert replace(both, actions=None).n_users == data.n_users + 1
