from dataclasses import replace
from typing import Any

from personalize_assets.engine.data import describe_group
from personalize_assets.engine.data.showings import read_showings
from personalize_assets_tests.engine.data.conftest import Group, event

DAY = 86_400
FIELDS: dict[str, Any] = {
    "USER_ID": "string",
    "ITEM_ID": "string",
    "TIMESTAMP": "long",
    "IMPRESSION": ["string", "null"],
}


def read(group: Group) -> tuple[list[str], list[tuple[str, int]]]:
    shown, taken = read_showings(describe_group(group.store, group.arn))
    rows = [(row["ITEM_ID"], row["TIMESTAMP"]) for row in taken.to_pylist()]
    return sorted(shown["ITEM_ID"].to_pylist()), sorted(rows)


def test_read_showings__imported_impressions(group: Group) -> None:
    group.bulk(
        group.dataset("INTERACTIONS", **FIELDS),
        ("u", "a", 10, "a|b"),
        ("u", "b", 20, "a|b"),  # of the same showing
        ("u", "a", 30, "a|b"),  # of the same again
        ("u", "a", DAY + 10, "a|b"),  # the list of another day
        ("v", "x", 40, "a|c"),  # took nothing of it
        ("v", "a", 50, None),
    )
    assert read(group) == (["a", "a", "a", "b", "b", "c"], [("a", 10), ("a", DAY + 10), ("b", 20)])


def test_read_showings__streamed_impressions_and_lists(group: Group) -> None:
    dataset = group.dataset("INTERACTIONS")
    explicit = replace(event("1", "u", "a", 10), impression="a|b", shown="x|y")
    implicit = replace(event("2", "u", "c", 20), recommendation_id="RID-1", shown="c|d")
    group.events(
        dataset,
        explicit,
        implicit,
        replace(implicit, event_id="3", item_id="d", sent_at=30),
        replace(implicit, event_id="4", recommendation_id="RID-2"),
        event("5", "u", "e", 40),
    )
    taken = [("a", 10), ("c", 20), ("c", 20), ("d", 30)]
    assert read(group) == (["a", "b", "c", "c", "d", "d"], taken)


def test_read_showings__only_up_to_the_cut_and_of_sessions_too(group: Group) -> None:
    dataset = group.dataset("INTERACTIONS")
    session = replace(event("1", None, "a", 10), impression="a|b")
    group.events(dataset, session)
    sources = describe_group(group.store, group.arn)
    group.events(dataset, replace(session, event_id="2", sent_at=20))
    assert [table.num_rows for table in read_showings(sources)] == [2, 1]


def test_read_showings__without_data(group: Group) -> None:
    assert read(group) == ([], [])
    group.dataset("INTERACTIONS")
    assert read(group) == ([], [])
