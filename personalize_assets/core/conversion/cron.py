"""AWS's cron expressions as the five fields that Dagster reads, where both mean the same times.

AWS writes ``cron(minutes hours day-of-month month day-of-week year)``: days of the week count from
1 for Sunday, ``?`` leaves a day open, ``L``, ``W`` and ``#`` name days of a month. Five fields know
``L``, the last and the n-th weekday, but no nearest workday and no year. What has no equal is
refused with the reason, never approximated.
"""

import re
from dataclasses import dataclass
from typing import Final

_WEEKDAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTHS: Final = (
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
)  # fmt: skip
_SHAPE: Final = re.compile(r"cron\((.*)\)", re.DOTALL)
_PART: Final = re.compile(r"(?P<first>\*|\w+)?(?:-(?P<last>\w+))?(?:/(?P<step>\d+))?", re.ASCII)
_SATURDAY: Final = 7


class CronError(ValueError):
    """An expression has no equal in five fields; the text says which part of it and why."""


@dataclass(frozen=True)
class _Field:
    """One field of AWS's expression.

    Attributes:
        name: For messages.
        low: Smallest value.
        high: Largest value.
        words: Names of the values, from ``low`` on.
        offset: Added to a value to get that of five fields.
    """

    name: str
    low: int
    high: int
    words: tuple[str, ...] = ()
    offset: int = 0

    def value(self, text: str) -> int:
        """Read a number or a name."""
        if text.upper() in self.words:
            return self.low + self.words.index(text.upper())
        if not text.isdecimal() or not self.low <= int(text) <= self.high:
            names = f" or {self.words[0]} to {self.words[-1]}" if self.words else ""
            raise CronError(f"{self.name} {text!r} is not within {self.low} and {self.high}{names}")
        return int(text)

    def values(self, part: str) -> list[int]:
        """Values that one part of a list stands for, such as ``2-6`` or ``0/15``."""
        match = _PART.fullmatch(part)
        if match is None or (match["first"] is None and match["step"] is None):
            raise CronError(f"{self.name} {part!r} is neither a value, a range, a step nor a list")
        first, last, step = match["first"], match["last"], int(match["step"] or 1)
        if step < 1:
            raise CronError(f"{self.name} {part!r} has a step of 0")
        if first in (None, "*"):
            start, end = self.low, self.high
        else:
            start = self.value(first)
            single = start if match["step"] is None else self.high
            end = single if last is None else self.value(last)
        if first == "*" and last is not None:
            raise CronError(f"{self.name} {part!r} has a range that begins with *")
        around = 0 if start <= end else self.high - self.low + 1
        found = range(start, end + around + 1, step)
        return [(one - self.low) % (self.high - self.low + 1) + self.low for one in found]

    def convert(self, text: str) -> str:
        """The field with the same values, as five fields write it."""
        found = sorted({one for part in text.split(",") for one in self.values(part)})
        if len(found) == self.high - self.low + 1:
            return "*"
        return _written([one + self.offset for one in found], self.high + self.offset)


_MINUTES: Final = _Field("minute", 0, 59)
_HOURS: Final = _Field("hour", 0, 23)
_DAYS: Final = _Field("day of the month", 1, 31)
_MONTH: Final = _Field("month", 1, 12, _MONTHS)
_WEEK: Final = _Field("day of the week", 1, 7, _WEEKDAYS, offset=-1)


def convert_cron(expression: str) -> str:
    """Write AWS's cron expression as five fields with the same times, in UTC.

    Args:
        expression: As AWS writes it, for example ``cron(0 3 ? * MON-FRI *)``.

    Raises:
        CronError: It is no such expression, or five fields cannot say the same.

    Example:
        >>> convert_cron("cron(0/15 3 ? * 2-6 *)")
        '*/15 3 * * 1-5'
    """
    match = _SHAPE.fullmatch(expression.strip())
    if match is None:
        raise CronError(f"{expression!r} is not of the form cron(...)")
    fields = match[1].split()
    if len(fields) != 6:
        raise CronError(f"{expression!r} has {len(fields)} fields, AWS's cron has 6")
    minutes, hours, day, month, weekday, year = fields
    if year != "*":
        raise CronError(f"the year {year!r} bounds the schedule; five fields have no year")
    if "?" not in (day, weekday) and "*" not in (day, weekday):
        raise CronError(
            f"day of the month {day!r} and day of the week {weekday!r} are both given; AWS takes "
            f"one of them, and ? for the other"
        )
    converted = (
        _MINUTES.convert(minutes),
        _HOURS.convert(hours),
        _day_of_month(day),
        _MONTH.convert(month),
        _day_of_week(weekday),
    )
    return " ".join(converted)


def _day_of_month(text: str) -> str:
    if text == "?":
        return "*"
    if text.upper() == "L":
        return "L"
    if "W" in text.upper():
        raise CronError(
            f"day of the month {text!r} is the nearest workday, which five fields cannot say"
        )
    if "L" in text.upper():
        raise CronError(
            f"day of the month {text!r} counts back from the last day, which five fields cannot say"
        )
    return _DAYS.convert(text)


def _day_of_week(text: str) -> str:
    if text == "?":
        return "*"
    plain = text.upper()
    if plain == "L":
        return str(_SATURDAY + _WEEK.offset)
    if plain.endswith("L"):
        return f"L{_WEEK.value(plain[:-1]) + _WEEK.offset}"
    day, hash_sign, number = plain.partition("#")
    if hash_sign:
        if number not in ("1", "2", "3", "4", "5"):
            raise CronError(f"day of the week {text!r} must name the 1st to the 5th of a month")
        return f"{_WEEK.value(day) + _WEEK.offset}#{number}"
    return _WEEK.convert(text)


def _written(values: list[int], highest: int) -> str:
    """Values of a field, shortest form first: one, a range, a step from 0, a list."""
    first, last = values[0], values[-1]
    if len(values) == 1:
        return str(first)
    step = values[1] - first
    if values == list(range(first, last + 1, step)):
        if step == 1:
            return f"{first}-{last}" if len(values) > 2 else f"{first},{last}"
        if first == 0 and last + step > highest and len(values) > 2:
            return f"*/{step}"
    return ",".join(map(str, values))
