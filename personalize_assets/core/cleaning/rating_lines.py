"""From lines of ratings to columns of numbers, with the lines that are none set aside.

One regular expression for a whole line separates the valid from the rest; the rest are few and are
explained one by one. A property test holds the two views of validity together.
"""

# pyarrow ships no types, and pyarrow.compute makes its functions when it is imported.
# pyright: standard, reportAttributeAccessIssue=false

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv
from numpy.typing import NDArray

from personalize_assets.core.cleaning.definitions import (
    DECIMAL_PATTERN,
    ID_PATTERN,
    MAX_RATING_MICROS,
    MAX_TIMESTAMP,
    MICROS,
    MILLISECONDS_PATTERN,
    MIN_RATING_MICROS,
    TIMESTAMP_PATTERN,
    Reason,
)
from personalize_assets.core.cleaning.lines import Lines
from personalize_assets.core.cleaning.quarantine import Fault
from personalize_assets.core.movielens.formats import FileFormat

Int64Array = NDArray[np.int64]
IsKnown = Callable[[Int64Array], NDArray[np.bool_]]

_FIELD_PATTERNS: Final = (ID_PATTERN, ID_PATTERN, DECIMAL_PATTERN, TIMESTAMP_PATTERN)
_FIELD_REASONS: Final = (Reason.USER_ID, Reason.ITEM_ID, Reason.VALUE, Reason.TIMESTAMP)
_FIELDS: Final = tuple(re.compile(pattern.encode()) for pattern in _FIELD_PATTERNS)
_MILLISECONDS: Final = re.compile(MILLISECONDS_PATTERN.encode())

_LOOKUP_LIMIT: Final = 50_000_000


@dataclass(frozen=True)
class RatingColumns:
    """Valid ratings in the order of their lines; all int64, shape ``(n,)``."""

    user: Int64Array
    item: Int64Array
    micros: Int64Array
    timestamp: Int64Array

    def where(self, rows: NDArray[np.bool_]) -> Self:
        """The rows for which ``rows`` is true."""
        return type(self)(self.user[rows], self.item[rows], self.micros[rows], self.timestamp[rows])


def line_pattern(form: FileFormat) -> str:
    """The pattern of a valid line of ratings, without its end."""
    return re.escape(form.delimiter).join(_FIELD_PATTERNS)


def explain_line(line: bytes, form: FileFormat) -> Reason | None:
    """Say why a line (without its end) does not match ``line_pattern``; None if it does."""
    if not line:
        return Reason.EMPTY_LINE
    fields = line.split(form.delimiter.encode())
    if len(fields) != len(_FIELDS):
        return Reason.FIELD_COUNT
    if b"" in fields:
        return Reason.MISSING
    for field, pattern, reason in zip(fields, _FIELDS, _FIELD_REASONS, strict=True):
        if pattern.fullmatch(field) is None:
            late = reason is Reason.TIMESTAMP and _MILLISECONDS.fullmatch(field) is not None
            return Reason.TIMESTAMP_MS if late else reason
    return None


def membership(item_ids: Int64Array) -> IsKnown:
    """Make a function that tells which ids are among ``item_ids``."""
    top = int(item_ids.max()) if len(item_ids) else 0
    if top > _LOOKUP_LIMIT:
        return lambda ids: np.isin(ids, item_ids)
    table = np.zeros(top + 2, dtype=np.bool_)
    table[item_ids] = True
    return lambda ids: table[np.minimum(ids, top + 1)]


def parse_ratings(
    lines: Lines, form: FileFormat, is_known: IsKnown
) -> tuple[RatingColumns, list[Fault]]:
    """Read the valid ratings of a block, and explain every other line.

    Args:
        lines: Lines of ratings, without the header.
        form: How they are written.
        is_known: Which items exist.

    Returns:
        Columns of the valid lines, and the others in no particular order.
    """
    matches = lines.matching(line_pattern(form))
    wrong = np.flatnonzero(~matches)
    faults = [_explained(lines, index, form) for index in wrong.tolist()]
    columns = _parse(lines.without(wrong), form)
    reasons = (
        (Reason.TIMESTAMP_RANGE, columns.timestamp > MAX_TIMESTAMP),
        (
            Reason.RATING_RANGE,
            (columns.micros < MIN_RATING_MICROS) | (columns.micros > MAX_RATING_MICROS),
        ),
        (Reason.UNKNOWN_ITEM, ~is_known(columns.item)),
    )
    good = ~(reasons[0][1] | reasons[1][1] | reasons[2][1])
    if good.all():
        return columns, faults
    line_of = np.flatnonzero(matches)
    for row in np.flatnonzero(~good).tolist():
        reason = next(reason for reason, at in reasons if at[row])
        index = int(line_of[row])
        faults.append(Fault(lines.number(index), reason, lines.text(index)))
    return columns.where(good), faults


def _explained(lines: Lines, index: int, form: FileFormat) -> Fault:
    text = lines.text(index)
    reason = explain_line(text, form)
    if reason is None:
        raise AssertionError(f"line {lines.number(index)} is valid only by its fields")
    return Fault(lines.number(index), reason, text)


def _parse(data: bytes, form: FileFormat) -> RatingColumns:
    """Read lines that all match ``line_pattern``."""
    if not data:
        empty = np.empty(0, dtype=np.int64)
        return RatingColumns(empty, empty, empty, empty)
    names = list(form.columns)
    read_names = names
    if len(form.delimiter) == 2:  # "::" is the delimiter ":" with an empty field between two values
        read_names = [part for name in names for part in (name, f"{name} gap")][:-1]
    table = pv.read_csv(
        pa.BufferReader(data),
        read_options=pv.ReadOptions(column_names=read_names, block_size=4 << 20),
        parse_options=pv.ParseOptions(delimiter=form.delimiter[0], quote_char=False),
        convert_options=pv.ConvertOptions(
            include_columns=names,
            column_types={name: pa.float64() if name == "rating" else pa.int64() for name in names},
        ),
    )
    user, item, rating, timestamp = (table[name].to_numpy() for name in names)
    # Exact: at most 15 digits, so the product is less than a quarter away from its integer.
    micros = np.rint(rating * MICROS).astype(np.int64)
    return RatingColumns(user, item, micros, timestamp)
