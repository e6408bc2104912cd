"""Which file names make up a release, and what is said of those that do not."""

import pytest

from personalize_assets.core.movielens import RawDataError, find_layout
from personalize_assets.core.movielens.layouts import Layout

ML_25M = ["ml-25m/tags.csv", "ml-25m/README.txt", "ml-25m/ratings.csv", "ml-25m/movies.csv"]


@pytest.mark.parametrize(
    ("names", "layout"),
    [
        (ML_25M, Layout("csv", "ml-25m/ratings.csv", "ml-25m/movies.csv")),
        (["movies.csv", "ratings.csv"], Layout("csv", "ratings.csv", "movies.csv")),
        (
            ["a/raw_data/ratings/Ratings.csv", "a/raw_data/movies/movies.csv", "a/raw_data/"],
            Layout("csv", "a/raw_data/ratings/Ratings.csv", "a/raw_data/movies/movies.csv"),
        ),
        (
            ["ml-1m/movies.dat", "ml-1m/ratings.dat", "ml-1m/users.dat"],
            Layout("dat", "ml-1m/ratings.dat", "ml-1m/movies.dat", "ml-1m/users.dat"),
        ),
        (
            ["ml-10M100K/movies.dat", "ml-10M100K/ratings.dat", "ml-10M100K/tags.dat"],
            Layout("dat", "ml-10M100K/ratings.dat", "ml-10M100K/movies.dat"),
        ),
        (
            ["ml-100k/u.data", "ml-100k/u.item", "ml-100k/u.user", "ml-100k/u1.base"],
            Layout("u", "ml-100k/u.data", "ml-100k/u.item", "ml-100k/u.user"),
        ),
        (
            [*ML_25M, "__MACOSX/ml-25m/ratings.csv", "ml-25m/._movies.csv"],
            Layout("csv", "ml-25m/ratings.csv", "ml-25m/movies.csv"),
        ),
    ],
)
def test_find_layout__releases(names: list[str], layout: Layout) -> None:
    assert find_layout(names) == layout


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "found no files; needed are ratings.csv and movies.csv"),
        (["a.txt", "b.txt"], "found a.txt, b.txt; needed are ratings.csv and movies.csv"),
        (["x/ratings.csv"], "found x/ratings.csv but no movies.csv beside it"),
        (["u.item"], "found u.item but no u.data beside it"),
        ([*ML_25M, "b/ratings.csv"], "2 files named ratings.csv here"),
        ([*ML_25M, "u.data", "u.item"], "more than one MovieLens release here: ml-25m/ratings.csv"),
    ],
)
def test_find_layout__refused(names: list[str], message: str) -> None:
    with pytest.raises(RawDataError) as caught:
        find_layout(names)
    assert message in str(caught.value)
