"""What the fields of a movie mean: title and year, genres, release date.

Works on fields that are already split and decoded; which lines are valid is decided in
``core.cleaning``, which also keeps the accounts.
"""

import re
from calendar import timegm
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from personalize_assets.core.movielens.formats import GENRES_100K
from personalize_assets.core.movielens.layouts import LayoutKind

NO_GENRES: Final = "(no genres listed)"

YEAR_PATTERN: Final = r"\((1[89]\d\d|20\d\d)(?:[-\u2013] ?(?:\d{4})?)?\)$"
"""The year of a stripped title: of ``(1995)``, or the first of ``(1975-1979)`` or ``(2009- )``."""

DATE_PATTERN: Final = r"(\d{2})-(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-(\d{4})"
"""A release date of u.item, such as ``01-Jan-1995``."""

_MONTHS: Final = "JanFebMarAprMayJunJulAugSepOctNovDec"
_YEAR: Final = re.compile(YEAR_PATTERN, re.ASCII)
_DATE: Final = re.compile(DATE_PATTERN, re.ASCII)


@dataclass(frozen=True)
class Movie:
    """What is known of one movie.

    Attributes:
        title: Title as MovieLens writes it, stripped of spaces; empty where it has none.
        year: Year at the end of the title.
        genres: Names with ``|`` between; None where none is listed.
        released_at: Release date in epoch seconds, never negative (older dates are 0: Amazon
            Personalize knows no time before 1970); None where the layout or the line has none.
    """

    title: str
    year: int | None
    genres: str | None
    released_at: int | None

    def known_or_assumed_release(self) -> int:
        """Release date in epoch seconds; else 1 January of the year; else 0, as old as can be."""
        if self.released_at is not None:
            return self.released_at
        return 0 if self.year is None else max(0, timegm((self.year, 1, 1, 0, 0, 0)))


def parse_movie(fields: Sequence[str], kind: LayoutKind) -> Movie:
    """Read the fields of a line of movies, in the order of ``formats.MOVIES[kind]``.

    >>> parse_movie(["1", "Toy Story (1995)", "Animation|Comedy"], "csv")
    Movie(title='Toy Story (1995)', year=1995, genres='Animation|Comedy', released_at=None)
    """
    title = fields[1].strip(" ")
    if kind == "u":
        flags = zip(GENRES_100K[1:], fields[6:], strict=True)
        genres = "|".join(name for name, flag in flags if flag == "1")
        released_at = parse_release_date(fields[2])
    else:
        genres = fields[2].strip(" ")
        released_at = None
    return Movie(
        title=title,
        year=parse_year(title),
        genres=None if genres in {"", NO_GENRES} else genres,
        released_at=released_at,
    )


def parse_year(title: str) -> int | None:
    """Return the year in brackets at the end of ``title``, None without one.

    >>> parse_year("Fawlty Towers (1975-1979)"), parse_year("Babylon 5")
    (1975, None)
    """
    found = _YEAR.search(title)
    return None if found is None else int(found[1])


def parse_release_date(text: str) -> int | None:
    """Return midnight UTC of a date like ``01-Jan-1995`` in epoch seconds, at least 0.

    None for anything else. English month names, whatever the locale.
    """
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    month = _MONTHS.index(found[2]) // 3 + 1
    year = max(1, int(found[3]))  # the calendar has no year 0
    return max(0, timegm((year, month, int(found[1]), 0, 0, 0)))
