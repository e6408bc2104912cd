"""What the fields of movies mean."""

import pytest

from personalize_assets.core.movielens.formats import GENRES_100K, MOVIES
from personalize_assets.core.movielens.movies import (
    Movie,
    parse_movie,
    parse_release_date,
    parse_year,
)


@pytest.mark.parametrize(
    ("title", "year"),
    [
        ("Toy Story (1995)", 1995),
        ("City of Lost Children, The (Cité des enfants perdus, La) (1995)", 1995),
        ("2001: A Space Odyssey (1968)", 1968),
        ("Fawlty Towers (1975-1979)", 1975),
        ("Death Note (2006\u20132007)", 2006),
        ("Sherlock (2009\u2013 )", 2009),
        ("Babylon 5", None),
        ("Movie (1995) remade", None),
        ("The 1500s (1523)", None),
        ("(2010)", 2010),
        ("Other digits (19\u0663\u0664)", None),
        ("", None),
    ],
)
def test_parse_year__titles(title: str, year: int | None) -> None:
    assert parse_year(title) == year


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("01-Jan-1995", 788_918_400),
        ("28-Feb-1996", 825_465_600),
        ("31-Dec-1969", 0),
        ("01-Jan-1937", 0),
        ("", None),
        ("1995-01-01", None),
        ("01-jan-1995", None),
        ("01-Jan-0000", 0),
    ],
)
def test_parse_release_date__texts(text: str, seconds: int | None) -> None:
    assert parse_release_date(text) == seconds


@pytest.mark.parametrize(
    ("fields", "movie"),
    [
        (["1", "Heat (1995) ", "Action|Crime"], Movie("Heat (1995)", 1995, "Action|Crime", None)),
        (["2", "X", "(no genres listed)"], Movie("X", None, None, None)),
        (["3", "", ""], Movie("", None, None, None)),
    ],
)
def test_parse_movie__csv_and_dat(fields: list[str], movie: Movie) -> None:
    assert parse_movie(fields, "csv") == parse_movie(fields, "dat") == movie


def test_parse_movie__u() -> None:
    flags = ["1" if name in {"Animation", "Western"} else "0" for name in GENRES_100K]
    fields = ["1", "Toy Story (1995)", "01-Jan-1995", "", "http://us.imdb.com/M/x", *flags]
    assert len(fields) == len(MOVIES["u"].columns) == 24
    movie = parse_movie(fields, "u")
    assert movie == Movie("Toy Story (1995)", 1995, "Animation|Western", 788_918_400)


def test_parse_movie__u_unknown_is_no_genre() -> None:
    fields = ["267", "unknown", "", "", "", "1", *["0"] * 18]
    movie = parse_movie(fields, "u")
    assert movie == Movie("unknown", None, None, None)
    assert movie.known_or_assumed_release() == 0


@pytest.mark.parametrize(
    ("year", "released_at", "assumed"),
    [(1995, 5, 5), (1995, None, 788_918_400), (1955, None, 0), (None, None, 0)],
)
def test_known_or_assumed_release__cases(
    year: int | None, released_at: int | None, assumed: int
) -> None:
    assert Movie("t", year, None, released_at).known_or_assumed_release() == assumed
