import numpy as np
import pyarrow as pa
import pytest

from personalize_assets.recipes.tables import (
    histories_for_items,
    histories_for_users,
    select_events,
    training_data,
)

INTERACTIONS = pa.table(
    {
        "USER_ID": ["b", "a", "b", "c"],
        "ITEM_ID": ["10", "9", "9", "é"],
        "TIMESTAMP": [30, 20, 10, 40],
        "EVENT_TYPE": ["watch", "click", None, "watch"],
        "EVENT_VALUE": pa.array([4.0, 2.5, None, 3.0], pa.float32()),
    }
)
ITEMS = pa.table({"ITEM_ID": ["9", "new", "10"], "GENRES": ["A", "B", None]})
USERS = pa.table({"USER_ID": ["c", "b", "idle"], "AGE": [1, 2, 3]})


def test_training_data__ids_in_byte_order() -> None:
    data = training_data(INTERACTIONS)
    assert data.user_ids.to_pylist() == ["a", "b", "c"]
    assert data.item_ids.to_pylist() == ["10", "9", "é"]
    assert data.user.tolist() == [1, 0, 1, 2]
    assert data.item.tolist() == [0, 1, 1, 2]
    assert (data.user.dtype, data.timestamp.dtype) == (np.int32, np.int64)


def test_training_data__chunks_and_dictionaries_make_no_difference() -> None:
    chunked = pa.concat_tables([INTERACTIONS.slice(0, 1), INTERACTIONS.slice(1)])
    encoded = chunked.set_column(0, "USER_ID", chunked["USER_ID"].dictionary_encode())
    for table in (chunked, encoded):
        data = training_data(table)
        assert data.user.tolist() == [1, 0, 1, 2]
        assert data.event_type_names == ("watch", "click")


def test_training_data__catalogue_holds_items_without_interactions() -> None:
    data = training_data(INTERACTIONS, ITEMS)
    assert data.item_ids.to_pylist() == ["10", "9", "new", "é"]
    assert data.item.tolist() == [0, 1, 1, 3]
    assert data.item_features is not None
    assert data.item_features["GENRES"].to_pylist() == [None, "A", "B", None]


def test_training_data__user_features_in_the_order_of_users() -> None:
    data = training_data(INTERACTIONS, users=USERS)
    assert data.user_features is not None
    assert data.user_features["AGE"].to_pylist() == [None, 2, 1]


def test_training_data__events() -> None:
    data = training_data(INTERACTIONS)
    assert data.event_type is not None
    assert data.event_value is not None
    assert data.event_type.tolist() == [0, 1, -1, 0]
    assert data.event_type_names == ("watch", "click")
    np.testing.assert_array_equal(data.event_value, np.float32([4, 2.5, np.nan, 3]))


def test_training_data__without_event_columns() -> None:
    data = training_data(INTERACTIONS.select(["USER_ID", "ITEM_ID", "TIMESTAMP"]))
    assert data.event_type is None
    assert data.event_value is None


@pytest.mark.parametrize(
    ("event_type", "min_value", "times"),
    [
        (None, None, [30, 20, 10, 40]),
        ("watch", None, [30, 40]),
        ("watch", 3.5, [30]),
        (None, 2.5, [30, 20, 40]),
        ("View", None, []),
    ],
)
def test_select_events__cases(
    event_type: str | None, min_value: float | None, times: list[int]
) -> None:
    kept = select_events(INTERACTIONS, event_type, min_value)
    assert kept["TIMESTAMP"].to_pylist() == times


def test_select_events__case_of_the_type() -> None:
    kept = select_events(INTERACTIONS, "WATCH", ignore_case=True)
    assert kept["TIMESTAMP"].to_pylist() == [30, 40]
    assert len(select_events(INTERACTIONS, "WATCH")) == 0


def test_training_data__items_alone() -> None:
    data = training_data(None, ITEMS)
    assert (len(data), data.n_users, data.n_items) == (0, 0, 3)
    assert len(data.histories(np.random.default_rng(0))) == 0


ACTIONS = pa.table({"ACTION_ID": ["z", "y"], "VALUE": [1, None]})
MET = pa.table(
    {
        "USER_ID": ["b", "new", "a"],
        "ACTION_ID": ["y", "z", "gone"],
        "EVENT_TYPE": ["Not Taken", "TAKEN", "Viewed"],
        "TIMESTAMP": [3, 2, 1],
    }
)


def test_training_data__actions() -> None:
    data = training_data(INTERACTIONS, actions=ACTIONS, action_interactions=MET)
    assert data.user_ids.to_pylist() == ["a", "b", "c", "new"]
    assert data.actions is not None
    assert data.actions.action_ids.to_pylist() == ["y", "z"]
    assert data.actions.user.tolist() == [1, 3]
    assert data.actions.action.tolist() == [0, 1]
    assert data.actions.timestamp.tolist() == [3, 2]
    assert data.actions.taken.tolist() == [False, True]
    assert data.actions.features is not None
    assert data.actions.features["VALUE"].to_pylist() == [None, 1]


def test_training_data__action_interactions_without_actions() -> None:
    data = training_data(INTERACTIONS, action_interactions=MET)
    assert data.actions is None
    assert data.n_users == 3


def test_where__rows_of_all_columns() -> None:
    data = training_data(INTERACTIONS).where(np.array([True, False, False, True]))
    assert data.timestamp.tolist() == [30, 40]
    assert data.event_type is not None
    assert data.event_value is not None
    assert data.event_type.tolist() == [0, 0]
    assert data.event_value.tolist() == [4.0, 3.0]
    assert data.user_ids.to_pylist() == ["a", "b", "c"]


def test_training_data__of_nothing() -> None:
    data = training_data(select_events(INTERACTIONS, "View"), ITEMS)
    assert (len(data), data.n_users, data.n_items) == (0, 0, 3)


def test_histories_for_users__in_the_order_asked() -> None:
    ids = pa.array(["10", "9"])
    histories = histories_for_users(
        INTERACTIONS, ["c", "b", "nobody", "b"], ids, np.random.default_rng(0)
    )
    # The item of user c is not in the catalogue.
    assert histories.lengths.tolist() == [0, 2, 0, 2]
    assert histories.items.tolist() == [1, 0, 1, 0]
    assert histories.timestamps.tolist() == [10, 30, 10, 30]


def test_histories_for_items__unknown_is_empty() -> None:
    histories = histories_for_items(["9", "unknown", "10"], pa.array(["10", "9"]))
    assert histories.lengths.tolist() == [1, 0, 1]
    assert histories.items.tolist() == [1, 0]
