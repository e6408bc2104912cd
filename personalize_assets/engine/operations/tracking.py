"""Tracking ids: made for event trackers and for datasets of action interactions."""

from collections.abc import Callable
from typing import Final

_DIGITS: Final = 32


def new_tracking_id(new_id: Callable[[], str]) -> str:
    """A fresh id in the form of a UUID.

    >>> new_tracking_id(lambda: "0123abcd")
    '0123abcd-0123-abcd-0123-abcd0123abcd'
    """
    digits = long_id(new_id)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def long_id(new_id: Callable[[], str]) -> str:
    """A fresh id of 32 hexadecimal digits, long enough for millions of events."""
    return "".join(new_id() for _ in range(_DIGITS // 8))
