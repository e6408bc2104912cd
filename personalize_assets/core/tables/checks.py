"""From raw columns to valid values: each column is checked as a whole, faults are masks.

The definitions are those of ``core.cleaning.definitions``; parquet's own types are read as the text
that they stand for. Knows kinds of values, not datasets.
"""

# pyarrow ships no types, and pyarrow.compute makes its functions when it is imported.
# pyright: standard, reportAttributeAccessIssue=false

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from personalize_assets.core.cleaning.definitions import (
    CONTROL_PATTERN,
    INTEGER_PATTERN,
    MAX_ID_CHARACTERS,
    MAX_TEXT_CHARACTERS,
    MAX_TEXTUAL_CHARACTERS,
    MAX_TIMESTAMP,
    MICROS,
    MILLISECONDS_PATTERN,
    SIGNED_DECIMAL_PATTERN,
    TIMESTAMP_PATTERN,
    Reason,
)
from personalize_assets.core.cleaning.events import NULL_MICROS
from personalize_assets.core.cleaning.writers import DECIMAL
from personalize_assets.core.movielens.errors import RawDataError
from personalize_assets.core.tables.declaration import MetadataType

BoolArray = NDArray[np.bool_]
Int64Array = NDArray[np.int64]

_ARROW_TYPES: Final[dict[MetadataType, pa.DataType]] = {
    "string": pa.string(),
    "text": pa.string(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": DECIMAL,
    "double": DECIMAL,
}
_WHOLE_LIMIT: Final = 10**9


@dataclass(frozen=True)
class Faulty:
    """Rows that have one fault."""

    reason: Reason
    rows: BoolArray


@dataclass(frozen=True)
class Texts:
    """Strings with the rows that are missing (null or empty) and those that are not valid."""

    values: pa.Array
    missing: BoolArray
    invalid: BoolArray


@dataclass(frozen=True)
class Numbers:
    """Integers with the rows that are missing (null or empty) and those with a fault.

    The value of such a row is 0, or ``NULL_MICROS`` for a missing decimal.
    """

    values: Int64Array
    missing: BoolArray
    faults: tuple[Faulty, ...]


def check_texts(column: pa.Array, name: str, max_characters: int = MAX_ID_CHARACTERS) -> Texts:
    """Read ids or names: 1 to ``max_characters`` characters, none of them a control character.

    Raises:
        RawDataError: The column is neither text nor integers nor booleans.
    """
    if pa.types.is_boolean(column.type):
        column = pc.if_else(column, "True", "False")
    elif pa.types.is_integer(column.type):
        column = column.cast(pa.string())
    elif not pa.types.is_string(column.type) and not pa.types.is_null(column.type):
        raise RawDataError(f"{name} is of type {column.type}: wanted are text or integers")
    column = pc.fill_null(column.cast(pa.string()), "")
    missing = _mask(pc.equal(column, ""))
    too_long = _mask(pc.greater(pc.utf8_length(column), max_characters))
    control = _mask(pc.match_substring_regex(column, CONTROL_PATTERN))
    return Texts(column, missing, too_long | control)


def check_timestamps(column: pa.Array, name: str) -> Numbers:
    """Read epoch seconds, or timestamps of parquet (without a time zone they are UTC).

    Parts of a second are cut off.

    Raises:
        RawDataError: The column is neither text nor integers nor timestamps.
    """
    if pa.types.is_timestamp(column.type):
        seconds = pc.floor_temporal(column, unit="second")
        column = seconds.cast(pa.timestamp("s", column.type.tz)).cast(pa.int64())
    if pa.types.is_integer(column.type):
        column = column.cast(pa.string())
    elif not pa.types.is_string(column.type):
        raise RawDataError(
            f"{name} is of type {column.type}: wanted are epoch seconds as integers, or timestamps"
        )
    text = pc.fill_null(column, "")
    missing = _mask(pc.equal(text, ""))
    valid = _fullmatch(text, TIMESTAMP_PATTERN)
    values = _to_int64(text, valid)
    late = _fullmatch(text, MILLISECONDS_PATTERN)
    faults = (
        Faulty(Reason.TIMESTAMP_MS, late),
        Faulty(Reason.TIMESTAMP, ~valid & ~late & ~missing),
        Faulty(Reason.TIMESTAMP_RANGE, values > MAX_TIMESTAMP),
    )
    return Numbers(values, missing, faults)


def check_values(column: pa.Array, name: str) -> Numbers:
    """Read decimals as millionths; ``NULL_MICROS`` where missing.

    Parquet's floats are rounded to the sixth digit after the point.

    Raises:
        RawDataError: The column is neither text nor numbers.
    """
    kind = column.type
    if pa.types.is_string(kind):
        text = pc.fill_null(column, "")
        missing = _mask(pc.equal(text, ""))
        valid = _fullmatch(text, SIGNED_DECIMAL_PATTERN)
        numbers = pc.if_else(valid, text, "0").cast(pa.float64()).to_numpy()
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        missing = _mask(column.is_null(nan_is_null=True))
        numbers = pc.fill_null(column.cast(pa.float64(), safe=False), 0.0).to_numpy()
        numbers = np.where(missing, 0.0, numbers)
        valid = np.isfinite(numbers) & (np.abs(numbers) < _WHOLE_LIMIT)
        numbers = np.where(valid, numbers, 0.0)
    else:
        raise RawDataError(f"{name} is of type {kind}: wanted are numbers")
    micros = np.rint(numbers * MICROS).astype(np.int64)
    micros[missing] = NULL_MICROS
    return Numbers(micros, missing, (Faulty(Reason.VALUE, ~valid & ~missing),))


def check_metadata(
    column: pa.Array, name: str, declared: MetadataType | None
) -> tuple[pa.Array, Faulty]:
    """Read a metadata column with the type that was declared, or else the one that it has.

    Args:
        column: From CSV, or from parquet, where integers stay integers, floats and decimals become
            floats, booleans become ``True`` and ``False``, timestamps epoch seconds.
        name: For messages.
        declared: Type of a CSV column; parquet has its own.

    Returns:
        The values, null where missing, of type string, int32, int64 or ``DECIMAL``; and its faults.

    Raises:
        RawDataError: The column has a type that no dataset can hold.
    """
    kind = _metadata_type(column.type, declared)
    if kind in {"string", "text"}:
        limit = MAX_TEXTUAL_CHARACTERS if kind == "text" else MAX_TEXT_CHARACTERS
        texts = check_texts(column, name, limit)
        values = pc.if_else(texts.missing, pa.scalar(None, pa.string()), texts.values)
        return values, Faulty(Reason.TEXT, texts.invalid)
    if pa.types.is_timestamp(column.type):
        numbers = check_timestamps(column, name)
        wrong = np.logical_or.reduce([fault.rows for fault in numbers.faults])
        return pa.array(numbers.values, mask=numbers.missing), Faulty(Reason.METADATA, wrong)
    if kind in {"int", "long"}:
        return _check_integers(column, kind)
    numbers = check_values(column, name)
    values = _millionths(pa.array(numbers.values, mask=numbers.missing))
    return values, Faulty(Reason.METADATA, numbers.faults[0].rows)


def _check_integers(column: pa.Array, kind: MetadataType) -> tuple[pa.Array, Faulty]:
    text = pc.fill_null(column.cast(pa.string()), "")
    missing = _mask(pc.equal(text, ""))
    valid = _fullmatch(text, INTEGER_PATTERN)
    values = _to_int64(text, valid)
    if kind == "int":
        limits = np.iinfo(np.int32)
        valid &= (values >= limits.min) & (values <= limits.max)
    wrong = ~valid & ~missing
    array = pa.array(np.where(wrong, 0, values), mask=missing).cast(_ARROW_TYPES[kind])
    return array, Faulty(Reason.METADATA, wrong)


def _millionths(micros: pa.Array) -> pa.Array:
    """Divide whole numbers by a million, exactly."""
    return pc.multiply(micros.cast(pa.decimal128(19, 0)), _MILLIONTH).cast(DECIMAL)


_MILLIONTH: Final = pa.scalar("0.000001").cast(pa.decimal128(7, 6))


def _metadata_type(kind: pa.DataType, declared: MetadataType | None) -> MetadataType:
    if pa.types.is_string(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return declared or "string"
    if pa.types.is_integer(kind):
        return "int" if kind.bit_width < 32 or kind == pa.int32() else "long"
    if pa.types.is_timestamp(kind):
        return "long"
    return "float"


def _fullmatch(column: pa.Array, pattern: str) -> BoolArray:
    return _mask(pc.match_substring_regex(column, rf"\A(?:{pattern})\z"))


def _to_int64(text: pa.Array, valid: BoolArray) -> Int64Array:
    return pc.if_else(valid, text, "0").cast(pa.int64()).to_numpy()


def _mask(column: pa.Array) -> BoolArray:
    return column.to_numpy(zero_copy_only=False)
