"""How each file of each layout is written: delimiter, header and columns.

Pure constants; the rules of what a valid value is are those of ``core.cleaning.definitions``.
"""

from dataclasses import dataclass
from typing import Final

from personalize_assets.core.movielens.layouts import LayoutKind


@dataclass(frozen=True)
class FileFormat:
    """One kind of text file.

    Attributes:
        delimiter: What stands between two fields.
        columns: Names of the fields in their order.
        has_header: Whether the first line holds exactly these names.
        quoted: Whether a field may be quoted with ``"``.
    """

    delimiter: str
    columns: tuple[str, ...]
    has_header: bool = False
    quoted: bool = False

    @property
    def header(self) -> str:
        """The header line, without its end."""
        return self.delimiter.join(self.columns)


_RATING: Final = ("userId", "movieId", "rating", "timestamp")

RATINGS: Final[dict[LayoutKind, FileFormat]] = {
    "csv": FileFormat(",", _RATING, has_header=True),
    "dat": FileFormat("::", _RATING),
    "u": FileFormat("\t", _RATING),
}

GENRES_100K: Final = (
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary",
    "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi",
    "Thriller", "War", "Western",
)  # fmt: skip
"""The flags of u.item in their order (u.genre of ml-100k); ``unknown`` means no genre."""

MOVIES: Final[dict[LayoutKind, FileFormat]] = {
    "csv": FileFormat(",", ("movieId", "title", "genres"), has_header=True, quoted=True),
    "dat": FileFormat("::", ("movieId", "title", "genres")),
    "u": FileFormat(
        "|", ("movieId", "title", "releaseDate", "videoReleaseDate", "imdbUrl", *GENRES_100K)
    ),
}

OCCUPATIONS_1M: Final = (
    "other", "academic/educator", "artist", "clerical/admin", "college/grad student",
    "customer service", "doctor/health care", "executive/managerial", "farmer", "homemaker",
    "K-12 student", "lawyer", "programmer", "retired", "sales/marketing", "scientist",
    "self-employed", "technician/engineer", "tradesman/craftsman", "unemployed", "writer",
)  # fmt: skip
"""Occupation by the code of users.dat (README of ml-1m)."""

USERS: Final[dict[LayoutKind, FileFormat]] = {
    "dat": FileFormat("::", ("userId", "gender", "age", "occupation", "zip")),
    "u": FileFormat("|", ("userId", "age", "gender", "occupation", "zip")),
}
"""Layout ``csv`` has no file of users."""
