import json
from typing import Any

import pytest

from personalize_assets.engine.data import (
    GroupSources,
    describe_group,
    read_action_interactions,
    read_interactions,
    read_records,
)
from personalize_assets.engine.data.tables import Ingestion
from personalize_assets_tests.engine.data.conftest import NOW, Group, event

BULK = [
    ("u", "a", "view", 1.5, 10, None),
    ("u", "b", "buy", None, 20, "tv"),
]
START_MS = int(NOW.timestamp() * 1_000)


def rows(table: Any) -> list[tuple[Any, ...]]:
    return [] if table is None else [tuple(row.values()) for row in table.to_pylist()]


def test_sources__are_the_same_after_json(group: Group) -> None:
    group.bulk(group.dataset("INTERACTIONS"), *BULK)
    group.dataset("ITEMS")
    sources = describe_group(group.store, group.arn)
    assert GroupSources.from_json(json.loads(json.dumps(sources.to_json()))) == sources
    assert set(sources.datasets) == {"INTERACTIONS", "ITEMS"}


@pytest.mark.parametrize(
    ("ingestion", "expected"),
    [
        ("BULK", BULK),
        ("PUT", [("u", "b", "buy", None, 20, "tv"), ("v", "a", "view", 1.5, 10, None)]),
        ("ALL", [*BULK, ("v", "a", "view", 1.5, 10, None)]),
    ],
)
def test_read_interactions__equal_rows_count_once(
    group: Group, ingestion: Ingestion, expected: list[tuple[Any, ...]]
) -> None:
    dataset = group.dataset("INTERACTIONS")
    group.bulk(dataset, *BULK)
    group.events(
        dataset,
        event("1", "u", "b", 20, event_type="buy", properties={"DEVICE": "tv"}),
        event("2", "v", "a", 10, event_value=1.5),
    )
    sources = describe_group(group.store, group.arn)
    assert rows(read_interactions(sources, ingestion)) == expected


def test_read_interactions__only_some_columns(group: Group) -> None:
    dataset = group.dataset("INTERACTIONS")
    group.bulk(dataset, *BULK)
    group.events(dataset, event("1", "v", "a", 10))
    table = read_interactions(
        describe_group(group.store, group.arn), columns=("TIMESTAMP", "USER_ID", "NO_SUCH")
    )
    assert table is not None
    assert table.column_names == ["USER_ID", "TIMESTAMP"]
    assert rows(table) == [("u", 10), ("u", 20), ("v", 10)]


def test_read_interactions__what_differs_in_another_column_stays(group: Group) -> None:
    dataset = group.dataset("INTERACTIONS")
    group.bulk(dataset, *BULK)
    group.events(
        dataset,
        event("1", "u", "a", 10, event_value=1.5, properties={"DEVICE": "tv"}),
        event("2", "u", "a", 10, event_value=1.25),
    )
    sources = describe_group(group.store, group.arn)
    table = read_interactions(sources, columns=("USER_ID", "ITEM_ID"))
    assert rows(table) == [("u", "a"), ("u", "b"), ("u", "a"), ("u", "a")]


def test_read_interactions__nothing_there(group: Group) -> None:
    assert read_interactions(describe_group(group.store, group.arn)) is None
    dataset = group.dataset("INTERACTIONS")
    assert read_interactions(describe_group(group.store, group.arn)) is None
    group.events(dataset, event("1", None, "a", 1), event("2", "u", None, 1, session_id="t"))
    assert read_interactions(describe_group(group.store, group.arn)) is None


def test_read_interactions__keeps_to_its_cut(group: Group) -> None:
    dataset = group.dataset("INTERACTIONS")
    group.events(dataset, event("1", "u", "a", 1), event("2", None, "b", 2, session_id="later"))
    sources = describe_group(group.store, group.arn)
    before = rows(read_interactions(sources))
    group.events(dataset, event("3", "late", "c", 3, session_id="later"))
    assert rows(read_interactions(sources)) == before == [("u", "a", "view", None, 1, None)]
    now = rows(read_interactions(describe_group(group.store, group.arn)))
    assert [row[:2] for row in now] == [("u", "a"), ("late", "b"), ("late", "c")]


def test_read_action_interactions__have_actions(group: Group) -> None:
    dataset = group.dataset("ACTION_INTERACTIONS")
    group.bulk(dataset, ("u", "x", "Taken", 1))
    group.events(dataset, event("1", "u", "y", 2, event_type="Viewed"))
    table = read_action_interactions(describe_group(group.store, group.arn))
    assert rows(table) == [("u", "x", "Taken", 1), ("u", "y", "Viewed", 2)]


@pytest.mark.parametrize(
    ("imported_at", "expected"),
    [
        (None, [("a", 9), ("b", None), ("new", 7)]),
        (START_MS + 5_000, [("a", 9), ("b", None), ("new", 7)]),
        (START_MS + 5_001, [("a", 1), ("b", 2), ("new", 7)]),
    ],
)
def test_read_records__the_newest_by_arrival(
    group: Group, imported_at: int | None, expected: list[tuple[Any, ...]]
) -> None:
    dataset = group.dataset("ITEMS")
    group.records(dataset, at=1, new={"PRICE": 8})
    group.records(dataset, at=5, b={}, new={"PRICE": 7}, a={"PRICE": 9})
    group.bulk(dataset, ("a", 1), ("b", 2), imported_at=imported_at)
    sources = describe_group(group.store, group.arn)
    assert rows(read_records(sources, "ITEMS")) == expected
    assert rows(read_records(sources, "ITEMS", "BULK")) == [("a", 1), ("b", 2)]


def test_read_records__put_gives_every_version_once(group: Group) -> None:
    dataset = group.dataset("USERS")
    group.bulk(dataset, ("z", 1))
    for age in (1, 2, 1):
        group.records(dataset, u={"AGE": age})
    sources = describe_group(group.store, group.arn)
    assert rows(read_records(sources, "USERS", "PUT")) == [("u", 1), ("u", 2)]
    assert rows(read_records(sources, "USERS")) == [("z", 1), ("u", 1)]


def test_read_records__nothing_there(group: Group) -> None:
    assert read_records(describe_group(group.store, group.arn), "ITEMS") is None
    dataset = group.dataset("ITEMS")
    for ingestion in ("ALL", "BULK", "PUT"):
        assert read_records(describe_group(group.store, group.arn), "ITEMS", ingestion) is None
    group.records(dataset, a={})
    assert rows(read_records(describe_group(group.store, group.arn), "ITEMS")) == [("a", None)]


def test_read_records__a_file_of_an_older_schema(group: Group) -> None:
    dataset = group.dataset("ITEMS", ITEM_ID="string", PRICE=["int", "null"])
    group.bulk(dataset, ("a", 1))
    resource = group.store.resources.get(dataset)
    assert resource is not None
    with group.store.transaction():
        group.store.resources.delete(dataset)
    wider = group.dataset(
        "ITEMS",
        ITEM_ID="string",
        COLOUR=["string", "null"],
        SIZE=["float", "null"],
        PRICE=["int", "null"],
    )
    with group.store.transaction():
        group.store.resources.merge(wider, hidden=resource.hidden)
    group.records(wider, b={"COLOUR": "red"})
    sources = describe_group(group.store, group.arn)
    assert rows(read_records(sources, "ITEMS")) == [("a", None, None, 1), ("b", "red", None, None)]
