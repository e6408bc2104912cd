"""The definitions of cleaning as column expressions of Spark SQL.

``core/cleaning/README.md`` gives each in prose. Everything is evaluated by Spark itself, without
Python on the way of a row; only functions that Spark 3.5 has. Knows columns, not files.
"""

# PySpark is where the job runs, not where this is checked.
# pyright: reportMissingImports=false

import re
from collections.abc import Sequence
from functools import reduce
from typing import Final

from pyspark.sql import Column
from pyspark.sql import functions as F

from personalize_assets.core.cleaning.definitions import (
    CONTROL_PATTERN,
    CSV_SPECIAL_PATTERN,
    ITEM_FACTOR,
    MICROS,
    MODULUS,
    USER_FACTOR,
    Reason,
)
from personalize_assets.spark.encoding import INVALID_UTF8_PATTERN

_NOT_ASCII: Final = r"[^\x00-\x7f]"
_TENTHS: Final = MICROS // 10

Fault = tuple[Reason, Column]
"""A reason and the condition that it holds under."""


def first_fault(faults: Sequence[Fault]) -> Column:
    """The reason of the first condition that holds; null where none does."""
    chain = reduce(
        lambda chain, fault: chain.when(fault[1], F.lit(fault[0].value)),
        faults[1:],
        F.when(faults[0][1], F.lit(faults[0][0].value)),
    )
    return chain.otherwise(F.lit(None).cast("string"))


def matches(text: Column, pattern: str) -> Column:
    """Whether the whole of ``text`` matches ``pattern``."""
    return text.rlike(rf"\A(?:{pattern})\z")


def without_carriage_return(line: Column) -> Column:
    r"""``line`` without the one ``\r`` that belongs to its end; by bytes, whatever they are."""
    stripped = line.cast("binary").substr(F.lit(1), F.octet_length(line) - 1).cast("string")
    return F.when(line.endswith("\r"), stripped).otherwise(line)


def latin1(raw: Column) -> Column:
    """The bytes of ``raw`` as characters."""
    return F.decode(raw.cast("binary"), "ISO-8859-1")


def is_not_utf8(raw: Column) -> Column:
    """Whether the bytes of ``raw`` are no UTF-8."""
    return raw.rlike(_NOT_ASCII) & latin1(raw).rlike(INVALID_UTF8_PATTERN)


def split_plain(text: Column, delimiter: str) -> Column:
    """The fields between delimiters, none of them quoted."""
    return F.split(text, re.escape(delimiter), -1)


def split_quoted(text: Column, delimiter: str) -> Column:
    """The unquoted fields of a line of RFC 4180 CSV; null where the quotes do not match.

    The line is split at every delimiter, and the pieces of a field that begins with a quote are put
    together again until its quotes are even: no pattern could do it, because those of Java need
    stack for every repetition of a group.
    """
    pieces = split_plain(text, delimiter)
    start = F.struct(
        F.array().cast("array<string>").alias("done"),
        F.lit(None).cast("string").alias("open"),
        F.lit(False).alias("wrong"),
    )
    joined = F.aggregate(
        pieces, start, lambda state, piece: _next_field(state, piece, delimiter), _all_fields
    )
    return F.when(text.contains('"'), joined).otherwise(pieces)


def _next_field(state: Column, piece: Column, delimiter: str) -> Column:
    done, begun = state["done"], state["open"]
    field = F.when(begun.isNull(), piece).otherwise(F.concat(begun, F.lit(delimiter), piece))
    quotes = F.length(field) - F.length(_replace(field, '"', ""))
    inner = field.substr(F.lit(2), F.length(field) - 2)
    is_whole = field.endswith('"') & (quotes >= 2) & ~_replace(inner, '""', "").contains('"')
    no_text = F.lit(None).cast("string")
    return (
        F.when(~field.startswith('"'), _state(_append(done, field), no_text, state["wrong"]))
        .when(quotes % 2 == 1, _state(done, field, state["wrong"]))
        .otherwise(
            _state(_append(done, _replace(inner, '""', '"')), no_text, state["wrong"] | ~is_whole)
        )
    )


def _state(done: Column, begun: Column, wrong: Column) -> Column:
    return F.struct(done.alias("done"), begun.alias("open"), wrong.alias("wrong"))


def _append(fields: Column, field: Column) -> Column:
    return F.concat(fields, F.array(field))


def _all_fields(state: Column) -> Column:
    return F.when(~state["wrong"] & state["open"].isNull(), state["done"])


def _replace(text: Column, search: str, replacement: str) -> Column:
    return F.replace(text, F.lit(search), F.lit(replacement))


def is_bad_text(text: Column, max_characters: int) -> Column:
    """Whether a text is too long or holds control characters."""
    return (F.char_length(text) > max_characters) | text.rlike(CONTROL_PATTERN)


def to_micros(text: Column) -> Column:
    """A decimal of at most 15 digits in whole millionths, exactly."""
    return F.rint(text.cast("double") * MICROS).cast("bigint")


def micros_to_float(micros: Column) -> Column:
    """Millionths as parquet has them."""
    return (micros.cast("double") / F.lit(float(MICROS))).cast("float")


def format_micros(micros: Column) -> Column:
    """The shortest decimal with at least one digit after the point."""
    size = F.abs(micros)
    part = size % MICROS
    digits = (
        F.when(part % _TENTHS == 0, (part / _TENTHS).cast("bigint").cast("string"))
        .otherwise(F.regexp_replace(F.lpad(part.cast("string"), 6, "0"), r"0+\z", ""))
    )  # fmt: skip
    return F.concat(_whole(micros), F.lit("."), digits)


def format_six_digits(micros: Column) -> Column:
    """The decimal with all six digits after the point."""
    part = F.lpad((F.abs(micros) % MICROS).cast("string"), 6, "0")
    return F.concat(_whole(micros), F.lit("."), part)


def _whole(micros: Column) -> Column:
    size = F.abs(micros)
    whole = ((size - size % MICROS) / MICROS).cast("bigint").cast("string")
    return F.concat(F.when(micros < 0, F.lit("-")).otherwise(F.lit("")), whole)


def quote_csv(text: Column) -> Column:
    """Quote a value that needs it."""
    escaped = _replace(_replace(text, "\\", "\\\\"), '"', '\\"')
    quoted = F.concat(F.lit('"'), escaped, F.lit('"'))
    return F.when(text.rlike(CSV_SPECIAL_PATTERN), quoted).otherwise(text)


def quarantine_line(number: Column, reason: Column, raw: Column) -> Column:
    """A line of the quarantine file, without its end; the bytes of ``raw`` stay what they are."""
    text = _replace(raw, '"', '""')
    head = F.concat(number.cast("string"), F.lit(","), reason, F.lit(',"'))
    return F.concat(head, text, F.lit('"'))


def mix31(user: Column, item: Column) -> Column:
    """The hash that the sample is chosen by; both are non-negative bigints."""
    first = _fifth((user % MODULUS * USER_FACTOR + 11) % MODULUS)
    return _fifth((first + item % MODULUS * ITEM_FACTOR) % MODULUS)


def _fifth(x: Column) -> Column:
    square = x * x % MODULUS
    return square * square % MODULUS * x % MODULUS


def string_number(text: Column) -> Column:
    """What ``mix31`` takes of an id that is a text."""
    return F.crc32(text.cast("binary"))
