"""What batch jobs are asked where no file was dropped."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from personalize_assets.aws.batch import (
    write_all_items,
    write_all_users,
    write_frequent_attributes,
    write_popular_items,
    write_popular_lists,
)


@pytest.fixture
def interactions(tmp_path: Path) -> Path:
    """Item 3 is met three times, 10 and 2 once each, 1 twice."""
    rows = {"USER_ID": list("2211310"), "ITEM_ID": ["3", "3", "10", "1", "1", "3", "2"]}
    pq.write_table(pa.table(rows), tmp_path / "interactions.parquet")
    return tmp_path / "interactions.parquet"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_all__in_order_of_numbers(interactions: Path, tmp_path: Path) -> None:
    write_all_users(interactions, tmp_path / "users")
    write_all_items(interactions, tmp_path / "items")

    assert [line["userId"] for line in lines(tmp_path / "users")] == ["0", "1", "2", "3"]
    assert [line["itemId"] for line in lines(tmp_path / "items")] == ["1", "2", "3", "10"]


def test_popular__most_met_first(interactions: Path, tmp_path: Path) -> None:
    write_popular_items(interactions, tmp_path / "items", count=2)
    write_popular_lists(interactions, tmp_path / "lists", count=3)

    assert lines(tmp_path / "items") == [{"itemId": "3"}, {"itemId": "1"}]
    assert lines(tmp_path / "lists")[0] == {"userId": "0", "itemList": ["3", "1", "10"]}


def test_attributes__quoted_as_the_service_reads_them(tmp_path: Path) -> None:
    genres = ["Comedy|Drama", "Comedy", None, 'Sci"Fi', "Comedy|Drama", "Ä"]
    pq.write_table(pa.table({"GENRES": genres}), tmp_path / "items.parquet")

    write_frequent_attributes(
        tmp_path / "items.parquet", tmp_path / "asked", column="GENRES", count=4
    )

    assert [line["itemAttributes"] for line in lines(tmp_path / "asked")] == [
        'ITEMS.GENRES = "Comedy"',
        'ITEMS.GENRES = "Drama"',
        'ITEMS.GENRES = "Sci\\"Fi"',
        'ITEMS.GENRES = "Ä"',
    ]
