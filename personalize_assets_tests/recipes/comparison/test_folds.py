import numpy as np
import pyarrow as pa
import pytest

from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.comparison.folds import Folds, without_users
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.tables import training_data

SIMS = RECIPES["aws-sims"]


def visits(*users: str, events: int = 3) -> TrainingData:
    """Each user meets the items i0, i1, ... one after the other; ``lone`` meets one."""
    rows = [
        (user, f"i{number}", number)
        for user in users
        for number in range(1 if user == "lone" else events)
    ]
    names = ("USER_ID", "ITEM_ID", "TIMESTAMP")
    return training_data(
        pa.table(dict(zip(names, zip(*rows, strict=True), strict=True))),
        users=pa.table({"USER_ID": users, "AGE": [len(user) for user in users]}),
    )


@pytest.mark.parametrize(
    ("users", "ascending"),
    [
        (["9", "10", "2", "11", "1", "3", "4", "5", "6", "7", "8", "12"], list(range(1, 13))),
        ([*"abcdefghijk", "10"], ["10", *"abcdefghijk"]),
    ],
    ids=["numbers", "texts"],
)
def test_folds__are_those_of_random_state_over_ascending_users(
    users: list[str], ascending: list[int | str]
) -> None:
    data = visits(*users)
    folds = Folds.draw(data, 3)
    expected = np.array_split(np.random.RandomState(3).permutation(12), 10)
    ids = np.array(data.user_ids.to_pylist())
    for number, members in enumerate(expected):
        named = {str(ascending[member]) for member in members}
        assert set(ids[folds.of_user == number]) == named


def test_folds__users_with_one_event_train_always() -> None:
    data = visits(*"abcdefghij", "lone")
    folds = Folds.draw(data, 0)
    assert folds.of_user[data.user_ids.to_pylist().index("lone")] == -1
    for fold in range(10):
        trial = folds.item_trial(SIMS, data, fold)
        assert (trial.n_train_users, trial.n_test_users) == (10, 1)
        assert trial.split.truth.lengths.tolist() == [1]


def test_folds__each_user_is_tested_once() -> None:
    data = visits(*map(str, range(25)))
    folds = Folds.draw(data, 1)
    tested = [folds.item_trial(SIMS, data, fold).split.users for fold in range(10)]
    assert sorted(np.concatenate(tested)) == list(range(25))


def test_folds__of_segments_are_left_out() -> None:
    data = visits(*map(str, range(20)), events=10)
    folds = Folds.draw(data, 0)
    trial = folds.segment_trial(RECIPES["aws-item-affinity"], data, 0)
    assert (trial.n_train_users, trial.n_test_users) == (18, 18)
    assert trial.data.n_items == data.n_items
    assert trial.truth.lengths.tolist() == [2] * 18  # the newest fifth of ten


def test_without_users__indices_and_features_follow() -> None:
    data = visits("a", "bb", "ccc")
    rest = without_users(data, np.array([False, True, False]))
    assert rest.user_ids.to_pylist() == ["a", "ccc"]
    assert rest.user.tolist() == [0, 0, 0, 1, 1, 1]
    assert rest.user_features is not None
    assert rest.user_features["AGE"].to_pylist() == [1, 3]
