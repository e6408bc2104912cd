"""The releases of MovieLens that can be downloaded by name, each with a pinned checksum.

``ml-latest`` is missing on purpose: GroupLens replaces it from time to time, so that no checksum
of it stays true. Nothing here downloads.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_BASE_URL: Final = "https://files.grouplens.org/datasets/movielens"


@dataclass(frozen=True)
class ReleaseFile:
    """Where a release is and how to know that it arrived whole.

    Attributes:
        name: Name of the release, such as ``ml-25m``.
        url: Address of its zip.
        md5: Checksum of the zip in hex, as GroupLens publishes it beside the zip.
        about_bytes: Size of the zip, rounded: for a hint before the download, never for a check.
    """

    name: str
    url: str
    md5: str
    about_bytes: int


def _release(name: str, md5: str, about_bytes: int) -> tuple[str, ReleaseFile]:
    return name, ReleaseFile(name, f"{_BASE_URL}/{name}.zip", md5, about_bytes)


RELEASES: Final[Mapping[str, ReleaseFile]] = MappingProxyType(
    dict(
        (
            _release("ml-latest-small", "31a303aabbc519bd33d025e44d6c2570", 1_000_000),
            _release("ml-100k", "0e33842e24a9c977be4e0107933c0723", 5_000_000),
            _release("ml-1m", "c4d9eecfca2ab87c1945afe126590906", 6_000_000),
            _release("ml-10m", "ce571fd55effeba0271552578f2648bd", 63_000_000),
            _release("ml-20m", "cd245b17a1ae2cc31bb14903e1204af3", 190_000_000),
            _release("ml-25m", "6b51fb2759a8657d3bfcbfc42b592ada", 250_000_000),
            _release("ml-32m", "d472be332d4daa821edc399621853b57", 239_000_000),
        )
    )
)
"""Release by name, smallest first but for ml-32m."""
