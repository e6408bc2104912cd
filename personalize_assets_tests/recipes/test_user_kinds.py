import json

import numpy as np
import pyarrow as pa
import pytest

from personalize_assets.recipes.tables import training_data
from personalize_assets.recipes.user_kinds import UserKinds, with_user_columns

USERS = pa.table(
    {
        "USER_ID": ["a", "b", "c", "d"],
        "CITY": ["x", "y", "x", None],
        "AGE": [10, 20, 30, 40],
    }
)


def test_marks__a_column_for_each_value_and_class() -> None:
    kinds = UserKinds.of(USERS)
    marks = kinds.marks(USERS, 4)
    assert marks.shape == (4, len(kinds))
    assert marks[:, :2].tolist() == [[1, 0], [0, 1], [1, 0], [0, 0]]
    # Each user's age is of one class, the youngest and the oldest are of different ones.
    assert marks[:, 2:].sum(axis=1).tolist() == [1, 1, 1, 1]
    assert marks[0, 2:].argmax() < marks[3, 2:].argmax()


@pytest.mark.parametrize("table", [None, pa.table({"USER_ID": ["a", "b"]})])
def test_marks__nothing_known(table: pa.Table | None) -> None:
    assert not UserKinds.of(USERS).marks(table, 2).any()
    assert UserKinds.of(table).marks(USERS, 4).shape == (4, 0)


def test_marks__values_that_were_never_seen() -> None:
    kinds = UserKinds.of(USERS.select(["CITY"]))
    assert kinds.marks(pa.table({"CITY": ["z", "y"]}), 2).tolist() == [[0, 0], [0, 1]]


def test_of__no_more_values_than_can_be_weighed() -> None:
    table = pa.table({name: [f"{name}{at}" for at in range(100)] for name in "pqr"})
    kinds = UserKinds.of(table)
    assert len(kinds) == 64
    assert list(kinds.codings) == ["p", "q"]


def test_from_json__inverse_of_to_json() -> None:
    kinds = UserKinds.of(USERS)
    assert UserKinds.from_json(json.loads(json.dumps(kinds.to_json()))) == kinds


def test_with_user_columns__as_the_model_asks_for_them() -> None:
    interactions = pa.table(
        {"USER_ID": ["a", "b", "d"], "ITEM_ID": ["i", "i", "i"], "TIMESTAMP": [1, 2, 3]}
    )
    data = training_data(interactions, users=USERS)
    histories = data.histories(np.random.default_rng(0)).take(np.array([False, True, True]))
    asked = with_user_columns(data, histories)
    assert asked.about is not None
    assert asked.about.to_pylist() == [
        {"Users.CITY": "y", "Users.AGE": 20},
        {"Users.CITY": None, "Users.AGE": 40},
    ]
    kinds = UserKinds.of(data.user_features)
    assert kinds.circumstances == ("Users.CITY", "Users.AGE")
    np.testing.assert_array_equal(
        kinds.marks(asked.about, 2, "Users."), kinds.marks(data.user_features, 3)[1:]
    )
