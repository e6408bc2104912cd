from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from personalize_assets.engine.clock import CLOCK_FILE, ClockError, EngineClock

REAL = datetime(2026, 1, 1, tzinfo=UTC)


def make(folder: Path) -> EngineClock:
    return EngineClock(folder, lambda: REAL)


def test_engine_clock__starts_at_real_time(tmp_path: Path) -> None:
    assert make(tmp_path)() == REAL
    assert list(tmp_path.iterdir()) == []


def test_engine_clock__keeps_its_offset_in_the_folder(tmp_path: Path) -> None:
    clock = make(tmp_path)
    clock.advance(3_600)
    clock.advance(0.5)
    assert clock() == REAL + timedelta(seconds=3_600.5)
    assert make(tmp_path)() == REAL + timedelta(seconds=3_600.5)
    assert [path.name for path in tmp_path.iterdir()] == [CLOCK_FILE]


def test_set__forward_and_backwards(tmp_path: Path) -> None:
    clock = make(tmp_path)
    clock.set(REAL + timedelta(days=7))
    assert clock() == REAL + timedelta(days=7)
    with pytest.raises(ClockError, match="cannot go back from 2026-01-08T00:00:00"):
        clock.set(REAL + timedelta(days=6))
    clock.set(REAL - timedelta(days=365), backwards=True)
    assert make(tmp_path)() == datetime(2025, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "message"),
    [
        (-1, "cannot go back, got -1 seconds"),
        (1e300, "lead beyond 2099-12-31"),
        (float("nan"), "lead beyond 2099-12-31"),
        (74 * 366 * 86_400, "is beyond 2099-12-31"),
    ],
)
def test_advance__refuses(tmp_path: Path, seconds: float, message: str) -> None:
    clock = make(tmp_path)
    with pytest.raises(ClockError, match=message):
        clock.advance(seconds)
    assert clock() == REAL
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "{}", '{"offset_s": "soon"}', '{"offset_s": 1e300}', "[]"])
def test_engine_clock__a_spoilt_file(tmp_path: Path, content: str) -> None:
    (tmp_path / CLOCK_FILE).write_text(content)
    with pytest.raises(ClockError, match="does not hold the offset of a clock"):
        make(tmp_path)


def test_reload__takes_what_the_folder_holds_now(tmp_path: Path) -> None:
    clock = make(tmp_path)
    clock.advance(60)
    (tmp_path / CLOCK_FILE).unlink()
    clock.reload()
    assert clock() == REAL
