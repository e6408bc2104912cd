"""Texts as sparse rows of their rarest words, so that products of rows are cosines.

A word weighs the more the rarer it is among the texts, and little more for standing there often
(sublinear TF-IDF). Chinese and Japanese, which put no spaces between words, are taken character by
character. Knows nothing of items.
"""

# pyarrow.compute makes its functions when it is imported, where pyright cannot see them.
# pyright: reportAttributeAccessIssue=false

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from personalize_assets.recipes.solvers.half_precision import round_to_half
from personalize_assets.recipes.solvers.sparse_rows import sparse_rows
from personalize_assets.recipes.solvers.transitions import keep_strongest
from personalize_assets.recipes.solvers.weighting import unit_rows, weigh_by_rarity

_ROWS_AT_ONCE: Final = 10_000
_MOST_WORDS: Final = 8
"""Of a text, those that weigh most: more of them find nothing else, and take ten times as long to
compare where texts are long."""

_WORDLESS_SCRIPTS: Final = r"([\p{Han}\p{Hiragana}\p{Katakana}])"
_BETWEEN_WORDS: Final = r"[^\p{L}\p{M}\p{N}]+"


def word_rows(texts: pa.Array | pa.ChunkedArray) -> sparse.csr_array:
    """Rows of length 1 over the words that occur, at most 8 of them a row.

    Args:
        texts: Strings, nulls are empty; shape ``(n,)``.

    Returns:
        float32 of 16-bit precision, shape ``(n, n_words)``; a text of nothing but words that all
        texts have, or of no words, has an empty row.
    """
    column = texts if isinstance(texts, pa.ChunkedArray) else pa.chunked_array([texts])
    counts: list[np.ndarray] = []
    words: list[pa.Array] = []
    for start in range(0, len(column), _ROWS_AT_ONCE):
        found, lengths = words_of(column.slice(start, _ROWS_AT_ONCE).combine_chunks())
        words.append(found)
        counts.append(lengths)
    encoded = pa.chunked_array(words, pa.string()).dictionary_encode().unify_dictionaries()
    indices = [np.asarray(chunk.indices) for chunk in encoded.chunks]
    n_words = len(encoded.chunk(0).dictionary) if indices else 0
    flat = np.concatenate([np.zeros(0, np.int32), *indices])
    indptr = np.concatenate(([0], np.cumsum(np.concatenate([np.zeros(0, np.int64), *counts]))))
    matrix = sparse_rows(np.ones(len(flat), np.float32), flat, indptr, n_words)
    matrix.sum_duplicates()
    matrix.data = 1 + np.log(matrix.data)
    weighed = weigh_by_rarity(matrix)
    rows = unit_rows(keep_strongest(weighed, weighed.data, _MOST_WORDS))
    round_to_half(rows.data)
    return rows


def words_of(texts: pa.StringArray) -> tuple[pa.StringArray, np.ndarray]:
    """The words of some texts in lower case, one after the other, and how many each text has.

    Args:
        texts: Strings, nulls are empty; shape ``(n,)``.
    """
    plain = pc.utf8_lower(pc.utf8_normalize(texts.cast(pa.string()).fill_null(""), "NFKC"))
    spaced = pc.replace_substring_regex(plain, _WORDLESS_SCRIPTS, r" \1 ")
    split = pc.split_pattern_regex(spaced, _BETWEEN_WORDS)
    rows, words = pc.list_parent_indices(split), pc.list_flatten(split)
    named = pc.not_equal(words, "")
    counts = np.bincount(np.asarray(rows.filter(named)), minlength=len(texts))
    return words.filter(named), counts
