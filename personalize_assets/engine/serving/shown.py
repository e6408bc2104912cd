"""Which items were explored in the newest lists, for events that name a list by its id.

Held in memory alone: after a restart such an event says nothing of what else was shown.
"""

from collections import OrderedDict
from typing import Final

_LISTS: Final = 20_000
"""Some 20 MB where half of 25 places are explored."""


class ShownItems:
    """The explored items of lists by recommendation id; for use by several threads at once.

    Args:
        capacity: Of how many lists, the oldest go first.
    """

    def __init__(self, capacity: int = _LISTS) -> None:
        self._capacity = capacity
        self._held: OrderedDict[str, tuple[str, ...]] = OrderedDict()

    def note(self, recommendation_id: str, items: tuple[str, ...]) -> None:
        """Keep the items that were explored in a new list."""
        self._held[recommendation_id] = items
        if len(self._held) > self._capacity:
            self._held.popitem(last=False)

    def of(self, recommendation_id: str | None) -> tuple[str, ...]:
        """The items that were explored in a list; none if that is not known."""
        return self._held.get(recommendation_id or "", ())
