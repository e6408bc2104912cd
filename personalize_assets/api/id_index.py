"""Rows of ids, found without an object of Python for each of them but the last asked for."""

# pyarrow ships no types.
# pyright: standard

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa

KEPT: Final = 20_000
"""So many ids that were asked for stay at hand."""

_CHUNK: Final = 65_536


class IdIndex:
    """Finds the rows of ids: 16 bytes an id, beside the ids themselves.

    Args:
        ids: String, without nulls, each once.
    """

    def __init__(self, ids: pa.StringArray) -> None:
        self._ids = ids
        hashes = np.empty(len(ids), np.int64)
        for start in range(0, len(ids), _CHUNK):
            texts = ids.slice(start, _CHUNK).to_pylist()
            hashes[start : start + len(texts)] = [hash(text) for text in texts]
        self._rows = np.argsort(hashes, kind="stable")
        self._hashes = hashes[self._rows]
        self._found: dict[str, int] = {}

    def rows(self, wanted: Sequence[str]) -> list[int]:
        """The row of each id; -1 where it is not known."""
        if unknown := [text for text in wanted if text not in self._found]:
            if len(self._found) + len(unknown) > KEPT:
                self._found, unknown = {}, list(wanted)
            self._found.update(zip(unknown, self._search(unknown), strict=True))
        return [self._found[text] for text in wanted]

    def _search(self, wanted: Sequence[str]) -> list[int]:
        hashes = np.fromiter((hash(text) for text in wanted), np.int64, len(wanted))
        places = np.searchsorted(self._hashes, hashes).tolist()
        return [
            self._row(text, hashed, place)
            for text, hashed, place in zip(wanted, hashes.tolist(), places, strict=True)
        ]

    def row(self, wanted: str) -> int:
        """The row of one id; -1 where it is not known."""
        return self.rows([wanted])[0]

    def _row(self, text: str, hashed: int, place: int) -> int:
        # Different texts may have the same hash: then they stand beside each other.
        while place < len(self._hashes) and int(self._hashes[place]) == hashed:
            row = int(self._rows[place])
            if self._ids[row].as_py() == text:
                return row
            place += 1
        return -1
