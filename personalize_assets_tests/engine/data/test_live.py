import threading
from collections.abc import Iterator

import numpy as np
import pytest

from personalize_assets.engine.data import LiveData, LiveGroup, UserEvents, describe_group
from personalize_assets_tests.engine.data.conftest import Group, event

BULK = [
    ("u", "a", "view", 1.5, 10, None),
    ("v", "x", "buy", None, 5, None),
    ("u", "c", "buy", None, 30, None),
    ("u", "b", "view", None, 20, None),
]


@pytest.fixture
def live(group: Group) -> Iterator[LiveData]:
    """The data of the engine that ``group`` is in."""
    data = LiveData(group.store)
    yield data
    data.close()


def seen(events: UserEvents) -> list[tuple[str, int, str | None]]:
    return list(zip(events.item_ids, events.timestamps.tolist(), events.event_types, strict=True))


def test_events_of__imported_and_streamed_by_time(group: Group, live: LiveData) -> None:
    dataset = group.dataset("INTERACTIONS")
    group.bulk(dataset, *BULK)
    known = live.group(group.arn)
    assert seen(known.events_of("u")) == [("a", 10, "view"), ("b", 20, "view"), ("c", 30, "buy")]
    assert seen(known.events_of("nobody")) == []
    group.events(dataset, event("1", "u", "d", 25, event_value=2.0), event("2", "u", "e", 40))
    events = live.group(group.arn).events_of("u")
    assert events.item_ids == ["a", "b", "d", "c", "e"]
    assert events.timestamps.tolist() == [10, 20, 25, 30, 40]
    np.testing.assert_array_equal(events.values, [1.5, np.nan, 2.0, np.nan, np.nan])
    assert live.group(group.arn).events_of("u", 3).item_ids == ["d", "c", "e"]
    assert live.group(group.arn).events_of("u", 0).item_ids == []


def test_events_of__an_event_that_was_imported_too_counts_once(
    group: Group, live: LiveData
) -> None:
    dataset = group.dataset("INTERACTIONS")
    group.bulk(dataset, *BULK)
    group.events(dataset, event("1", "u", "b", 20), event("2", "u", "b", 20, event_type="buy"))
    assert seen(live.group(group.arn).events_of("u")) == [
        ("a", 10, "view"),
        ("b", 20, "view"),
        ("b", 20, "buy"),
        ("c", 30, "buy"),
    ]


def test_events_of__without_any_dataset(group: Group, live: LiveData) -> None:
    empty = live.group(group.arn)
    assert len(empty.events_of("u")) == len(empty.action_events_of("u")) == 0
    assert (empty.items, empty.users, empty.actions) == (None, None, None)
    assert empty.users_with() == frozenset()
    assert live.group("arn:unknown").events_of("u").item_ids == []


def test_events_of__sessions_until_they_name_a_user(group: Group, live: LiveData) -> None:
    dataset = group.dataset("INTERACTIONS")
    group.events(
        dataset,
        event("1", None, "a", 1, session_id="s1"),
        event("2", None, "b", 2, session_id="s2"),
    )
    data = live.group(group.arn)
    trained = group.store.events.newest()
    assert data.events_of("s1").item_ids == ["a"]
    group.events(dataset, event("3", "u", "c", 3, session_id="s1"))
    group.events(dataset, event("4", None, "d", 4, session_id="s1"))
    assert data.events_of("u").item_ids == ["a", "c", "d"]
    assert data.events_of("s1").item_ids == []
    assert data.events_of("s2").item_ids == ["b"]
    # For a model that was trained before, the session is still a session.
    assert data.events_of("u", joined_upto=trained).item_ids == ["c"]
    assert data.events_of("s1", joined_upto=trained).item_ids == ["a", "d"]
    again = group.store.events.newest()
    assert data.events_of("u", joined_upto=again).item_ids == ["a", "c", "d"]


def test_events_of__a_cut_is_kept_to(group: Group) -> None:
    dataset = group.dataset("INTERACTIONS")
    group.events(dataset, event("1", "u", "a", 1))
    cut = LiveGroup(describe_group(group.store, group.arn))
    group.events(dataset, event("2", "u", "b", 2))
    group.records(group.dataset("ITEMS"), a={})
    assert cut.events_of("u").item_ids == ["a"]
    assert cut.items is None
    cut.close()


def test_action_events_of__are_of_actions(group: Group, live: LiveData) -> None:
    group.bulk(group.dataset("INTERACTIONS"), *BULK)
    actions = group.dataset("ACTION_INTERACTIONS")
    group.bulk(actions, ("u", "x", "Taken", 1))
    group.events(actions, event("1", "u", "y", 2, event_type="Viewed"))
    found = live.group(group.arn).action_events_of("u")
    assert seen(found) == [("x", 1, "Taken"), ("y", 2, "Viewed")]
    assert np.isnan(found.values).all()


def test_items_with__newest_of_each_type(group: Group, live: LiveData) -> None:
    dataset = group.dataset("INTERACTIONS")
    types = ["view", "VIEW", "buy", "view", "buy"]
    rows = [("u", f"i{at}", name, None, at, None) for at, name in enumerate(types)]
    group.bulk(dataset, *rows)
    events = live.group(group.arn).events_of("u")
    assert events.items_with(None) == {"i0", "i1", "i2", "i3", "i4"}
    assert events.items_with({"view"}) == {"i0", "i3"}
    assert events.items_with({"view"}, normalize=str.lower) == {"i0", "i1", "i3"}
    assert events.items_with({"view"}, normalize=str.lower, most=2) == {"i1", "i3"}
    assert events.items_with(None, normalize=str.lower, most=1) == {"i3", "i4"}


def test_users_with__event_types(group: Group, live: LiveData) -> None:
    dataset = group.dataset("INTERACTIONS")
    group.bulk(dataset, *BULK)
    group.events(
        dataset,
        event("1", "w", "a", 1, event_type="Buy"),
        event("2", None, "a", 1, event_type="buy", session_id="anonymous"),
    )
    data = live.group(group.arn)
    assert data.users_with() == {"u", "v", "w"}
    assert data.users_with({"view"}) == {"u"}
    assert data.users_with({"buy"}) == {"u", "v"}
    assert data.users_with({"buy"}, normalize=str.lower) == {"u", "v", "w"}
    assert data.users_with(set()) == frozenset()


def test_items__follow_records_and_imports(group: Group, live: LiveData) -> None:
    dataset = group.dataset("ITEMS")
    group.bulk(dataset, ("a", 1), ("b", 2))
    first = live.group(group.arn)
    items = first.items
    assert items is not None
    assert items is first.items, "made anew without need"
    group.records(dataset, new={"PRICE": 3}, a={"PRICE": 4})
    assert live.group(group.arn) is first
    items = first.items
    assert items is not None
    assert items.ids.to_pylist() == ["a", "b", "new"]
    assert items.row("a") == {"ITEM_ID": "a", "PRICE": 4}
    group.bulk(dataset, ("c", 1))
    items = live.group(group.arn).items
    assert items is not None
    assert items.ids.to_pylist() == ["c", "new", "a"]


def test_users__go_when_their_records_are_deleted(group: Group, live: LiveData) -> None:
    dataset = group.dataset("USERS")
    group.records(dataset, u={"AGE": 1}, v={"AGE": 2})
    users = live.group(group.arn).users
    assert users is not None
    assert users.row("v") == {"USER_ID": "v", "AGE": 2}
    with group.store.transaction():
        assert group.store.records.delete(dataset, ["v", "nobody"]) == 1
    users = live.group(group.arn).users
    assert users is not None
    assert users.row("v") is None


def test_users__of_a_dataset_that_was_made_again(group: Group, live: LiveData) -> None:
    dataset = group.dataset("USERS")
    group.records(dataset, u={"AGE": 1})
    assert live.group(group.arn).users is not None
    with group.store.transaction():
        group.store.resources.delete(dataset)
    group.dataset("USERS")
    assert live.group(group.arn).users is None


def test_live_data__keeps_what_did_not_change(group: Group, live: LiveData) -> None:
    interactions, items = group.dataset("INTERACTIONS"), group.dataset("ITEMS")
    group.bulk(interactions, *BULK)
    group.bulk(items, ("a", 1))
    before = live.group(group.arn)
    held = before.items
    group.bulk(interactions, ("u", "z", "view", None, 1, None))
    after = live.group(group.arn)
    assert after is not before
    assert after.items is held
    assert after.events_of("u").item_ids == ["z"]


def test_live_group__many_threads_at_once(group: Group, live: LiveData) -> None:
    dataset = group.dataset("INTERACTIONS")
    group.bulk(dataset, *BULK)
    items = group.dataset("ITEMS")
    group.bulk(items, ("a", 1))
    faults: list[str] = []

    def look(number: int) -> None:
        for turn in range(30):
            name = f"{number}-{turn}"
            group.events(dataset, event(name, f"t{number}", name, turn, session_id=name))
            group.records(items, **{name: {"PRICE": turn}})
            data = live.group(group.arn)
            table = data.items
            if data.events_of(f"t{number}").item_ids[-1:] != [name]:
                faults.append(f"event {name} is missing")
            if table is None or table.index_of(name) < 0:
                faults.append(f"record {name} is missing")

    threads = [threading.Thread(target=look, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
