"""What a domain use case leaves out for a user, as far as metrics are about what is served.

Takes the events that tested users are known by. Knows nothing of requests or of live events.
"""

from typing import Final

import numpy as np

from personalize_assets.core.filters import normalize_event_type
from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.histories import Histories, IntArray, LongArray, build_histories
from personalize_assets.recipes.spec import RecipeSpec

SEEN_OF_EACH_TYPE: Final = 100
"""Newest interactions of a user and event type that exclusions look at (limits.html)."""


def excluded_items(
    spec: RecipeSpec, data: TrainingData, users: LongArray, given: Histories
) -> Histories | None:
    """The items that a use case leaves out for tested users.

    Args:
        spec: The recipe.
        data: With all events and their types.
        users: Index into ``data.user_ids`` of each tested user, ascending; shape ``(n,)``.
        given: The part of their events that is not to be predicted.

    Returns:
        A row per tested user; None where the recipe leaves nothing out, or the data do not hold
        events of that type, as where a use case trains on views alone.
    """
    if spec.excludes is None or data.event_type is None:
        return None
    wanted = normalize_event_type(spec.excludes)
    codes = [n for n, name in enumerate(data.event_type_names) if _is(name, wanted)]
    of_type = np.isin(data.event_type, codes) & np.isin(data.user, users)
    if not of_type.any():
        return None
    row = np.searchsorted(users, data.user[of_type]).astype(np.int32)
    item, timestamp = data.item[of_type], data.timestamp[of_type]
    known = np.isin(_keys(row, item, data.n_items), _keys(given.rows, given.items, data.n_items))
    # The same item may come again among the events to be predicted.
    known &= timestamp <= _newest(given)[row]
    rng = np.random.default_rng(0)  # orders ties of time, which only the limit can make out
    found = build_histories(row[known], item[known], timestamp[known], len(users), rng)
    return found.last(SEEN_OF_EACH_TYPE)


def _is(name: str | None, wanted: str) -> bool:
    return name is not None and normalize_event_type(name) == wanted


def _keys(row: IntArray, item: IntArray, n_items: int) -> np.ndarray:
    return row.astype(np.int64) * n_items + item


def _newest(histories: Histories) -> np.ndarray:
    """Time of the newest event of each row, the smallest number where there is none."""
    newest = np.full(len(histories), np.iinfo(np.int64).min)
    some = histories.lengths > 0
    newest[some] = histories.timestamps[histories.indptr[1:][some] - 1]
    return newest
