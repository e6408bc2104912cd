"""Metadata of items as answers have it: lower-case names, all values as text, no nulls."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from personalize_assets.core.filters import EntityTable


def metadata_of(
    table: EntityTable, columns: Sequence[str], items: Iterable[str]
) -> list[dict[str, str]]:
    """The metadata of each item; empty for an item without a row.

    Args:
        table: The Items dataset.
        columns: Upper-case names.
        items: Ids.
    """
    return [_row(table, columns, table.index_of(item)) for item in items]


def _row(table: EntityTable, columns: Sequence[str], row: int) -> dict[str, str]:
    if row < 0:
        return {}
    values = ((column.lower(), table.value(row, column)) for column in columns)
    return {name: _text(value) for name, value in values if value is not None}


def _text(value: Any) -> str:
    """Write a value: numbers without an exponent where they are whole, booleans in lower case.

    >>> _text(True), _text(7), _text(130.0), _text("a|b")
    ('true', '7', '130.0', 'a|b')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        # A float of 32 bits, which Python reads as 0.10000000149011612, was written as 0.1.
        short = float(np.format_float_positional(np.float32(value), trim="0"))
        return str(short if np.float32(value) == value else value)
    return str(value)
