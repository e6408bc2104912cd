"""Which files of a folder, zip or S3 prefix make up a MovieLens release.

GroupLens has published three layouts: comma-separated files with a header (ml-latest-small,
ml-latest, 20m, 25m, 32m), ``::``-separated files (1m, 10m) and the ``u.`` files of 100k. A release
is recognized by the names of its files alone; nothing here opens a file or knows S3.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, Literal

from personalize_assets.core.movielens.errors import RawDataError

LayoutKind = Literal["csv", "dat", "u"]


@dataclass(frozen=True)
class Layout:
    """The files of one release.

    Attributes:
        kind: ``csv`` (comma, header), ``dat`` (``::``) or ``u`` (100k: tab and ``|``).
        ratings: Name of the file of ratings, as given to ``find_layout``.
        movies: Name of the file of movies.
        users: Name of the file of users, where the release has one.
    """

    kind: LayoutKind
    ratings: str
    movies: str
    users: str | None = None


@dataclass(frozen=True)
class _Files:
    ratings: str
    movies: str
    users: str | None


_FILES: Final[dict[LayoutKind, _Files]] = {
    "csv": _Files("ratings.csv", "movies.csv", None),
    "dat": _Files("ratings.dat", "movies.dat", "users.dat"),
    "u": _Files("u.data", "u.item", "u.user"),
}
RAW_FILE_NAMES: Final = frozenset(
    name
    for files in _FILES.values()
    for name in (files.ratings, files.movies, files.users)
    if name is not None
)
"""Names, in lower case, by which any release is recognized."""

_WANTED: Final = (
    "ratings.csv and movies.csv (ml-latest-small, ml-latest, 20m, 25m, 32m), "
    "or ratings.dat and movies.dat (1m, 10m), or u.data and u.item (100k)"
)


def find_layout(names: Iterable[str]) -> Layout:
    """Find the one MovieLens release among file names.

    Args:
        names: Entries of a folder, members of a zip or keys of S3, with ``/`` between parts; the
            files may lie in any folder. Other files, ``__MACOSX/`` and hidden files are ignored.

    Raises:
        RawDataError: No release is complete, or a file is there more than once.
    """
    by_name: dict[str, list[str]] = {}
    for name in names:
        path = PurePosixPath(name)
        hidden = path.name.startswith(".") or "__MACOSX" in path.parts
        if not hidden and not name.endswith("/"):
            by_name.setdefault(path.name.lower(), []).append(name)
    complete: list[LayoutKind] = [
        kind
        for kind, files in _FILES.items()
        if files.ratings in by_name and files.movies in by_name
    ]
    if not complete:
        raise RawDataError(_nothing_complete(by_name))
    if len(complete) > 1:
        raise RawDataError(
            "more than one MovieLens release here: "
            + " and ".join(by_name[_FILES[kind].ratings][0] for kind in complete)
            + "; name the folder of one of them"
        )
    files = _FILES[complete[0]]
    users = files.users if files.users in by_name else None
    return Layout(
        kind=complete[0],
        ratings=_only(by_name, files.ratings),
        movies=_only(by_name, files.movies),
        users=None if users is None else _only(by_name, users),
    )


def _only(by_name: dict[str, list[str]], name: str) -> str:
    found = sorted(by_name[name])
    if len(found) > 1:
        raise RawDataError(
            f"{len(found)} files named {name} here ({', '.join(found[:5])}): one release has one; "
            "name the folder of one of them"
        )
    return found[0]


def _nothing_complete(by_name: dict[str, list[str]]) -> str:
    for files in _FILES.values():
        for present, absent in ((files.ratings, files.movies), (files.movies, files.ratings)):
            if present in by_name:
                return f"found {by_name[present][0]} but no {absent} beside it: a release has both"
    found = sorted(name for names in by_name.values() for name in names)
    listed = ", ".join(found[:8]) + (f" and {len(found) - 8} more" if len(found) > 8 else "")
    return f"no MovieLens release here: found {listed or 'no files'}; needed are {_WANTED}"
