"""MovieLens as GroupLens publishes it: which files, how they are written, what their fields mean.

Knows nothing of cleaning, of Amazon Personalize or of S3.
"""

from personalize_assets.core.movielens.archive import Release, open_release
from personalize_assets.core.movielens.errors import RawDataError
from personalize_assets.core.movielens.layouts import (
    RAW_FILE_NAMES,
    Layout,
    LayoutKind,
    find_layout,
)
from personalize_assets.core.movielens.releases import RELEASES, ReleaseFile

__all__ = [
    "RAW_FILE_NAMES",
    "RELEASES",
    "Layout",
    "LayoutKind",
    "RawDataError",
    "Release",
    "ReleaseFile",
    "find_layout",
    "open_release",
]
