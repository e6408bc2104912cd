"""The engine's clock: real time and an offset that control requests may enlarge.

A week of automatic training passes in a second this way. The offset is kept in the state folder,
because the moments of resources come from this clock: an engine that forgot it after a restart
would find them in the future. Knows nothing of who waits for the time to come.
"""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from personalize_assets.engine.store.crash_points import reached

CLOCK_FILE: Final = "clock.json"
LATEST: Final = datetime(2099, 12, 31, tzinfo=UTC)
"""Later moments would not pass as timestamps of events."""


class ClockError(ValueError):
    """The clock cannot be moved so; the text says why."""


def utc_now() -> datetime:
    """The present moment of the machine, aware."""
    return datetime.now(UTC)


class EngineClock:
    """Gives the present moment of one engine.

    Args:
        folder: Keeps the offset; made by the caller.
        real: The present moment without offset.

    Raises:
        ClockError: What the folder keeps is no offset.
    """

    def __init__(self, folder: Path, real: Callable[[], datetime] = utc_now) -> None:
        self._path = folder / CLOCK_FILE
        self._real = real
        self._lock = threading.Lock()
        self._offset = timedelta()
        self.reload()

    def __call__(self) -> datetime:
        """The present moment, aware, in UTC."""
        return self._real() + self._offset

    @property
    def offset(self) -> timedelta:
        """How far the clock is ahead of real time."""
        return self._offset

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass at once.

        Raises:
            ClockError: They are negative, not finite, or lead beyond `LATEST`.
        """
        with self._lock:
            try:
                offset = self._offset + timedelta(seconds=seconds)
                moment = self._real() + offset
            except (OverflowError, ValueError):
                raise ClockError(f"{seconds} seconds lead beyond {LATEST.date()}") from None
            if seconds < 0:
                raise ClockError(f"the clock cannot go back, got {seconds} seconds")
            self._move(moment, offset)

    def set(self, moment: datetime, *, backwards: bool = False) -> None:
        """Make ``moment`` the present one.

        Args:
            moment: Aware.
            backwards: Whether it may lie before the present one: only while no resource remembers
                a later moment.

        Raises:
            ClockError: It lies in the past, or beyond `LATEST`.
        """
        with self._lock:
            real = self._real()
            if moment < real + self._offset and not backwards:
                raise ClockError(
                    f"the clock cannot go back from {(real + self._offset).isoformat()} to "
                    f"{moment.isoformat()} while there are resources; reset the engine first"
                )
            self._move(moment, moment - real)

    def reload(self) -> None:
        """Take up the offset that the folder keeps now; none is an offset of zero."""
        try:
            kept: Any = json.loads(self._path.read_bytes())
            self._offset = timedelta(seconds=float(kept["offset_s"]))
        except FileNotFoundError:
            self._offset = timedelta()
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise ClockError(f"{self._path} does not hold the offset of a clock: {error}") from None

    def _move(self, moment: datetime, offset: timedelta) -> None:
        if moment > LATEST:
            raise ClockError(f"{moment.isoformat()} is beyond {LATEST.date()}")
        draft = self._path.with_suffix(".new")
        reached("clock: before write")
        draft.write_text(json.dumps({"offset_s": offset.total_seconds()}), encoding="ascii")
        reached("clock: before rename")
        draft.replace(self._path)
        reached("clock: after rename")
        self._offset = offset
