"""Schedules, run by Dagster's own scheduler on a clock that is set: each slot once, none lost."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._utils.schedules import schedule_execution_time_iterator
from pydantic import ValidationError

from personalize_assets.components.attributes import Retraining
from personalize_assets.components.graph import Graph
from personalize_assets.components.schedules import SLOT_TAG, build_schedules
from personalize_assets_tests.components import schedule_year
from personalize_assets_tests.components.schedule_year import (
    ZONES,
    Scheduler,
    graph_in,
    scheduler,
)

BERLIN = graph_in(schedule_year.BERLIN)


@pytest.fixture
def clockwork(tmp_path: Path) -> Iterator[Scheduler]:
    with scheduler(str(tmp_path)) as one:
        yield one


@pytest.mark.slow
@pytest.mark.parametrize(
    ("start", "times"),
    [
        # 02:30 does not exist on the 29th of March, and comes twice on the 25th of October: then
        # the second counts.
        (date(2026, 3, 28), ["02:30:00+01:00", "03:00:00+02:00", "02:30:00+02:00"]),
        (date(2026, 10, 24), ["02:30:00+02:00", "02:30:00+01:00", "02:30:00+01:00"]),
    ],
)
def test_schedule__follows_the_clocks(clockwork: Scheduler, start: date, times: list[str]) -> None:
    begin = datetime(start.year, start.month, start.day, tzinfo=UTC) - timedelta(hours=6)

    clockwork.look_every(timedelta(minutes=150), begin, begin + timedelta(days=3))

    days = [start + timedelta(days=day) for day in range(3)]
    expected = [f"{day}T{time}" for day, time in zip(days, times, strict=True)]
    assert clockwork.slots(f"{BERLIN.id}_update") == expected


def test_schedule__makes_up_for_the_newest_missed_slot_only(clockwork: Scheduler) -> None:
    monday = datetime(2026, 6, 1, 4, tzinfo=UTC)
    clockwork.look(monday)

    clockwork.restart()
    clockwork.look(monday + timedelta(days=20, hours=12))

    assert clockwork.slots(f"{BERLIN.id}_update") == ["2026-06-21T02:30:00+02:00"]
    assert clockwork.slots(f"{BERLIN.id}_retraining") == ["2026-06-21T00:00:00+02:00"]


def test_schedule__asks_once_for_a_slot_however_often_it_is_restarted(clockwork: Scheduler) -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    for minutes in range(0, 150, 30):
        clockwork.restart()
        clockwork.look(now + timedelta(minutes=minutes))

    assert clockwork.slots(f"{BERLIN.id}_update") == ["2026-06-01T02:30:00+02:00"]


YEAR = [date(2026, 1, 1) + timedelta(days=day) for day in range(365)]
SUNDAYS = [day for day in YEAR if day.isoweekday() == 7]


def each_once(slots: Iterable[str], wanted: Iterable[date]) -> bool:
    """Whether the slots of 2026, by their local dates, are these and each comes once."""
    days = [datetime.fromisoformat(slot).date() for slot in slots]
    return Counter(day for day in days if day.year == 2026) == Counter(wanted)


@pytest.mark.parametrize("zone", ZONES)
def test_schedules__of_a_year_have_each_slot_once_in_every_zone(zone: str) -> None:
    """By the iterator that Dagster's scheduler goes by."""
    start = datetime(2025, 12, 31, tzinfo=UTC).timestamp()
    for schedule, wanted in zip(build_schedules(graph_in(zone)), (SUNDAYS, YEAR), strict=True):
        times = schedule_execution_time_iterator(
            start, schedule.cron_schedule, schedule.execution_timezone
        )
        slots = [time.isoformat() for time in takewhile(lambda time: time.year < 2027, times)]

        assert each_once(slots, wanted), schedule.name


@pytest.mark.slow
def test_schedule__of_a_year_has_each_slot_once(clockwork: Scheduler) -> None:
    """The same by the scheduler itself, which looks every eight hours and is restarted monthly."""
    now = datetime(2025, 12, 31, 0, 10, tzinfo=UTC)
    while now < datetime(2027, 1, 1, tzinfo=UTC):
        if now.day == 1:
            clockwork.restart()
        clockwork.look(now)
        now += timedelta(hours=8)

    for job, wanted in (("update", YEAR), ("retraining", SUNDAYS)):
        assert each_once(clockwork.slots(f"{BERLIN.id}_{job}"), wanted)


def test_schedules__ask_for_the_declared_jobs() -> None:
    schedules = {schedule.name: schedule for schedule in build_schedules(BERLIN)}

    assert {name: one.job_name for name, one in schedules.items()} == {
        f"{BERLIN.id}_retraining": f"{BERLIN.id}_retraining",
        f"{BERLIN.id}_update": f"{BERLIN.id}_update",
    }
    context = dg.build_schedule_context(
        scheduled_execution_time=datetime.fromisoformat("2026-06-01T02:30:00+02:00")
    )
    request = schedules[f"{BERLIN.id}_update"](context)
    assert isinstance(request, dg.RunRequest)
    assert request.run_key == request.tags[SLOT_TAG] == "2026-06-01T02:30:00+02:00"


@pytest.mark.parametrize("retraining", [None, Retraining()])
def test_schedules__are_none_where_none_are_declared(retraining: Retraining | None) -> None:
    attributes = BERLIN.attributes.model_copy(update={"retraining": retraining})

    assert build_schedules(Graph(attributes)) == []


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"full": "61 3 * * 1"}, "retraining.full '61 3 [*] [*] 1' in time zone 'UTC'"),
        ({"full": "0 0 31 2 *"}, "for times that come"),
        ({"update": "0 3 * * * *"}, "retraining.update .* five fields"),
        ({"update": "0 3 * * *", "timezone": "Europe/Berlín"}, "time zone 'Europe/Berlín'"),
    ],
)
def test_retraining__refuses_what_never_comes(given: Any, complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        Retraining(**given)
