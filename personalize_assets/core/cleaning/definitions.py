"""What is an integer, a number, a timestamp, a line: every definition of cleaning, once.

Each pattern means the same in RE2, Python (bytes or ASCII) and ``java.util.regex``, always matched
against the whole value. ``README.md`` beside this file gives the same definitions in prose with
their Spark form; a test holds the two together. Nothing here reads or writes.
"""

from enum import StrEnum
from typing import Final

RULES_VERSION: Final = 1
"""Goes into every digest of rules; raised when any definition here changes its meaning."""

ID_PATTERN: Final = r"(?:0|[1-9]\d{0,17})"
"""An id of MovieLens: a non-negative integer below 10^18 as a computer prints it."""

DECIMAL_PATTERN: Final = r"\d{1,9}(?:\.\d{1,6})?"
"""A number that is not negative: at most 9 digits before and 6 after the point."""

SIGNED_DECIMAL_PATTERN: Final = r"-?\d{1,9}(?:\.\d{1,6})?"
"""A number of a table; ``-0`` is 0."""

INTEGER_PATTERN: Final = r"(?:0|-?[1-9]\d{0,17})"
"""An integer of a table's metadata, as a computer prints it."""

TIMESTAMP_PATTERN: Final = r"(?:0|[1-9]\d{0,9})"
"""Epoch seconds; ``MAX_TIMESTAMP`` bounds them further."""

MILLISECONDS_PATTERN: Final = r"[1-9]\d{12}"
"""What a timestamp in milliseconds looks like between 2001 and 2286: only for a better reason."""

CONTROL_PATTERN: Final = r"[\x00-\x1f\x7f]"
"""A character that no id, title or other text may hold (searched, not matched)."""

CSV_FIELD_PATTERN: Final = r"(?:\"(?:[^\"]|\"\")*\"|[^\",][^,]*|)"
"""A field of a quoted CSV line: in quotes with ``""`` for ``"``, or not beginning with a quote."""

CSV_SPECIAL_PATTERN: Final = r"[,\"\\\r\n]"
"""A character for which an output value is quoted (searched, not matched)."""

MICROS: Final = 1_000_000
"""Numbers are held as whole millionths in int64."""

MAX_TIMESTAMP: Final = 4_102_444_800
"""2100-01-01T00:00:00Z, the last valid timestamp."""

MODULUS: Final = 2_147_483_647
"""Of the sample's hash: 2^31 - 1, prime: products of two remainders stay below 2^62."""

USER_FACTOR: Final = 48_271
ITEM_FACTOR: Final = 69_621

MIN_RATING_MICROS: Final = 500_000
MAX_RATING_MICROS: Final = 5_000_000

MAX_ID_CHARACTERS: Final = 256
"""Of an id or an event type [preparing-training-data.html]."""

MAX_TEXT_CHARACTERS: Final = 1_000
"""Of a categorical or plain string; a longer one fails the import job [items-datasets.html]."""

MAX_TEXTUAL_CHARACTERS: Final = 20_000
"""Of a textual field; the service cuts off the rest [items-datasets.html]."""


class Reason(StrEnum):
    """Why a line is in quarantine. A line has one reason: the first fault in this order.

    Faults of the line come first, then those of its fields, each kind from left to right.
    """

    EMPTY_LINE = "empty line"
    ENCODING = "text is not UTF-8"
    QUOTES = "quotes do not match"
    FIELD_COUNT = "wrong number of fields"
    MISSING = "missing value"
    USER_ID = "user id is not a valid id"
    ITEM_ID = "item id is not a valid id"
    VALUE = "value is not a decimal number"
    TIMESTAMP_MS = "timestamp is in milliseconds"
    TIMESTAMP = "timestamp is not epoch seconds"
    TIMESTAMP_RANGE = "timestamp is after 2100-01-01"
    RATING_RANGE = "rating is outside 0.5 to 5"
    EVENT_TYPE = "event type is not a valid name"
    METADATA = "metadata value does not fit its type"
    TEXT = "text is too long or holds control characters"
    USER = "age, gender or occupation is not known"
    UNKNOWN_ITEM = "item is not among the items"


def format_micros(micros: int) -> str:
    """Write millionths as the shortest decimal with at least one digit after the point.

    >>> format_micros(4_000_000), format_micros(250_000), format_micros(-1)
    ('4.0', '0.25', '-0.000001')
    """
    whole, part = divmod(abs(micros), MICROS)
    fraction = f"{part:06d}".rstrip("0") or "0"
    return f"{'-' if micros < 0 else ''}{whole}.{fraction}"
