"""How long a tick may work: it ends early by itself rather than being broken off by Dagster."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Pace:
    """The time of one tick.

    Attributes:
        seconds: How long it may work.
        clock: Seconds that only grow.
    """

    seconds: float
    clock: Callable[[], float] = time.monotonic
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.clock()

    def is_late(self, share: float = 1.0) -> bool:
        """Whether this share of the time is gone."""
        return self.clock() - self._began >= self.seconds * share

    @property
    def now(self) -> float:
        """The clock."""
        return self.clock()
