"""AWS's cron expressions: each converted one comes at the same times, or is refused with a reason.

The times are compared over years with a reading of AWS's rules that shares no code with the
conversion, and with the iterator by which Dagster's daemon ticks.
"""

import calendar
import datetime as dt
from collections.abc import Iterator

import pytest
from dagster._utils.schedules import schedule_execution_time_iterator
from hypothesis import given, settings
from hypothesis import strategies as st

from personalize_assets.core.conversion import CronError, convert_cron

BEGIN = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]


@pytest.mark.parametrize(
    ("expression", "cron"),
    [
        ("cron(0 3 ? * 2 *)", "0 3 * * 1"),  # AWS counts days from 1, Sunday
        ("cron(0 0 ? * 1 *)", "0 0 * * 0"),
        ("cron(0 0 ? * SAT *)", "0 0 * * 6"),
        ("cron(0 0 ? * L *)", "0 0 * * 6"),
        ("cron(0 */6 * * ? *)", "0 */6 * * *"),
        ("cron(0/15 8-18 ? * mon-fri *)", "*/15 8-18 * * 1-5"),
        ("cron(15 10 ? * 6L *)", "15 10 * * L5"),
        ("cron(15 10 ? * 6#3 *)", "15 10 * * 5#3"),
        ("cron(0 3 L * ? *)", "0 3 L * *"),
        ("cron(0 22-2 * JAN,7 ? *)", "0 0,1,2,22,23 * 1,7 *"),
        ("cron(0 3 * * * *)", "0 3 * * *"),
        ("cron(5,10 0 1/10 * ? *)", "5,10 0 1,11,21,31 * *"),
        (" cron(/20 0 1 2-4 ? *) ", "*/20 0 1 2-4 *"),
    ],
)
def test_convert_cron(expression: str, cron: str) -> None:
    assert convert_cron(expression) == cron


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("rate(1 day)", "not of the form cron"),
        ("cron(0 3 * * ?)", "has 5 fields, AWS's cron has 6"),
        ("cron(0 3 15W * ? *)", "'15W' is the nearest workday"),
        ("cron(0 3 LW * ? *)", "'LW' is the nearest workday"),
        ("cron(0 3 L-2 * ? *)", "counts back from the last day"),
        ("cron(0 3 1 * ? 2027)", "the year '2027'"),
        ("cron(0 3 1 * 2 *)", "both given"),
        ("cron(60 3 * * ? *)", "minute '60' is not within 0 and 59"),
        ("cron(0 3 ? * 0 *)", "day of the week '0' is not within 1 and 7 or SUN to SAT"),
        ("cron(0 3 ? * 8 *)", "day of the week '8'"),
        ("cron(0 3 ? * 2#6 *)", "1st to the 5th"),
        ("cron(0 3 * SMARCH ? *)", "month 'SMARCH'"),
        ("cron(0 3 1/0 * ? *)", "step of 0"),
        ("cron(0 ? 1 * ? *)", "hour '\\?'"),
        ("cron(0 *-3 1 * ? *)", "begins with \\*"),
        ("cron(0 3, 1 * ? *)", "hour ''"),
    ],
)
def test_convert_cron__refuses_what_five_fields_cannot_say(expression: str, reason: str) -> None:
    with pytest.raises(CronError, match=reason):
        convert_cron(expression)


def field_of(low: int, high: int, words: list[str]) -> st.SearchStrategy[str]:
    """One field: all, a step, or a list of values, names, ranges and steps."""
    value = st.integers(low, high).map(str)
    if words:
        value |= st.sampled_from(words)
    plain = value | st.builds("{}-{}".format, value, value)
    stepped = st.builds("{}/{}".format, plain, st.integers(1, high))
    parts = st.lists(plain | stepped, min_size=1, max_size=3).map(",".join)
    return st.just("*") | st.integers(1, high).map("*/{}".format) | parts


day_of_month = field_of(1, 31, []) | st.just("L")
day_of_week = (
    field_of(1, 7, DAYS)
    | st.builds("{}L".format, st.integers(1, 7))
    | st.builds("{}#{}".format, st.integers(1, 7), st.integers(1, 5))
)
days = st.tuples(day_of_month, st.just("?")) | st.tuples(st.just("?"), day_of_week)


def values_of(field: str, low: int, high: int, words: list[str]) -> set[int]:
    """Values of a field by AWS's rules; a range that ends before it begins goes around."""

    def number(text: str) -> int:
        return low + words.index(text) if text in words else int(text)

    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if first == "*":
            start, end = low, high
        else:
            start = number(first)
            end = number(last) if last else (high if step else start)
        walk = [*range(start, end + 1)] if start <= end else [*range(start, high + 1)]
        walk += [] if start <= end else [*range(low, end + 1)]
        found |= set(walk[:: int(step or 1)])
    return found


def is_day(date: dt.date, month_day: str, week_day: str) -> bool:
    """Whether AWS's two fields of days mean this date."""
    last = calendar.monthrange(date.year, date.month)[1]
    weekday = date.isoweekday() % 7 + 1
    if week_day == "?":
        return date.day == last if month_day == "L" else date.day in values_of(month_day, 1, 31, [])
    if week_day.endswith("L"):
        return weekday == int(week_day[:-1]) and date.day + 7 > last
    if "#" in week_day:
        day, _, number = week_day.partition("#")
        return weekday == int(day) and (date.day - 1) // 7 + 1 == int(number)
    return weekday in values_of(week_day, 1, 7, DAYS)


def times_by_aws(expression: str, until: dt.datetime) -> Iterator[dt.datetime]:
    minutes, hours, month_day, months, week_day, _ = expression[5:-1].split()
    dates = (BEGIN + dt.timedelta(days=n) for n in range((until - BEGIN).days))
    for date in dates:
        if date.month in values_of(months, 1, 12, MONTHS) and is_day(date, month_day, week_day):
            for hour in sorted(values_of(hours, 0, 23, [])):
                for minute in sorted(values_of(minutes, 0, 59, [])):
                    yield date.replace(hour=hour, minute=minute)


@settings(max_examples=60, deadline=None)
@given(field_of(0, 59, []), field_of(0, 23, []), days, field_of(1, 12, MONTHS))
def test_convert_cron__comes_at_the_same_times(
    minutes: str, hours: str, when: tuple[str, str], months: str
) -> None:
    expression = f"cron({minutes} {hours} {when[0]} {months} {when[1]} *)"
    wanted = times_by_aws(expression, BEGIN + dt.timedelta(days=2 * 366))
    first = [moment for moment, _ in zip(wanted, range(40), strict=False)]
    if not first:  # such as 31 February: Dagster refuses it
        return

    ticks = schedule_execution_time_iterator(BEGIN.timestamp() - 1, convert_cron(expression), "UTC")

    assert [next(ticks) for _ in first] == first
