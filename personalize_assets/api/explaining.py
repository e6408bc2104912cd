"""Reasons out of the data: which of a user's own last items a recommended one is like.

Said only where the declared campaign of similar items has the one in its answer about the other.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Any, Final

from personalize_assets.api.answers import Reason
from personalize_assets.api.calls import CallFailed, answer_of
from personalize_assets.api.questions import FOR_ITEMS, Target, fitting
from personalize_assets.api.services import Services

log = logging.getLogger(__name__)

LAST_ITEMS: Final = 5
"""So many of a user's last items are looked at."""

SIMILAR: Final = 100
"""So far down its list an item counts as like another."""

_REMEMBERED: Final = 10_000
_REMEMBERED_S: Final = 600.0


class Explainer:
    """Finds reasons, and remembers lists of similar items for ten minutes.

    Args:
        services: What to ask with.
        clock: Seconds, never going back.
    """

    def __init__(self, services: Services, clock: Callable[[], float] = monotonic) -> None:
        self._services, self._clock = services, clock
        self._lists: OrderedDict[str, tuple[float, list[str]]] = OrderedDict()

    async def explain(self, user_id: str, wanted: Sequence[str]) -> dict[str, Reason]:
        """Reasons for some of the items ``wanted``, by their ids.

        Nothing is said where no campaign or no history can tell; an answer is worth more than its
        reasons, so what fails is only logged.
        """
        target = self._target()
        last = self._last_items(user_id)
        if target is None or not last:
            return {}
        try:
            lists = await asyncio.gather(*(self._similar(target, one.item_id) for one in last))
        except CallFailed as error:
            log.warning("no reasons are given: %s", error)
            return {}
        places = {
            one.item_id: {item: place for place, item in enumerate(found)}
            for one, found in zip(last, lists, strict=True)
        }
        titles = {
            item.item_id: item.title or item.item_id
            for item in self._services.catalogue.value.items([one.item_id for one in last])
        }
        reasons: dict[str, Reason] = {}
        for item in wanted:
            near = [one for one in last if item in places[one.item_id] and item != one.item_id]
            if near:
                nearest = min(near, key=lambda one: places[one.item_id][item])
                did = f" ({nearest.event_type})" if nearest.event_type else ""
                reasons[item] = Reason(
                    source="similar",
                    text=f"like {titles[nearest.item_id]}, which the user met{did}",
                    item_id=nearest.item_id,
                )
        return reasons

    def _target(self) -> Target | None:
        # Use cases of a domain also need a user and leave out what was met: campaigns only.
        able = fitting(self._services.group, FOR_ITEMS)
        return next((one for one in able if one.kind == "campaign"), None)

    def _last_items(self, user_id: str) -> list[Any]:
        """The last distinct items of the strongest kind of event that the user has."""
        for event_type in (*self._services.group.event_types[:1], None):
            events = [
                *self._services.sent.of(user_id, event_type),
                *self._services.histories.value.of(user_id, 4 * LAST_ITEMS, event_type),
            ]
            if events:
                return list({event.item_id: event for event in events}.values())[:LAST_ITEMS]
        return []

    async def _similar(self, target: Target, item_id: str) -> list[str]:
        known = self._lists.get(item_id)
        if known is not None and self._clock() < known[0]:
            return known[1]
        services = self._services
        request: Mapping[str, Any] = {
            "campaignArn": services.resources.addresses.target(target),
            "itemId": item_id,
            "numResults": SIMILAR,
        }
        runtime: Any = services.clients.personalize_runtime
        found = answer_of(await services.calls.run(lambda: runtime.get_recommendations(**request)))
        ids = [str(one.get("itemId")) for one in found["itemList"]]
        self._lists[item_id] = (self._clock() + _REMEMBERED_S, ids)
        self._lists.move_to_end(item_id)
        if len(self._lists) > _REMEMBERED:
            self._lists.popitem(last=False)
        return ids
