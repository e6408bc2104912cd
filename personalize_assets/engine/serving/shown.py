"""What stood in the newest lists with explored items, for events that name a list by its id.

Held in memory alone: after a restart such an event says nothing of what else was shown.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

_LISTS: Final = 20_000
"""Some 5 MB."""
_PLACES: Final = 25
"""As many as an impression may name."""


class ShownItems:
    """The first items of lists by recommendation id; for use by several threads at once.

    Args:
        capacity: Of how many lists, the oldest go first.
    """

    def __init__(self, capacity: int = _LISTS) -> None:
        self._capacity = capacity
        self._held: OrderedDict[str, tuple[str, ...]] = OrderedDict()

    def note(self, recommendation_id: str, items: Sequence[str]) -> None:
        """Keep what stands in a new list."""
        self._held[recommendation_id] = tuple(items[:_PLACES])
        if len(self._held) > self._capacity:
            self._held.popitem(last=False)

    def of(self, recommendation_id: str | None) -> tuple[str, ...]:
        """What stood in a list; nothing if that is not known."""
        return self._held.get(recommendation_id or "", ())
