"""Texts as rows of numbers that point the same way where the texts mean nearly the same.

A text is the sum of what its pieces of words mean. That is told by WordLlama (Miller, 2024): token
embeddings of large language models, trained anew so that their sums compare as sentences do. The
package carries them as files; of its code nothing runs and nothing is fetched. What all texts of a
catalogue have in common, their mean, is taken away, since it tells none from another (Mu and
Viswanath, "All-but-the-Top", 2018). Knows nothing of items.
"""

from dataclasses import dataclass
from functools import cache, cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse

from personalize_assets.recipes.base import Progress, ignore_progress
from personalize_assets.recipes.histories import FloatArray
from personalize_assets.recipes.solvers.sparse_rows import sparse_rows
from personalize_assets.recipes.solvers.words import words_of

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_PACKAGE: Final = "wordllama"
_PIECES: Final = "wordllama/tokenizers/l2_supercat_tokenizer_config.json"
_MEANINGS: Final = "wordllama/weights/l2_supercat_256.safetensors"
_TEXTS_AT_ONCE: Final = 10_000
_ROWS_AT_ONCE: Final = 512
"""Of a product: as floats they fit a core's cache, and no copy of the model as floats is needed."""

_LARGEST: Final = 127
_NOISE: Final = 0.02
"""Rows of length 1 that are nearer than this to their mean differ from it by rounding alone."""

_Bytes = NDArray[np.int8]


@dataclass(frozen=True)
class TextVectors:
    """What texts mean, a byte a number.

    Attributes:
        rows: Directions of any length, shape ``(n, 256)``; zeros where there is nothing to tell a
            text by.
    """

    rows: _Bytes

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def told(self) -> NDArray[np.bool_]:
        """Which texts have a direction; shape ``(n,)``."""
        return self._inverse_lengths > 0

    @cached_property
    def _inverse_lengths(self) -> FloatArray:
        """1 over the length of each row; 0 for zeros."""
        lengths = np.concatenate(
            [np.zeros(0, np.float32)] + [_lengths(self._block(start)) for start in self._starts]
        )
        return np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)

    @property
    def _starts(self) -> range:
        return range(0, len(self.rows), _ROWS_AT_ONCE)

    def _block(self, start: int) -> FloatArray:
        return self.rows[start : start + _ROWS_AT_ONCE].astype(np.float32)

    def cosines(self, index: NDArray[Any]) -> FloatArray:
        """How alike the texts at ``index`` are to all, in [-1, 1]; shape ``(len(index), n)``."""
        asked = self._units(index)
        found = np.empty((len(index), len(self)), np.float32)
        for start in self._starts:
            found[:, start : start + _ROWS_AT_ONCE] = asked @ self._block(start).T
        found *= self._inverse_lengths
        return found

    def between(self, left: NDArray[Any], right: NDArray[Any]) -> FloatArray:
        """How alike the texts at ``left`` are to those at ``right``, pair by pair."""
        found = np.empty(len(left), np.float32)
        for start in range(0, len(left), _TEXTS_AT_ONCE):
            place = slice(start, start + _TEXTS_AT_ONCE)
            found[place] = (self._units(left[place]) * self._units(right[place])).sum(axis=1)
        return found

    def _units(self, index: NDArray[Any]) -> FloatArray:
        """The rows at ``index``, of length 1 or 0; shape ``(len(index), 256)``."""
        return self.rows[index].astype(np.float32) * self._inverse_lengths[index, None]


def text_vectors(
    texts: pa.Array | pa.ChunkedArray, progress: Progress = ignore_progress
) -> TextVectors:
    """Say what each text means.

    Args:
        texts: Strings, nulls are empty; shape ``(n,)``. Case does not count, order of the words
            neither.
        progress: Told of the stage ``texts``.
    """
    column = texts if isinstance(texts, pa.ChunkedArray) else pa.chunked_array([texts])
    n_texts, model = len(column), _model()
    rows = np.zeros((n_texts, model.meanings.shape[1]), np.int8)
    total = np.zeros(rows.shape[1])
    for start in range(0, n_texts, _TEXTS_AT_ONCE):
        progress("texts", start / n_texts)
        made = _units(model.sums(column.slice(start, _TEXTS_AT_ONCE).combine_chunks()))
        total += made.sum(axis=0, dtype=np.float64)
        rows[start : start + len(made)] = _as_bytes(made)
    mean = (total / max(1, np.count_nonzero(rows.any(axis=1)))).astype(np.float32)
    for start in range(0, n_texts, _TEXTS_AT_ONCE):
        place = slice(start, start + _TEXTS_AT_ONCE)
        rows[place] = _as_bytes(_without(_units(rows[place].astype(np.float32)), mean))
    return TextVectors(rows)


def _without(units: FloatArray, mean: FloatArray) -> FloatArray:
    """Rows less their mean; zeros where there was nothing, or where nothing is left."""
    less = units - mean
    left = units.any(axis=1) & (_lengths(less) > _NOISE)
    return less * left[:, None]


def _units(rows: FloatArray) -> FloatArray:
    lengths = _lengths(rows)
    lengths[lengths == 0] = 1
    return rows / lengths[:, None]


def _lengths(rows: FloatArray) -> FloatArray:
    return np.sqrt((rows * rows).sum(axis=1))


def _as_bytes(rows: FloatArray) -> _Bytes:
    largest = np.abs(rows).max(axis=1, initial=0, keepdims=True)
    return np.round(rows * (_LARGEST / np.where(largest > 0, largest, 1))).astype(np.int8)


@dataclass(frozen=True)
class _WordLlama:
    """What pieces of words mean.

    Attributes:
        pieces: Takes words apart.
        meanings: Of each piece; float32, shape ``(32_000, 256)``.
    """

    pieces: "Tokenizer"
    meanings: FloatArray

    def sums(self, texts: pa.StringArray) -> FloatArray:
        """What the words of each text mean together; shape ``(n, 256)``."""
        words, counts = words_of(texts)
        found = words.dictionary_encode()
        indptr = np.concatenate(([0], np.cumsum(counts)))
        ones = np.ones(indptr[-1], np.float32)
        in_words = sparse_rows(ones, np.asarray(found.indices), indptr, len(found.dictionary))
        in_pieces = in_words @ self._pieces_of(found.dictionary.to_pylist())
        return np.asarray(in_pieces @ self.meanings, np.float32)

    def _pieces_of(self, words: list[str]) -> sparse.csr_array:
        """Which pieces each word has."""
        parts = [found.ids for found in self.pieces.encode_batch(words, add_special_tokens=False)]
        indptr = np.cumsum([0, *map(len, parts)])
        ids = np.fromiter((piece for part in parts for piece in part), np.int32, indptr[-1])
        return sparse_rows(np.ones(len(ids), np.float32), ids, indptr, len(self.meanings))


@cache
def _model() -> _WordLlama:
    # Most processes never see a text, and these take a while to import.
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    files = metadata.distribution(_PACKAGE)
    pieces = Tokenizer.from_file(str(files.locate_file(_PIECES)))
    meanings = load_file(Path(str(files.locate_file(_MEANINGS))))["embedding.weight"]
    return _WordLlama(pieces, meanings.astype(np.float32))
