from typing import Any

import pyarrow as pa
import pytest

from personalize_assets.engine.serving import exploration
from personalize_assets.engine.serving.catalogue import Catalogue
from personalize_assets.engine.serving.exploration import Exploration, NewItems, explorable
from personalize_assets_tests.engine.serving.fakes import entities

DAY = 86_400
NOW = 1_000 * DAY


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, Exploration(0.3, 30.0)),
        ({"itemExplorationConfig": {"explorationWeight": "0"}}, Exploration(0.0, 30.0)),
        (
            {
                "itemExplorationConfig": {
                    "explorationWeight": "0.75",
                    "explorationItemAgeCutOff": "7",
                }
            },
            Exploration(0.75, 7.0),
        ),
    ],
)
def test_of_config__strings_and_defaults(config: dict[str, Any], expected: Exploration) -> None:
    assert Exploration.of_config(config) == expected


@pytest.mark.parametrize(
    ("weight", "n_results", "places"),
    [(0.0, 25, 0), (0.3, 25, 4), (1.0, 25, 13), (1.0, 10, 5), (0.3, 1, 0), (0.1, 500, 25)],
)
def test_places__half_of_the_list_at_most(weight: float, n_results: int, places: int) -> None:
    assert Exploration(weight).places(n_results) == places


def interactions(*rows: tuple[str, int]) -> pa.Table:
    return pa.table({"ITEM_ID": [row[0] for row in rows], "TIMESTAMP": [row[1] for row in rows]})


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue(pa.array(["busy", "few", "old", "none", "stated"]), ["new", "stale"])


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    table = interactions(
        *[("busy", NOW - at) for at in range(5)],
        *[("few", NOW - at * DAY) for at in (1, 10)],
        *[("old", NOW - at * DAY) for at in (1, 11)],
        ("stated", NOW - DAY),
        ("elsewhere", NOW - DAY),
    )
    monkeypatch.setattr(exploration, "read_interactions", lambda sources, columns: table)


def names(catalogue: Catalogue, found: Any) -> list[str]:
    return [catalogue.ids[at] for at in found]


def test_explorable__few_interactions_and_young(catalogue: Catalogue, known: None) -> None:
    new = NewItems(("new", "stale"), (NOW - 9 * DAY, NOW - 20 * DAY))
    found = explorable(catalogue, new, None, None, 10.0)  # type: ignore[arg-type]
    assert names(catalogue, found) == ["few", "none", "stated", "new"]


def test_explorable__by_creation_timestamp(catalogue: Catalogue, known: None) -> None:
    items = entities(
        "ITEM_ID",
        ITEM_ID=["stated", "old", "busy", "none"],
        CREATION_TIMESTAMP=[NOW - 50 * DAY, NOW, NOW, None],
    )
    found = explorable(catalogue, NewItems(), None, items, 10.0)  # type: ignore[arg-type]
    assert "stated" not in names(catalogue, found)
    assert {"old", "none"} <= set(names(catalogue, found))
    assert "busy" not in names(catalogue, found)


def test_explorable__without_interactions(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exploration, "read_interactions", lambda sources, columns: None)
    assert len(explorable(catalogue, NewItems(), None, None, 10.0)) == 0  # type: ignore[arg-type]


def test_new_items__without_a_refresh() -> None:
    assert NewItems.read(None) == NewItems()
