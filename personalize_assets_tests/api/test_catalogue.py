"""Items in memory, and their titles by words."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from personalize_assets.api import catalogue
from personalize_assets.api.catalogue import Catalogue, Item

MOVIES = pa.table(
    {
        "ITEM_ID": ["1", "2", "10", "300", "77"],
        "TITLE": [
            "Toy Story (1995)",
            "Fabuleux destin d'Amélie Poulain, Le (2001)",
            "The 77 Toys  (1980)",
            None,
            "Story of Toys, A (2010)",
        ],
        "GENRES": ["Adventure|Comedy", "Comedy", None, None, "Drama"],
        "YEAR": pa.array([1995, 2001, 1980, None, 2010], pa.int32()),
    }
)


@pytest.fixture
def movies() -> Catalogue:
    return Catalogue(MOVIES)


def found(movies: Catalogue, query: str, limit: int = 10) -> list[str]:
    return [item.item_id for item in movies.search(query, limit)]


def test_items__in_the_order_of_the_question(movies: Catalogue) -> None:
    toy, unknown, untitled = movies.items(["1", "999", "300"])

    assert toy == Item("1", "Toy Story (1995)", ("Adventure", "Comedy"), 1995)
    assert unknown == Item("999")
    assert untitled == Item("300")
    assert (movies.knows("300"), movies.knows("999")) == (True, False)


def test_items__few_are_kept_at_hand(movies: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "KEPT_ITEMS", 2)

    assert [item.item_id for item in movies.items(["1", "2"])] == ["1", "2"]
    assert [item.title for item in movies.items(["1", "10"])] == [
        "Toy Story (1995)",
        "The 77 Toys  (1980)",
    ]
    assert len(movies._read) == 2


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("toy", ["1", "77", "10"]),  # begins with it; then by title
        ("TOY  sto", ["1", "77"]),  # as it stands, before both words anywhere
        ("amelie", ["2"]),
        ("Amélie le", ["2"]),
        ("77", ["77", "10"]),  # the item of this id comes first
        ("300", ["300"]),  # an item without title by its id
        ("%", []),
        (" ", []),
    ],
)
def test_search(movies: Catalogue, query: str, ids: list[str]) -> None:
    assert found(movies, query) == ids


def test_search__what_was_met_more_often_comes_first_among_equals(movies: Catalogue) -> None:
    met = {"10": 5, "77": 3}
    items = movies.search("toys", 10, lambda ids: [met.get(one, 0) for one in ids])

    assert [item.item_id for item in items] == ["10", "77"]
    assert found(movies, "toys", limit=1) == ["77"]


def test_from_file__needs_no_column_but_the_id(tmp_path: Path) -> None:
    path = tmp_path / "items.parquet"
    pq.write_table(pa.table({"ITEM_ID": ["a", "b"], "PRICE": [1.0, 2.0]}), path)

    assert Catalogue.from_file(path).items(["a"]) == [Item("a")]
    assert len(Catalogue.from_file(path)) == 2


@pytest.mark.parametrize("content", [b"", b"PAR1 and then nothing"])
def test_from_file__says_what_is_wrong(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "items.parquet"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="no readable parquet file of items"):
        Catalogue.from_file(path)
    pq.write_table(pa.table({"ID": ["a"]}), path)
    with pytest.raises(ValueError, match="no column ITEM_ID; found ID"):
        Catalogue.from_file(path)


def test_empty() -> None:
    assert len(Catalogue.empty()) == 0
    assert Catalogue.empty().search("toy", 5) == []
    assert Catalogue.empty().items(["1"]) == [Item("1")]


def test_memory__about_as_large_as_the_texts() -> None:
    count = 20_000
    titles = [f"A title of usual length, number {number} (1999)" for number in range(count)]
    table = pa.table(
        {"ITEM_ID": list(map(str, range(count))), "TITLE": titles, "GENRES": ["Drama|War"] * count}
    )
    texts = sum(map(len, titles)) + count * 5

    assert Catalogue(table).nbytes < 2.7 * texts  # titles twice: as they are, and folded
