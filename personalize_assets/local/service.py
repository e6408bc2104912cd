"""One of the two services of a stack: its child process, its health, its restarts.

Decides what counts as dead, silent and hopeless; starting, and what to do about it, is the
supervisor's.
"""

import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from personalize_assets.local.child import Child
from personalize_assets.local.health import read_health
from personalize_assets.local.settings import StackError

log = logging.getLogger(__name__)

_SILENCE_S = 60.0
_MAX_RESTARTS = 5
_RESTART_WINDOW_S = 60.0


class GaveUp(StackError):
    """A service could not be started, or died again and again."""


class Service:
    """A service that should be running.

    Attributes:
        name: For logs and messages.
        address: Base address, empty while unknown.
        child: Its process, None before the first start.
        active_at: When it was last seen to have been used, on the clock.
    """

    def __init__(self, name: str, health_path: str, clock: Callable[[], float]) -> None:
        self.name = name
        self.address = ""
        self.child: Child | None = None
        self.active_at = clock()
        self._health_path = health_path
        self._clock = clock
        self._heard_at = self.active_at
        self._last_request: Any = None
        self._deaths: deque[float] = deque()

    def adopt(self, child: Child) -> None:
        """Take a process that has just been started for this service."""
        self.child, self._heard_at = child, self._clock()

    def look(self) -> dict[str, Any] | None:
        """Ask for its health; None if it does not answer."""
        health = read_health(self.address, self._health_path) if self.address else None
        if health is not None:
            self._heard_at = self._clock()
            if health.get("last_request_at") != self._last_request:
                self._last_request = health.get("last_request_at")
                self.active_at = self._heard_at
        return health

    def clear_if_dead(self) -> bool:
        """Clear its process away if it has ended or fallen silent; tell whether that was so."""
        if self.child is None:
            return False
        if self.child.exit_code is None and self._clock() - self._heard_at > _SILENCE_S:
            log.error("%s has not answered for %g s, killing it", self.name, _SILENCE_S)
            self.child.clear_away()
        if self.child.exit_code is None:
            return False
        self.child.clear_away()
        log.error("%s ended with code %s", self.name, self.child.exit_code)
        return True

    def count_death(self, *, starting: bool, by_chance: bool = False) -> None:
        """Note a death.

        Args:
            starting: Whether it has not been up yet; then its own end counts as final, but not
                that somebody killed it.
            by_chance: Whether another start may succeed all the same.

        Raises:
            GaveUp: There were more than may be within a minute: five, or at the start none.
        """
        killed = self.child is not None and (self.child.exit_code or 0) < 0
        allowed = _MAX_RESTARTS if killed or not starting else int(by_chance)
        now = self._clock()
        self._deaths.append(now)
        while self._deaths[0] < now - _RESTART_WINDOW_S:
            self._deaths.popleft()
        if len(self._deaths) > allowed:
            complaint = self.child.complaint() if self.child else "it never started"
            raise GaveUp(f"the {self.name} does not stay up: {complaint}")

    def end(self, grace_s: float) -> None:
        """Ask its process to end, wait, and clear away what is left."""
        if self.child is None:
            return
        self.child.terminate()
        if not self.child.wait(grace_s):
            log.warning("%s did not stop in %g s", self.name, grace_s)
        self.child.clear_away()
