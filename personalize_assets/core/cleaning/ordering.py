"""The one total order of events, and finding those that are there twice.

Works on whole columns of non-negative integers; what they stand for is known elsewhere.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

IntColumn = NDArray[np.integer]
Rows = NDArray[np.uint32]

_Scalar = TypeVar("_Scalar", bound=np.generic)

_CHUNK = 1 << 20
_KEY_BITS = 64


def sorted_rows(columns: Sequence[IntColumn]) -> Rows | None:
    """Order rows by ``columns``, the most significant first; equal rows keep their order.

    Columns are packed with the row number into 64-bit keys, as many as fit, and sorted from the
    least significant group to the most: a plain sort of integers, several times faster than an
    indirect sort, and nothing to do for a group that is in order already.

    Args:
        columns: Integers, each of shape ``(n,)``.

    Returns:
        Row numbers in order, shape ``(n,)``; None where the rows are in order already.

    Raises:
        OverflowError: A column and the row numbers together need more than 64 bits, or there are
            more than 2^32 rows.
    """
    n = len(columns[0])
    index_bits = max(1, (n - 1).bit_length())
    if index_bits > 32:
        raise OverflowError(f"{n} rows are more than 2^32")
    order: Rows | None = None
    for group in _groups(columns, _KEY_BITS - index_bits):
        keys = _pack(group, order)
        if _is_sorted(keys):
            continue
        rows = _argsort(keys, index_bits)
        del keys
        order = rows if order is None else gather(order, rows)
    return order


def gather(column: NDArray[_Scalar], rows: IntColumn) -> NDArray[_Scalar]:
    """``column[rows]``, without the 64-bit copy of ``rows`` that numpy would make."""
    gathered = np.empty(len(rows), dtype=column.dtype)
    for start in range(0, len(rows), _CHUNK):
        gathered[start : start + _CHUNK] = column[rows[start : start + _CHUNK]]
    return gathered


def equal_runs(columns: Sequence[IntColumn]) -> NDArray[np.bool_]:
    """Tell which rows equal the row before in all columns, shape ``(n,)``; the first never does."""
    same = np.ones(len(columns[0]), dtype=np.bool_)
    same[:1] = False
    for column in columns:
        same[1:] &= column[1:] == column[:-1]
    return same


def one_of_each_run(same: NDArray[np.bool_], value: IntColumn | None) -> NDArray[np.bool_]:
    """Choose the row to keep of each run of equal rows.

    Args:
        same: Which rows equal the row before; see ``equal_runs``.
        value: The row with the highest value is kept, of equal ones the first; None: the first.

    Returns:
        Which rows to keep, shape ``(n,)``.
    """
    keep = ~same
    if value is None:
        return keep
    # Only runs of two rows or more matter, and they are few.
    repeats = np.flatnonzero(same)
    begins = np.flatnonzero(np.diff(repeats, prepend=-2) > 1)
    heads = repeats[begins] - 1
    members = np.insert(repeats, begins, heads)
    starts = begins + np.arange(len(begins))
    values = value[members]
    best = np.repeat(np.maximum.reduceat(values, starts), np.diff(starts, append=len(members)))
    last = len(same)
    winners = np.minimum.reduceat(np.where(values == best, members, last), starts)
    keep[heads] = False
    keep[winners] = True
    return keep


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


def _pack(group: list[tuple[IntColumn, int, int]], order: Rows | None) -> NDArray[np.uint64]:
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


def _argsort(keys: NDArray[np.uint64], bits: int) -> Rows:
    """Rows in the order of ``keys``, which are overwritten; ``bits`` hold a row number."""
    for start in range(0, len(keys), _CHUNK):
        part = keys[start : start + _CHUNK]
        part <<= np.uint64(bits)
        part |= np.arange(start, start + len(part), dtype=np.uint64)
    keys.sort()
    rows = np.empty(len(keys), dtype=np.uint32)
    for start in range(0, len(keys), _CHUNK):
        part = keys[start : start + _CHUNK]
        rows[start : start + _CHUNK] = part & np.uint64((1 << bits) - 1)
    return rows
