"""The one total order of events, and finding those that are there twice.

Works on whole columns of non-negative integers; what they stand for is known elsewhere.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

IntColumn = NDArray[np.integer]
IndexArray = NDArray[np.int64]

_CHUNK = 1 << 20
_KEY_BITS = 64


def sorted_rows(columns: Sequence[IntColumn]) -> IndexArray | None:
    """Order rows by ``columns``, the most significant first; equal rows keep their order.

    Columns are packed with the row number into 64-bit keys, as many as fit, and sorted from the
    least significant group to the most: a plain sort of integers, several times faster than an
    indirect sort, and nothing to do for a group that is in order already.

    Args:
        columns: Non-negative integers, each of shape ``(n,)``.

    Returns:
        Row numbers in order, shape ``(n,)``; None where the rows are in order already.

    Raises:
        OverflowError: A column and the row numbers together need more than 64 bits.
    """
    n = len(columns[0])
    index_bits = max(1, (n - 1).bit_length())
    order: IndexArray | None = None
    for group in _groups(columns, _KEY_BITS - index_bits):
        keys = _pack(group, order)
        if _is_sorted(keys):
            continue
        _append_row_numbers(keys, index_bits)
        keys.sort()
        keys &= np.uint64((1 << index_bits) - 1)
        rows = keys.view(np.int64)
        order = rows if order is None else order[rows]
    return order


def _groups(columns: Sequence[IntColumn], bits: int) -> list[list[tuple[IntColumn, int, int]]]:
    """Columns with smallest value and width in bits, in groups from the least significant."""
    groups: list[list[tuple[IntColumn, int, int]]] = [[]]
    used = 0
    for column in reversed(columns):
        low, high = (int(column.min()), int(column.max())) if len(column) else (0, 0)
        width = (high - low).bit_length()
        if width > bits:
            raise OverflowError(f"{width} bits of a column and {len(column)} rows exceed 64 bits")
        if used + width > bits:
            groups.append([])
            used = 0
        groups[-1].insert(0, (column, low, width))
        used += width
    return groups


def _pack(group: list[tuple[IntColumn, int, int]], order: IndexArray | None) -> NDArray[np.uint64]:
    n = len(group[0][0])
    keys = np.empty(n, dtype=np.uint64)
    for start in range(0, n, _CHUNK):
        rows = slice(start, start + _CHUNK) if order is None else order[start : start + _CHUNK]
        packed = np.zeros(len(keys[start : start + _CHUNK]), dtype=np.uint64)
        for column, low, width in group:
            packed <<= np.uint64(width)
            packed |= (column[rows].astype(np.int64) - low).astype(np.uint64)
        keys[start : start + _CHUNK] = packed
    return keys


def _is_sorted(keys: NDArray[np.uint64]) -> bool:
    for start in range(0, len(keys) - 1, _CHUNK):
        later = keys[start + 1 : start + 1 + _CHUNK]
        if not np.all(keys[start : start + len(later)] <= later):
            return False
    return True


def _append_row_numbers(keys: NDArray[np.uint64], bits: int) -> None:
    for start in range(0, len(keys), _CHUNK):
        part = keys[start : start + _CHUNK]
        part <<= np.uint64(bits)
        part |= np.arange(start, start + len(part), dtype=np.uint64)


def first_of_equals(columns: Sequence[IntColumn]) -> IndexArray | None:
    """Rows that differ from the row before, for rows in order; None where all of them do."""
    n = len(columns[0])
    same = np.ones(max(0, n - 1), dtype=np.bool_)
    for column in columns:
        same &= column[1:] == column[:-1]
    if not same.any():
        return None
    return np.flatnonzero(np.concatenate([[True], ~same]))
