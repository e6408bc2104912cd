"""From the events of one user to what a model is asked: the selection and the history.

Knows neither where events come from nor what a model makes of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Final

import numpy as np

from personalize_assets.engine.data.live import UserEvents
from personalize_assets.recipes.histories import BoolArray, FloatArray, Histories, build_histories

_SEED: Final = 20


@dataclass(frozen=True)
class Selection:
    """Which events a solution takes.

    Attributes:
        thresholds: The event types that it takes, each with the least value of its events or None;
            empty takes all types.
        weights: What an event of each of these types is worth; empty where all are worth the same.
        min_value: Least value of the events of any type; None for no bound.
    """

    thresholds: tuple[tuple[str, float | None], ...] = ()
    weights: tuple[float, ...] = ()
    min_value: float | None = None

    def marks(self, events: UserEvents) -> BoolArray | None:
        """Which events are taken, shape ``(n,)``; None for all. No value reaches no threshold."""
        if not self.thresholds and self.min_value is None:
            return None
        taken = np.ones(len(events), dtype=np.bool_)
        if self.min_value is not None:
            taken &= events.values >= self.min_value
        if self.thresholds:
            types = np.array(events.event_types, dtype=object)
            listed = np.zeros(len(events), dtype=np.bool_)
            for name, least in self.thresholds:
                fits = types == name
                listed |= fits if least is None else fits & (events.values >= least)
            taken &= listed
        return taken

    def worth(self, events: UserEvents) -> FloatArray | None:
        """What each event is worth, shape ``(n,)``; None where all are worth the same."""
        if not self.weights:
            return None
        names = [name for name, _ in self.thresholds]
        weights = dict(zip(names, self.weights, strict=True))
        return np.array([weights.get(str(name), 0.0) for name in events.event_types], np.float32)


def selection_of(solution: Mapping[str, Any]) -> Selection:
    """The selection that a solution version states.

    Args:
        solution: Members ``eventType`` and ``solutionConfig``, both optional.
    """
    config = solution.get("solutionConfig", {})
    threshold = config.get("eventValueThreshold")
    parameters = config.get("eventsConfig", {}).get("eventParametersList", ())
    thresholds = tuple(
        (each["eventType"], each.get("eventValueThreshold"))
        for each in parameters
        if "eventType" in each
    )
    weights = tuple(each.get("weight", 1.0) for each in parameters if "eventType" in each)
    if not thresholds and "eventType" in solution:
        thresholds = ((solution["eventType"], None),)
    return Selection(thresholds, weights, None if threshold is None else float(threshold))


def history_of(events: UserEvents, index: Mapping[str, int], selection: Selection) -> Histories:
    """The history of one user as models take it.

    Args:
        events: What the user did, oldest first.
        index: Position of each item that the model knows.
        selection: What of it counts.

    Returns:
        One row; events of unknown items are left out.
    """
    found = map(index.get, events.item_ids, repeat(-1))
    items = np.fromiter(found, np.int32, len(events.item_ids))
    taken = items >= 0
    selected = selection.marks(events)
    if selected is not None:
        taken &= selected
    items, timestamps = items[taken], events.timestamps[taken]
    worth = selection.worth(events)
    worth = None if worth is None else worth[taken]
    if (timestamps[1:] > timestamps[:-1]).all():  # then there is nothing to order or to merge
        return Histories(np.array([0, len(items)], dtype=np.int64), items, timestamps, worth)
    user = np.zeros(len(items), dtype=np.int32)
    return build_histories(user, items, timestamps, 1, np.random.default_rng(_SEED), worth)


def question_about(item: int | None) -> Histories:
    """The history that asks what is related to one item.

    Args:
        item: Its index; None for an item that the model does not know.
    """
    known = [] if item is None else [item]
    return Histories(
        indptr=np.array([0, len(known)], dtype=np.int64),
        items=np.array(known, dtype=np.int32),
        timestamps=np.zeros(len(known), dtype=np.int64),
    )
