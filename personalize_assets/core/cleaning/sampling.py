"""Sampling by ``mix31``, a hash of user and item that any engine with int64 can repeat.

Whether a row is kept depends on its user and item alone: the same on every machine, in every order
of the rows, and for every row of the same pair. Raising the fraction only adds rows.
"""

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from personalize_assets.core.cleaning.definitions import ITEM_FACTOR, MODULUS, USER_FACTOR

Int64Array = NDArray[np.int64]


def mix31(user: Int64Array, item: Int64Array) -> Int64Array:
    """Hash pairs of ids: ``fifth(fifth(48271 u + 11) + 69621 i)`` with ``fifth(x) = x^5``.

    All of it modulo M = 2^31 - 1, beginning with the ids ``u`` and ``i`` themselves. The fifth
    power is a permutation of the remainders, because 5 does not divide M - 1; it breaks up the
    lines of a linear hash.

    Args:
        user: Non-negative numbers, shape ``(n,)``.
        item: Non-negative numbers, shape ``(n,)``.

    Returns:
        Shape ``(n,)``, in [0, M).
    """
    first = _fifth((user % MODULUS * USER_FACTOR + 11) % MODULUS)
    return _fifth((first + item % MODULUS * ITEM_FACTOR) % MODULUS)


def _fifth(x: Int64Array) -> Int64Array:
    square = x * x % MODULUS
    return square * square % MODULUS * x % MODULUS


def threshold(fraction: float) -> int:
    """Hashes below this are kept: ``floor(fraction * M)``, computed in doubles."""
    return int(fraction * MODULUS)


def kept(user: Int64Array, item: Int64Array, fraction: float) -> NDArray[np.bool_]:
    """Tell which pairs of ids belong to the sample; all of them where ``fraction`` is 1."""
    if fraction >= 1:
        return np.ones(len(user), dtype=np.bool_)
    return mix31(user, item) < threshold(fraction)


def string_numbers(ids: Sequence[str]) -> Int64Array:
    """Turn string ids into numbers for ``mix31``: the CRC-32 of their UTF-8 bytes."""
    return np.array([zlib.crc32(text.encode()) for text in ids], dtype=np.int64)
