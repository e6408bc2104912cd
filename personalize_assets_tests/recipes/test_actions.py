import numpy as np
import pyarrow as pa
import pytest

from personalize_assets.recipes.actions import (
    ActionData,
    ActionHistories,
    build_action_histories,
    outcome_of,
)


@pytest.mark.parametrize(
    ("event_type", "expected"),
    [
        ("Taken", 1),
        ("TAKEN", 1),
        ("Not taken", 0),
        ("NOT_TAKEN", 0),
        ("NotTaken", 0),
        ("viewed", 0),
        ("View", -1),
        ("", -1),
    ],
)
def test_outcome_of__table(event_type: str, expected: int) -> None:
    assert outcome_of(event_type) == expected


def action_data() -> ActionData:
    return ActionData(
        action_ids=pa.array(["a", "b"]),
        user=np.array([2, 0, 2, 2], np.int32),
        action=np.array([1, 0, 0, 0], np.int32),
        timestamp=np.array([5, 1, 3, 5], np.int64),
        taken=np.array([True, False, False, True]),
    )


def test_build_action_histories__by_user_and_time() -> None:
    histories = build_action_histories(action_data(), 4)
    assert histories.indptr.tolist() == [0, 1, 1, 4, 4]
    assert histories.actions.tolist() == [0, 0, 0, 1]
    assert histories.timestamps.tolist() == [1, 3, 5, 5]
    assert histories.taken.tolist() == [False, False, True, True]
    assert histories.rows.tolist() == [0, 2, 2, 2]
    assert len(histories) == 4


def test_build_action_histories__nothing() -> None:
    none = action_data().where(np.zeros(4, np.bool_))
    assert build_action_histories(none, 3).indptr.tolist() == [0, 0, 0, 0]
    assert len(ActionHistories.empty(3)) == 3


def test_where_and_take__rows_stay_together() -> None:
    histories = build_action_histories(action_data(), 4)
    taken = histories.where(histories.taken)
    assert (taken.indptr.tolist(), taken.actions.tolist()) == ([0, 0, 0, 2, 2], [0, 1])
    some = histories.take(np.array([False, True, True, False]))
    assert (some.indptr.tolist(), some.timestamps.tolist()) == ([0, 0, 3], [3, 5, 5])
