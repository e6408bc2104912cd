"""What the user of a question did, and the scores that were made from it, kept for the next one.

Knows neither models nor requests.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from personalize_assets.core.filters import normalize_event_type
from personalize_assets.core.names import MAX_FILTER_INTERACTIONS
from personalize_assets.engine.data.live import LiveGroup, UserEvents
from personalize_assets.engine.serving.scores import Scores


class Past:
    """The events of one user, looked up when first needed.

    Args:
        live: Data of the group.
        user_id: None for no user, who did nothing.
        joined_upto: As `LiveGroup.events_of` takes it.
    """

    def __init__(self, live: LiveGroup, user_id: str | None, joined_upto: int | None) -> None:
        self.live = live
        self._user_id = user_id
        self._joined_upto = joined_upto
        self._sets: dict[frozenset[str] | None, set[str]] = {}

    @cached_property
    def events(self) -> UserEvents:
        """All of them, oldest first; may be set by who knows them."""
        if self._user_id is None:
            return UserEvents.none()
        return self.live.events_of(self._user_id, joined_upto=self._joined_upto)

    def items_with(self, types: frozenset[str] | None) -> set[str]:
        """The items of the newest events of some types as filters see them; None for all types."""
        found = self._sets.get(types)
        if found is None:
            found = self._sets[types] = self.events.items_with(
                types, normalize=normalize_event_type, most=MAX_FILTER_INTERACTIONS
            )
        return found


@dataclass(frozen=True, slots=True)
class _Entry:
    live: LiveGroup
    state: int | None
    events: UserEvents
    scores: Scores


class KeptScores:
    """The scores of the users who were asked about last; for use by several threads at once.

    Args:
        capacity: Of how many users.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._held: OrderedDict[str, _Entry] = OrderedDict()

    def of(
        self, user_id: str, past: Past, state: int | None, make: Callable[[UserEvents], Scores]
    ) -> Scores:
        """The scores of a user; made anew if the events are others than before.

        Args:
            user_id: Who.
            past: What the user did; not looked up if nothing was written since.
            state: Grows with everything that is written; None if that is not known.
            make: Makes the scores from events.
        """
        with self._lock:
            held = self._held.get(user_id)
            if held is not None:
                self._held.move_to_end(user_id)
        if held is not None:
            if state is not None and state == held.state and held.live is past.live:
                past.events = held.events
                return held.scores
            if _same(held.events, past.events):
                self._keep(user_id, _Entry(past.live, state, held.events, held.scores))
                return held.scores
        made = make(past.events)
        self._keep(user_id, _Entry(past.live, state, past.events, made))
        return made

    def _keep(self, user_id: str, entry: _Entry) -> None:
        with self._lock:
            self._held[user_id] = entry
            while len(self._held) > self._capacity:
                self._held.popitem(last=False)


def _same(one: UserEvents, other: UserEvents) -> bool:
    """Whether two histories are equal in all that scores are made from."""
    return (
        one.item_ids == other.item_ids
        and np.array_equal(one.timestamps, other.timestamps)
        and one.event_types == other.event_types
        and np.array_equal(one.values, other.values, equal_nan=True)
    )
