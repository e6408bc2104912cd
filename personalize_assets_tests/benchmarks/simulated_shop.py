"""A shop whose users and items are made up, and ways to choose among its new items.

What is true is in `Shop`, what the engine knows of it in `Known`. Knows neither how long anything
is lived through nor what is measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from personalize_assets.core.filters import EntityTable
from personalize_assets.core.schemas import Schema, SchemaField
from personalize_assets.engine.data.live import LiveGroup, UserEvents
from personalize_assets.engine.serving.answerer import Answerer, Manner
from personalize_assets.engine.serving.asking import Query
from personalize_assets.engine.serving.exploration import Exploration, Explorer, NewItems
from personalize_assets.engine.serving.scores import Scores
from personalize_assets.recipes.artifact import SavedVersion
from personalize_assets.recipes.histories import FloatArray

START, DAY = 1_600_000_000, 86_400
N_GENRES, N_USERS, N_OLD, NEW_A_DAY = 12, 800, 1_200, 10
SCHEMA = Schema(
    "ITEMS", None, (SchemaField("ITEM_ID", "string"), SchemaField("G", "string", categorical=True))
)
Doubles = NDArray[np.float64]


class Shop:
    """What is true of users and items.

    Args:
        seed: Of all chance.
        days: How long new items come.
        fading_days: Days in which an item's charm falls to 1 / e; None for never.
    """

    def __init__(self, seed: int, days: int, fading_days: float | None) -> None:
        rng = np.random.default_rng(seed)
        self.days, self.fading_days = days, fading_days
        self.n_items = N_OLD + days * NEW_A_DAY
        shares = 1 / np.arange(2, N_GENRES + 2)
        first = rng.choice(N_GENRES, self.n_items, p=shares / shares.sum())
        other = rng.integers(N_GENRES, size=self.n_items)
        second = np.where(rng.random(self.n_items) < 0.5, other, first)
        self.genres = [f"g{one}|g{two}" for one, two in zip(first, second, strict=True)]
        taste = rng.gamma(0.4, size=(N_USERS, N_GENRES)) + 0.01
        taste *= N_GENRES / taste.sum(axis=1, keepdims=True)
        quality = rng.lognormal(0, 1, self.n_items) * (1 if fading_days else 0.6)
        self.charm = (taste[:, first] + taste[:, second]) / 2 * quality
        new = np.arange(self.n_items) >= N_OLD
        self.good = new & (quality >= np.quantile(quality[new], 0.85))
        self.created = np.concatenate(
            (
                START - rng.integers(400 * DAY, size=N_OLD),
                START + np.repeat(np.arange(days), NEW_A_DAY) * DAY,
            )
        )
        best = np.sort(self.charm[:, :N_OLD] * self._freshness(START)[:N_OLD], axis=1)[:, -10:]
        self._scale = 0.12 / best.mean()
        self.past = [self._begin(rng, user) for user in range(N_USERS)]

    def _freshness(self, now: int) -> Doubles:
        age = np.maximum(0, now - self.created) / DAY
        return np.exp(-age / self.fading_days) if self.fading_days else np.ones(self.n_items)

    def _begin(self, rng: np.random.Generator, user: int) -> list[tuple[int, int]]:
        count = int(np.clip(rng.lognormal(3.4, 0.8), 8, 200))
        chance = (self.charm[user] * self._freshness(START))[:N_OLD]
        items = rng.choice(N_OLD, count, replace=False, p=chance / chance.sum())
        times = START - np.sort(rng.integers(180 * DAY, size=count))[::-1]
        return list(zip(items.tolist(), times.tolist(), strict=True))

    def liking(self, user: int, now: int) -> Doubles:
        """How likely the user clicks each item at the first place, shape ``(n_items,)``."""
        return np.minimum(0.8, self._scale * self.charm[user] * self._freshness(now))

    def clicks(self, user: int, items: Sequence[int], now: int) -> Doubles:
        """How likely the user clicks each item of a list; lower places are looked at less."""
        return self.liking(user, now)[items] / np.log2(np.arange(len(items)) + 2)


@dataclass
class Known:
    """What the engine knows by now: the part of a group's data that answers are made from."""

    shop: Shop
    histories: list[list[tuple[int, int]]]
    items: EntityTable
    schemas: dict[Any, Schema] = field(default_factory=lambda: {"ITEMS": SCHEMA})
    users: None = None

    def events_of(self, user_id: str, *, joined_upto: int | None = None) -> UserEvents:
        rows = self.histories[int(user_id)]
        return UserEvents(
            [str(item) for item, _ in rows],
            np.array([at for _, at in rows], dtype=np.int64),
            [None] * len(rows),
            np.full(len(rows), np.nan, dtype=np.float32),
        )


class ByChance(Explorer):
    """Any new item: epsilon-greedy."""

    def values(self, scores: Scores, query: Query, met: Sequence[str] = ()) -> FloatArray:
        """Chance alone, but nothing of what the user met."""
        seed = [int(query.user_id or 0), int(query.now.timestamp())]
        chance = np.random.default_rng(seed).random(len(self.pool), np.float32)
        return np.where(np.isfinite(super().values(scores, query, met)), chance, -np.inf)


class BestSoFar(Explorer):
    """The new items that did best: greedy, with the same prior and promise."""

    def _draw(self, hour: str, crowd: int) -> FloatArray:
        known = self._evidence
        return ((known.shape + known.events) / (known.shape + known.expected)).astype(np.float32)


class Blind(Explorer):
    """Thompson sampling without a look at categories."""

    def _interests(
        self, scores: Scores, met: Sequence[str]
    ) -> tuple[NDArray[np.int64], FloatArray]:
        return np.zeros(0, np.int64), np.zeros(0, np.float32)


class AllKnowing(Explorer):
    """The new items that the user will like best: what no method can know."""

    shop: Shop

    def values(self, scores: Scores, query: Query, met: Sequence[str] = ()) -> FloatArray:
        """The truth, but nothing of what the user met."""
        items = [int(self._catalogue.ids[at]) for at in self.pool.tolist()]
        truth = self.shop.liking(int(query.user_id or 0), int(query.now.timestamp()))[items]
        return np.where(np.isfinite(super().values(scores, query, met)), truth, -np.inf)


POLICIES: dict[str, type[Explorer] | None] = {
    "none": None,
    "by chance": ByChance,
    "best so far": BestSoFar,
    "Thompson, blind": Blind,
    "Thompson (engine)": Explorer,
    "all-knowing": AllKnowing,
}


class Guided(Answerer):
    """The engine's answerer with an explorer of one's own."""

    def __init__(self, version: SavedVersion, manner: Manner, new: NewItems, how: Any) -> None:
        super().__init__(version, manner, new)
        self._how = how

    def _make_explorer(self, live: LiveGroup, exploration: Exploration) -> Explorer:
        days = exploration.max_age_days
        made = self._how(self.catalogue, self._new, days, live.items, live.schemas)
        if isinstance(made, AllKnowing):
            made.shop = cast(Known, live).shop
        return made
