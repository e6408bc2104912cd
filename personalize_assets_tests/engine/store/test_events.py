from datetime import UTC, datetime
from pathlib import Path

import pytest

from personalize_assets.core.arns import Kind, make_arn
from personalize_assets.engine.store import Event, ItemRecord, Resource, Store

NOW = datetime(2024, 1, 1, tzinfo=UTC)
DATASETS = [
    make_arn(Kind.DATASET, "us-east-1", "123456789012", "movies", name)
    for name in ("INTERACTIONS", "ACTION_INTERACTIONS")
]
FIRST, SECOND = DATASETS


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with two datasets."""
    opened = Store.open(tmp_path)
    with opened.transaction():
        for arn in DATASETS:
            opened.resources.insert(
                Resource(arn, Kind.DATASET, "123456789012", "us-east-1", "d", NOW, NOW)
            )
    return opened


def event(event_id: str, user_id: str | None = "u", session_id: str = "s", at: int = 1) -> Event:
    return Event(event_id, session_id, "view", at, user_id=user_id, item_id="i")


def add(store: Store, *events: Event, dataset: str = FIRST) -> int:
    with store.transaction():
        return store.events.add(dataset, events, NOW)


def test_events__come_back_as_they_were(store: Store) -> None:
    given = Event(
        "e",
        "s",
        "view",
        7,
        user_id="u",
        item_id="i",
        event_value=1.5,
        properties={"É": "ü", "N": 2},
        recommendation_id="r",
        impression="i|j",
        source="ad",
        sequence=1,
        received_at=NOW.timestamp(),
    )
    assert add(store, given) == 1
    assert store.events.after(FIRST, 0) == [given]
    assert store.events.after(FIRST, 1) == []
    assert store.events.after(SECOND, 0) == []


def test_events__ids_are_unique_in_a_dataset(store: Store) -> None:
    assert add(store, event("e"), event("e", "v")) == 1
    assert add(store, event("e", "w")) == 0
    assert add(store, event("e"), dataset=SECOND) == 1
    assert [each.user_id for each in store.events.after(FIRST, 0)] == ["u"]


@pytest.mark.parametrize(
    ("second", "added"),
    [
        (event("2"), 0),
        (event("2", session_id="t"), 0),
        (event("2", at=2), 1),
        (event("2", "v"), 1),
        (Event("2", "s", "buy", 1, user_id="u", item_id="i"), 1),
        (Event("2", "s", "view", 1, user_id="u", item_id="j"), 1),
        (Event("2", "s", "view", 1, user_id="u", item_id="i", event_value=1.0), 1),
        (Event("2", "s", "view", 1, user_id="u", item_id="i", properties={"A": 1}), 1),
        (Event("2", "s", "view", 1, user_id="u", item_id="i", impression="i"), 1),
    ],
)
def test_events__equal_ones_are_kept_once(store: Store, second: Event, added: int) -> None:
    add(store, event("1"))
    assert add(store, second) == added


def test_events__equal_ones_of_anonymous_sessions(store: Store) -> None:
    add(store, event("1", None, "s"))
    assert add(store, event("2", None, "s")) == 0
    assert add(store, event("3", None, "t")) == 1


def test_events__newest(store: Store) -> None:
    assert store.events.newest() == store.events.newest(FIRST) == 0
    add(store, event("1"), event("2", at=2))
    add(store, event("3"), dataset=SECOND)
    assert (store.events.newest(), store.events.newest(FIRST)) == (3, 2)
    assert [each.event_id for each in store.events.after(FIRST, 0, 1)] == ["1"]


def test_events__a_session_gets_its_user(store: Store) -> None:
    add(store, event("1", None, "s"), event("2", None, "t"))
    add(store, event("3", "u", "s", at=2))
    add(store, event("4", None, "s", at=3))
    add(store, event("5", "v", "s", at=4))
    add(store, event("6", None, "s", at=5))
    found = {each.event_id: each.user_id for each in store.events.after(FIRST, 0)}
    assert found == {"1": "u", "2": None, "3": "u", "4": "u", "5": "v", "6": "v"}
    known = store.database.query("SELECT event_id, known_since FROM events ORDER BY sequence")
    assert {row[0]: row[1] for row in known} == {"1": 3, "2": 0, "3": 0, "4": 3, "5": 0, "6": 5}


def test_events__of_deleted_users_go_with_their_sessions(store: Store) -> None:
    add(store, event("1", None, "s"), event("2", "u", "s"), event("3", "v", "t"))
    add(store, event("4", "u"), dataset=SECOND)
    with store.transaction():
        assert store.events.delete_users(FIRST, ["u", "nobody"]) == 2
        assert store.events.delete_users(FIRST, []) == 0
    assert [each.event_id for each in store.events.after(FIRST, 0)] == ["3"]
    assert store.events.newest(SECOND) == 4


def test_events__go_with_their_dataset(store: Store) -> None:
    add(store, event("1"))
    with store.transaction():
        store.records.add(FIRST, [ItemRecord("a", {})], NOW)
        store.resources.delete(FIRST)
    assert (store.events.newest(), store.records.newest()) == (0, 0)


def test_records__deletion_is_counted(store: Store) -> None:
    with store.transaction():
        store.records.add(FIRST, [ItemRecord("a", {"X": 1}), ItemRecord("b", {})], NOW)
        store.records.add(FIRST, [ItemRecord("a", {})], NOW)
        assert store.records.delete(FIRST, ["a"]) == 2
        assert store.records.delete(FIRST, ["a"]) == 0
    dataset = store.resources.get(FIRST)
    assert dataset is not None
    assert dataset.hidden == {"erasures": 1}
    assert (store.records.newest(), store.records.newest(SECOND)) == (2, 0)
