from typing import Any

import pyarrow as pa
import pytest

from personalize_assets.core.schemas import DatasetType
from personalize_assets.engine.data import GroupSources
from personalize_assets.engine.jobs import new_items as module
from personalize_assets.engine.jobs.new_items import new_items

DAY = 86_400
NEWEST = 1_000 * DAY
KNOWN = pa.array(["busy", "few", "none"])


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What is read of a group: five interactions with ``busy``, one each with two others."""
    nothing = pa.table({"ITEM_ID": pa.array([], pa.string())})
    seen = [("busy", NEWEST - at) for at in range(5)]
    seen += [("few", NEWEST - 40 * DAY), ("few", NEWEST), ("came", NEWEST - DAY)]
    found: dict[str, Any] = {
        "ITEMS": None,
        "seen": pa.table({"ITEM_ID": [row[0] for row in seen], "TIMESTAMP": [t for _, t in seen]}),
        "shown": nothing,
        "taken": nothing.append_column("TIMESTAMP", pa.array([], pa.int64())),
    }

    def read_records(sources: GroupSources, dataset_type: DatasetType) -> Any:
        return found[dataset_type]

    def read_interactions(sources: GroupSources, columns: Any) -> Any:
        return found["seen"]

    monkeypatch.setattr(module, "read_records", read_records)
    monkeypatch.setattr(module, "read_interactions", read_interactions)
    monkeypatch.setattr(module, "read_showings", lambda sources: (found["shown"], found["taken"]))
    return found


def rows(now: int = 7) -> dict[str, tuple[Any, ...]]:
    table = new_items(GroupSources("", ""), KNOWN, now)
    return {row["ITEM_ID"]: tuple(row.values())[1:] for row in table.to_pylist()}


def test_new_items__what_is_not_known_or_hardly(tables: dict[str, Any]) -> None:
    tables["ITEMS"] = pa.table(
        {"ITEM_ID": ["listed", "few"], "CREATION_TIMESTAMP": [NEWEST - 3 * DAY, None]}
    )
    found = rows()
    assert list(found) == ["came", "few", "listed", "none"]
    assert {item: row[:2] for item, row in found.items()} == {
        "came": (NEWEST - DAY, 1),
        "few": (NEWEST - 40 * DAY, 2),
        "listed": (NEWEST - 3 * DAY, 0),
        "none": (NEWEST, 0),
    }


def test_new_items__what_an_ordinary_item_would_have(tables: dict[str, Any]) -> None:
    # Seven early interactions, that of "few" after 40 days not among them, in the first 30 days
    # of "few", the one day of "came" and the four seconds of "busy".
    rate = 7 / (30 + 1 + 4 / DAY)
    found = {item: row[2] for item, row in rows().items()}
    assert found == pytest.approx({"came": rate, "few": 30 * rate, "none": 0})


def test_new_items__what_lists_led_to_is_not_counted_twice(tables: dict[str, Any]) -> None:
    tables["shown"] = pa.table({"ITEM_ID": ["came", "few", "none", "elsewhere"]})
    tables["taken"] = pa.table({"ITEM_ID": ["came"], "TIMESTAMP": [NEWEST - DAY]})
    by_time = 6 / (30 + 1 + 4 / DAY)
    # One of three was taken; of those of young items one of two, with one more event at that rate.
    by_list = (1 + 1) / (2 + 3)
    found = {item: row[2] for item, row in rows().items()}
    expected = {"came": by_time + by_list, "few": 30 * by_time + by_list, "none": by_list}
    assert found == pytest.approx(expected)


def test_new_items__metadata_say_when_and_how_unlike_items_are(tables: dict[str, Any]) -> None:
    said = new_items(GroupSources("", ""), KNOWN).schema.metadata
    assert int(said[b"newest"]) == NEWEST
    assert 0.1 <= float(said[b"shape"]) <= 10


def test_new_items__without_interactions(tables: dict[str, Any]) -> None:
    tables["seen"] = None
    assert rows() == {item: (7, 0, 0.0) for item in ("busy", "few", "none")}
