"""Answers for actions from a trained version and the live data of its group, without the store.

Knows neither requests nor resources.
"""
# pyarrow has no types.
# pyright: standard

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from personalize_assets.core.filters import (
    BoundFilter,
    EntityTable,
    Facts,
    normalize_event_type,
)
from personalize_assets.core.names import MAX_FILTER_ACTION_INTERACTIONS
from personalize_assets.engine.data.live import LiveGroup, UserEvents
from personalize_assets.engine.serving.catalogue import Catalogue
from personalize_assets.engine.serving.circumstances import as_table, known_of
from personalize_assets.engine.serving.histories import Selection, history_of
from personalize_assets.recipes.actions import ActionHistories
from personalize_assets.recipes.artifact import SavedVersion
from personalize_assets.recipes.circumstances import circumstances_of
from personalize_assets.recipes.histories import BoolArray
from personalize_assets.recipes.models import action_model

_DAY_S: Final = 86_400
_EXPIRATIONS: Final = ("EXPIRATION_TIMESTAMP", "ACTION_EXPIRATION_TIMESTAMP")
_TAKEN: Final = normalize_event_type("Taken")


class ServedAction(NamedTuple):
    """One place of an answer.

    Attributes:
        action_id: Which action.
        score: How likely the user takes it; 0 without data.
    """

    action_id: str
    score: float


class ActionAnswerer:
    """Answers for one version; for use by several threads at once.

    Args:
        version: Of a recipe that recommends actions.
        joined_upto: As `LiveGroup.events_of` takes it.
    """

    def __init__(self, version: SavedVersion, joined_upto: int | None) -> None:
        assert version.action_ids is not None, f"{version.spec.name} has no actions"
        self._model = action_model(version.trained)
        self._wanted = circumstances_of(self._model)
        self._items = Catalogue(version.item_ids)
        self._actions = Catalogue(version.action_ids)
        self._joined_upto = joined_upto

    def recommend(
        self,
        live: LiveGroup,
        user_id: str,
        n_results: int,
        keep: BoundFilter | None,
        now: datetime,
    ) -> list[ServedAction]:
        """Actions that a user will most likely take, best first; of equal ones the worthier first.

        Actions of the Actions dataset that came after the training have the score 0. What has
        expired or comes back too soon is left out.

        Args:
            live: Data of the group.
            user_id: Also one that nothing is known of.
            n_results: Length of the list, at most.
            keep: Which actions may be answered; None for all.
            now: The present moment.
        """
        table = live.actions
        if table is None:
            return []
        events = live.action_events_of(user_id, joined_upto=self._joined_upto)
        ids: list[str] = table.ids.to_pylist()
        allowed = _still_offered(table, ids, events, now.timestamp())
        if keep is not None:
            allowed &= keep.mask(_facts(live, table, ids, user_id, events))
        scores = self._scores(live, user_id, events)
        found = [self._actions.index.get(name, -1) for name in ids]
        values = np.append(scores, 0.0)[found]
        worth = np.nan_to_num(table.number("VALUE"), nan=-np.inf)
        order = np.lexsort((-worth, -values))
        order = order[allowed[order]][:n_results]
        return [ServedAction(ids[at], round(float(values[at]), 7)) for at in order.tolist()]

    def _scores(self, live: LiveGroup, user_id: str, events: UserEvents) -> NDArray[np.float64]:
        past = live.events_of(user_id, joined_upto=self._joined_upto)
        history = history_of(past, self._items.index, Selection())
        known = known_of(self._wanted, live.users if self._wanted else None, user_id, {})
        if known:
            history = replace(history, about=as_table(self._wanted, [known]))
        actions = _action_history(events, self._actions.index)
        return self._model.score_actions(history, actions)[0].astype(np.float64)


def _action_history(events: UserEvents, index: Mapping[str, int]) -> ActionHistories:
    actions = np.array([index.get(name, -1) for name in events.item_ids], dtype=np.int32)
    taken = np.array(
        [normalize_event_type(name or "") == _TAKEN for name in events.event_types], dtype=np.bool_
    )
    known = actions >= 0
    return ActionHistories(
        indptr=np.array([0, int(known.sum())], dtype=np.int64),
        actions=actions[known],
        timestamps=events.timestamps[known],
        taken=taken[known],
    )


def _still_offered(
    table: EntityTable, ids: list[str], events: UserEvents, now_s: float
) -> BoolArray:
    """Which actions have not expired and are not inside their REPEAT_FREQUENCY."""
    offered = np.ones(len(ids), dtype=np.bool_)
    for column in _EXPIRATIONS:
        offered &= ~(table.number(column) <= now_s)
    latest = dict(zip(events.item_ids, events.timestamps.tolist(), strict=True))
    last = np.array([latest.get(name, -np.inf) for name in ids], dtype=np.float64)
    return offered & ~(last > now_s - table.number("REPEAT_FREQUENCY") * _DAY_S)


def _facts(
    live: LiveGroup, table: EntityTable, ids: list[str], user_id: str, events: UserEvents
) -> Facts:
    def interacted(types: frozenset[str] | None) -> BoolArray:
        found = events.items_with(
            types, normalize=normalize_event_type, most=MAX_FILTER_ACTION_INTERACTIONS
        )
        return np.array([name in found for name in ids], dtype=np.bool_)

    users = live.users
    return Facts(
        n=len(ids),
        table=table,
        interacted=interacted,
        current_user=users.row(user_id) if users else None,
    )
