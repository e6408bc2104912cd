from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from personalize_assets.core.schemas import Schema, SchemaField
from personalize_assets.engine.serving.asking import Query
from personalize_assets.engine.serving.catalogue import Catalogue
from personalize_assets.engine.serving.exploration import Exploration, Explorer, NewItems
from personalize_assets.engine.serving.scores import Scores
from personalize_assets_tests.engine.serving.fakes import entities

DAY = 86_400
NOW = 1_000 * DAY
HOUR = datetime(2024, 1, 1, 12, tzinfo=UTC)
FIELDS = (SchemaField("ITEM_ID", "string"), SchemaField("GENRES", "string", categorical=True))
KNOWN = ("war1", "war2", "love1", "love2", "few")
NEW = ("war3", "love3", "stale", "few")


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


def explorer(
    days: float = 10.0,
    created: tuple[int, ...] = (NOW, NOW - 9 * DAY, NOW - 11 * DAY, NOW - DAY),
    events: tuple[int, ...] = (0, 0, 0, 2),
    expected: tuple[float, ...] = (0.0, 0.0, 0.0, 1.0),
    genres: bool = True,
) -> tuple[Catalogue, Explorer]:
    catalogue = Catalogue(pa.array(KNOWN), NEW)
    new = NewItems(NEW, created, events, expected, shape=1.0, newest=NOW)
    ids = [*KNOWN, "war3", "love3"]
    items = entities("ITEM_ID", ITEM_ID=ids, GENRES=[name.rstrip("123") for name in ids])
    schemas: dict[Any, Any] = {"ITEMS": Schema("ITEMS", None, FIELDS)} if genres else {}
    return catalogue, Explorer(catalogue, new, days, items, schemas)


def names(made: tuple[Catalogue, Explorer]) -> list[str]:
    return [made[0].ids[at] for at in made[1].pool]


@pytest.mark.parametrize(
    ("days", "expected"),
    [(10.0, ["war3", "love3", "few"]), (12.0, list(NEW)), (1.0, ["war3", "few"])],
)
def test_pool__young_items(days: float, expected: list[str]) -> None:
    assert names(explorer(days)) == expected


def test_pool__not_what_has_hardly_a_chance() -> None:
    # Gamma(1 + 0, 1 + 2) exceeds 1 with probability exp(-3) < 1/20, Gamma(1, 2.9) with .055
    assert names(explorer(expected=(2.0, 1.9, 0.0, 1.0))) == ["love3", "few"]


def test_values__what_fits_the_user_is_expected_to_do_better() -> None:
    _, made = explorer()
    soldier = Scores(np.array([9, 9, 0, 0, 0], dtype=np.float32))
    sums = np.zeros(3)
    for user in range(200):
        sums += made.values(soldier, Query(5, f"u{user}", now=HOUR))
    war, love, _ = sums
    assert war > love


def test_values__what_the_user_met_counts_as_much() -> None:
    _, made = explorer()
    soldier = Scores(np.array([9, 9, 0, 0, 0], dtype=np.float32))
    query = Query(5, "u", now=HOUR)
    war, love, _ = made.values(soldier, query)
    after = made.values(soldier, query, ["elsewhere", "love1", "love2"])
    assert after[1] / love > 1 > after[0] / war


def test_values__no_new_item_that_the_user_met() -> None:
    _, made = explorer()
    nothing = Scores(np.zeros(5, dtype=np.float32))
    values = made.values(nothing, Query(5, "u"), ["war3", "few", "war1"])
    # what the model knows is left to its scores
    assert np.isfinite(values).tolist() == [False, True, True]


def test_values__same_within_an_hour_other_ones_later_and_for_others() -> None:
    _, made = explorer(genres=False)
    scores = Scores(np.zeros(5, dtype=np.float32))

    def values(user: str, minutes: int) -> list[float]:
        query = Query(5, user, now=HOUR + timedelta(minutes=minutes))
        return made.values(scores, query).tolist()

    assert values("u", 0) == values("u", 59)
    assert values("u", 0) != values("u", 60)
    assert len({tuple(values(f"u{at}", 0)) for at in range(20)}) > 10


def test_values__of_a_catalogue_without_scores() -> None:
    _, made = explorer()
    nothing = Scores(np.full(5, -np.inf, dtype=np.float32))
    assert np.isfinite(made.values(nothing, Query(5, "u"))).all()


def test_new_items__as_they_were_written(tmp_path: Path) -> None:
    columns = {"ITEM_ID": ["a"], "CREATED_AT": [3], "EVENTS": [2], "EXPECTED": [0.5]}
    table = pa.table(columns, metadata={"shape": "0.4", "newest": "9"})
    pq.write_table(table, tmp_path / "new.parquet")
    expected = NewItems(("a",), (3,), (2,), (0.5,), shape=0.4, newest=9)
    assert NewItems.read(tmp_path / "new.parquet") == expected


def test_new_items__of_a_version_that_has_none(tmp_path: Path) -> None:
    assert NewItems.read(tmp_path / "new.parquet") == NewItems()
