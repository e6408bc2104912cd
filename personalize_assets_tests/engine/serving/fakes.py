"""A model and a group of data that do what a test says."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
import pyarrow as pa

from personalize_assets.core.filters import EntityTable
from personalize_assets.engine.data.live import LiveGroup, UserEvents
from personalize_assets.engine.serving.answerer import Answerer, Manner
from personalize_assets.engine.serving.exploration import NewItems
from personalize_assets.engine.serving.histories import Selection
from personalize_assets.recipes.artifact import SavedVersion
from personalize_assets.recipes.histories import FloatArray, Histories
from personalize_assets.recipes.registry import RECIPES

ITEMS = ("a", "b", "c", "d", "e")
SCORES = (5.0, 4.0, 3.0, 2.0, 1.0)


@dataclass
class FakeModel:
    """The same scores for everyone, plus 10 for each event of an item; counts the questions."""

    scores: Sequence[float] = SCORES
    asked: list[list[int]] = field(default_factory=list[list[int]])

    @property
    def n_items(self) -> int:
        return len(self.scores)

    def score(self, histories: Histories) -> FloatArray:
        rows = np.tile(np.array(self.scores, dtype=np.float32), (len(histories), 1))
        for row in range(len(histories)):
            items = histories.slice(row, row + 1).items
            self.asked.append(items.tolist())
            np.add.at(rows[row], items, 10)
        return rows

    def save(self, folder: Path) -> None:
        raise NotImplementedError

    @classmethod
    def load(cls, folder: Path) -> Self:
        raise NotImplementedError


@dataclass
class FakeLive:
    """Events by user, and rows of items and users."""

    events: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict[str, Any])
    items: EntityTable | None = None
    users: EntityTable | None = None
    actions: EntityTable | None = None
    action_events: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict[str, Any])
    schemas: dict[Any, Any] = field(default_factory=dict[Any, Any])
    read: int = 0

    def events_of(self, user_id: str, *, joined_upto: int | None = None) -> UserEvents:
        self.read += 1
        return user_events(*self.events.get(user_id, ()))

    def action_events_of(self, user_id: str, *, joined_upto: int | None = None) -> UserEvents:
        return user_events(*self.action_events.get(user_id, ()))

    def as_group(self) -> LiveGroup:
        return cast(LiveGroup, self)


def user_events(*events: tuple[Any, ...]) -> UserEvents:
    """Events of item, time and, where given, type and value."""
    rows = [(*event, None, float("nan"))[:4] if len(event) == 2 else event for event in events]
    rows = [(*row, float("nan")) if len(row) == 3 else row for row in rows]
    return UserEvents(
        [row[0] for row in rows],
        np.array([row[1] for row in rows], dtype=np.int64),
        [row[2] for row in rows],
        np.array([row[3] for row in rows], dtype=np.float32),
    )


def entities(key: str, **columns: list[Any]) -> EntityTable:
    return EntityTable.from_arrow(pa.table(columns), key)


def answerer(
    recipe: str,
    model: FakeModel | None = None,
    new: NewItems | None = None,
    **manner: Any,
) -> Answerer:
    """An answerer of a recipe with a fake model of the items a to e."""
    version = SavedVersion(RECIPES[recipe], pa.array(ITEMS), model or FakeModel(), {})
    return Answerer(version, Manner(**{"selection": Selection(), **manner}), new or NewItems())
