"""Raw data in its S3 prefix: which files make it up, and how it gets there from a folder or zip.

Assets read raw data from its prefix alone; seeding is for the first run on a machine and for
`--data`.
"""

import logging
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

from personalize_assets.aws.naming import digest_of
from personalize_assets.aws.objects import Bucket, ObjectInfo
from personalize_assets.core.movielens import (
    RAW_FILE_NAMES,
    Layout,
    RawDataError,
    find_layout,
    open_release,
)
from personalize_assets.core.tables import TableSource

log = logging.getLogger(__name__)

MAX_OBJECTS = 10_000
"""Objects that the prefix of raw files may hold: the sensor lists it every few seconds."""


@dataclass(frozen=True)
class RawFiles:
    """The raw files of one dataset group.

    Attributes:
        source: The layout of MovieLens, or what the columns of one's own tables mean.
        files: The file of each dataset that has one.
    """

    source: Layout | TableSource
    files: Mapping[str, ObjectInfo]

    @property
    def kind(self) -> str:
        """``csv``, ``dat`` or ``u`` of MovieLens, or ``table``."""
        return self.source.kind if isinstance(self.source, Layout) else "table"

    def file(self, dataset: str) -> ObjectInfo:
        """The file that ``dataset`` is made from.

        Raises:
            RawDataError: This data has none.
        """
        if dataset not in self.files:
            raise RawDataError(
                f"this data has no file of {dataset}; it has {', '.join(sorted(self.files))}"
            )
        return self.files[dataset]

    @property
    def digest(self) -> str:
        """Digest of the complete set: names, sizes and ETags, whenever it was copied here."""
        return digest_of(
            {
                name: [PurePosixPath(file.key).name, file.size, file.etag]
                for name, file in self.files.items()
            }
        )


@dataclass(frozen=True)
class Seeded:
    """What seeding did.

    Attributes:
        source: The folder or zip.
        written: Keys that were written.
        unchanged: Whether the prefix held all of it already.
    """

    source: Path
    written: tuple[str, ...]
    unchanged: bool


def find_raw_files(bucket: Bucket, prefix: str, tables: TableSource | None) -> RawFiles:
    """Find the raw files under ``prefix``.

    Args:
        bucket: The pipeline's bucket.
        prefix: Ends in a slash.
        tables: For data of one's own, the files to look for; None for MovieLens.

    Raises:
        RawDataError: Files are missing or ambiguous; the message says what is there and needed.
    """
    objects = {entry.key: entry for entry in islice(bucket.list(prefix), MAX_OBJECTS + 1)}
    if len(objects) > MAX_OBJECTS:
        raise RawDataError(
            f"more than {MAX_OBJECTS:,} objects in {bucket.uri(prefix)}, which is looked through "
            "again and again: give the raw files a prefix of their own"
        )
    if tables is not None:
        wanted = {name: f"{prefix}{file}" for name, file in tables.files().items()}
        missing = sorted(key for key in wanted.values() if key not in objects)
        if missing:
            raise RawDataError(f"missing in {bucket.uri(prefix)}: {', '.join(missing)}")
        return RawFiles(tables, {name: objects[key] for name, key in wanted.items()})
    try:
        layout = find_layout(objects)
    except RawDataError as error:
        raise RawDataError(
            f"{bucket.uri(prefix)}: {error}. Copy a MovieLens release there, "
            "or run `make run`, which copies the sample"
        ) from error
    names = {"interactions": layout.ratings, "items": layout.movies, "users": layout.users}
    return RawFiles(layout, {name: objects[key] for name, key in names.items() if key is not None})


def seed_raw_data(bucket: Bucket, prefix: str, path: Path, *, replace: bool) -> Seeded:
    """Copy the release at ``path`` under ``prefix``, if that is empty or ``replace`` is given.

    Args:
        bucket: The pipeline's bucket.
        prefix: Ends in a slash.
        path: Folder or zip of a MovieLens release.
        replace: Copy although there are files; raw files of another release are deleted, since two
            releases under one prefix are ambiguous. Other objects stay.

    Raises:
        RawDataError: There is no release at ``path``.
    """
    there = [entry.key for entry in bucket.list(prefix)]
    if there and not replace:
        return Seeded(path, (), unchanged=True)
    with open_release(path) as release:
        layout = find_layout(release.names)
        names = [name for name in (layout.ratings, layout.movies, layout.users) if name is not None]
        targets = {name: f"{prefix}{PurePosixPath(name).name}" for name in names}
        written: list[str] = []
        with tempfile.TemporaryDirectory() as folder:
            for name, key in targets.items():
                local = Path(folder) / PurePosixPath(name).name
                with release.open(name) as source, local.open("wb") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
                if bucket.put_file(local, key).written:
                    written.append(key)
                local.unlink()
    stale = {
        key
        for key in set(there) - set(targets.values())
        if PurePosixPath(key).name.lower() in RAW_FILE_NAMES
    }
    for key in sorted(stale):
        log.info("deleting %s, which is not of %s", bucket.uri(key), path)
        bucket.delete(key)
    return Seeded(path, tuple(written), unchanged=not written and not stale)
