"""Opening a release that lies in a folder or in a zip as GroupLens distributes it.

Only this machine's files are known here; objects of S3 come as streams from elsewhere and need
nothing of this module.
"""

import zipfile
import zlib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from personalize_assets.core.movielens.errors import RawDataError

MAX_FOLDER_DEPTH: Final = 2
"""A release may lie in a folder of the folder (``data/ml-25m/ratings.csv``), not deeper."""


@dataclass(frozen=True)
class Release:
    """The files of an opened folder or zip.

    Attributes:
        names: Names of all files, with ``/`` between parts, sorted.
        open: Opens one of ``names`` as a binary stream; close it after use.
        size: Bytes of one of ``names``, uncompressed.
    """

    names: tuple[str, ...]
    open: Callable[[str], BinaryIO]
    size: Callable[[str], int]


@contextmanager
def open_release(path: Path) -> Generator[Release]:
    """Open a folder or a zip of raw data; the zip stays open until the block ends.

    Raises:
        RawDataError: ``path`` is not there, is neither folder nor zip, or the zip is damaged or
            encrypted (also when that shows only while a member is read inside the block).
    """
    if path.is_dir():
        yield _folder(path)
    elif not path.exists():
        raise RawDataError(f"{path} does not exist: give a folder or a zip of a MovieLens release")
    elif not zipfile.is_zipfile(path):
        raise RawDataError(f"{path} is neither a folder nor a zip of a MovieLens release")
    else:
        try:
            with zipfile.ZipFile(path) as archive:
                yield _zip(path, archive)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise RawDataError(f"{path} is damaged: {error}; download it again") from error


def _folder(path: Path) -> Release:
    files = {
        file.relative_to(path).as_posix(): file
        for depth in range(1, MAX_FOLDER_DEPTH + 1)
        for file in path.glob("/".join("*" * depth))
        if file.is_file()
    }
    return Release(
        names=tuple(sorted(files)),
        open=lambda name: files[name].open("rb"),
        size=lambda name: files[name].stat().st_size,
    )


def _zip(path: Path, archive: zipfile.ZipFile) -> Release:
    members = {info.filename: info for info in archive.infolist() if not info.is_dir()}
    if any(info.flag_bits & 1 for info in members.values()):
        raise RawDataError(f"{path} is encrypted: unpack it and give the folder")
    return Release(
        names=tuple(sorted(members)),
        open=lambda name: cast(BinaryIO, archive.open(members[name])),
        size=lambda name: members[name].file_size,
    )
