"""Which new items are explored, and how many.

New is what a training or refresh wrote down as such: items that the model does not know, or only
from few interactions. Those older than the cut-off are left out; ages count back from the newest
interaction. What is known of them and what their categories promise to the user decide, by
Thompson sampling. Knows neither files of interactions nor lists.
"""
# pyarrow has no types.
# pyright: standard

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from personalize_assets.core.filters import EntityTable
from personalize_assets.core.schemas import DatasetType, Schema
from personalize_assets.engine.serving.asking import Query
from personalize_assets.engine.serving.catalogue import Catalogue
from personalize_assets.engine.serving.load_once import LoadOnce
from personalize_assets.engine.serving.scores import Scores
from personalize_assets.recipes.bandit import Evidence, Promise
from personalize_assets.recipes.histories import FloatArray, LongArray
from personalize_assets.recipes.solvers.categories import category_matrix
from personalize_assets.recipes.solvers.queries import fading

NEW_ITEMS: Final = "new-items.parquet"
"""The file in the folder of a trained version, until a refresh writes a newer one elsewhere."""
DEFAULT_WEIGHT: Final = 0.3
DEFAULT_AGE_DAYS: Final = 30.0
_LARGEST_SHARE: Final = 0.5
_DAY_S: Final = 86_400
_CROWDS: Final = 64
_KEPT_DRAWS: Final = 2 * _CROWDS
_LOOKED_AT: Final = 100
_NEWEST, _DECAY = 100, 50.0


@dataclass(frozen=True)
class Exploration:
    """How far a campaign, recommender or batch job explores.

    Attributes:
        weight: From 0, not at all, to 1: half of the places.
        max_age_days: Oldest items that are explored.
    """

    weight: float = DEFAULT_WEIGHT
    max_age_days: float = DEFAULT_AGE_DAYS

    @classmethod
    def of_config(cls, config: Mapping[str, Any]) -> Self:
        """Read the ``itemExplorationConfig`` in a campaign's or recommender's configuration."""
        given: Mapping[str, str] = config.get("itemExplorationConfig", {})
        return cls(
            float(given.get("explorationWeight", DEFAULT_WEIGHT)),
            float(given.get("explorationItemAgeCutOff", DEFAULT_AGE_DAYS)),
        )

    def places(self, n_results: int) -> int:
        """How many places of a list are for exploration: the nearest number, halves up."""
        return int(self.weight * _LARGEST_SHARE * n_results + 0.5)


@dataclass(frozen=True)
class NewItems:
    """What a training or refresh wrote down of the items that were new then.

    Attributes:
        ids: Of items that the model does not know, or that had few interactions.
        created: When each came into being, epoch seconds.
        events: As `Evidence` has them.
        expected: As `Evidence` has them.
        shape: As `Evidence` has it.
        newest: Time of the newest interaction of all, epoch seconds.
    """

    ids: tuple[str, ...] = ()
    created: tuple[int, ...] = ()
    events: tuple[int, ...] = ()
    expected: tuple[float, ...] = ()
    shape: float = 1.0
    newest: int = 0

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file of new items; of recipes that do not explore there is none."""
        if not path.is_file():
            return cls()
        table = pq.read_table(path)
        columns = ("ITEM_ID", "CREATED_AT", "EVENTS", "EXPECTED")
        said = table.schema.metadata
        return cls(
            *(tuple(table[name].to_pylist()) for name in columns),
            shape=float(said[b"shape"]),
            newest=int(said[b"newest"]),
        )

    def young(self, max_age_days: float) -> LongArray:
        """Places of those not older than so many days, shape ``(n,)``."""
        created = np.array(self.created, dtype=np.int64)
        return np.flatnonzero(created >= self.newest - max_age_days * _DAY_S)

    def evidence(self, at: LongArray) -> Evidence:
        """What is known of those at some places."""
        events = np.array(self.events, dtype=np.int64)[at]
        return Evidence(events, np.array(self.expected, dtype=np.float64)[at], self.shape)


class Explorer:
    """Chooses among new items; for use by several threads at once.

    What may be of an item's success is drawn once an hour for each of 64 crowds of users, so that
    a page that is loaded again does not change and an answer costs no draws.

    Args:
        catalogue: With the new items behind those of the model.
        new: What was written down of them.
        max_age_days: Oldest items that are explored.
        items: The Items dataset; None if there is none.
        schemas: Of the group's datasets, by type.

    Attributes:
        pool: Indices of the items that may be explored, shape ``(n,)``.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        new: NewItems,
        max_age_days: float,
        items: EntityTable | None,
        schemas: Mapping[DatasetType, Schema],
    ) -> None:
        young = new.young(max_age_days)
        young = young[new.evidence(young).hopeful()]
        self._catalogue = catalogue
        self._evidence = new.evidence(young)
        self.pool: LongArray = np.array(
            [catalogue.index[new.ids[at]] for at in young.tolist()], dtype=np.int64
        )
        rows = None if items is None or not len(young) else catalogue.rows(items)
        self._promise = None
        if rows is not None and "ITEMS" in schemas:
            self._promise = _promise(catalogue.n_trained, self.pool, rows, schemas["ITEMS"])
        self._unknown = {
            catalogue.ids[at]: place
            for place, at in enumerate(self.pool.tolist())
            if at >= catalogue.n_trained
        }
        self._draws: LoadOnce[tuple[str, int], FloatArray] = LoadOnce(_KEPT_DRAWS)

    def values(self, scores: Scores, query: Query, met: Sequence[str] = ()) -> FloatArray:
        """What to expect of each item of the pool for a question, shape ``(n,)``.

        Args:
            scores: Of the model, for the question.
            query: Names the user and the moment.
            met: Items that the user met, the newest last. Of those that the model does not know
                nothing is expected any more: ``-inf``; of the others scores say if they come back.
        """
        hour = f"{query.now:%Y-%m-%dT%H}"
        crowd = zlib.crc32((query.user_id or "").encode()) % _CROWDS
        drawn = self._draws.get((hour, crowd), lambda: self._draw(hour, crowd))
        values = drawn.copy()
        if self._promise is not None:
            values *= self._promise.to(*self._interests(scores, met))
        values[[self._unknown[item] for item in self._unknown.keys() & met]] = -np.inf
        return values

    def _interests(self, scores: Scores, met: Sequence[str]) -> tuple[LongArray, FloatArray]:
        """Known items and how much each says of the user: those met lately, and the best of all."""
        index, n_trained = self._catalogue.index, self._catalogue.n_trained
        past = [index.get(item, n_trained) for item in met[-_NEWEST:]]
        items = np.array([at for at in past if at < n_trained], dtype=np.int64)
        weights = fading(np.arange(len(items))[::-1], _DECAY)
        best = scores.best(_LOOKED_AT)
        shares = np.exp(scores.values[best] - scores.values[best[:1]])
        parts = [part / part.sum() for part in (weights, shares) if len(part)]
        return np.concatenate((items, best)), np.concatenate([*parts, np.zeros(0, np.float32)])

    def _draw(self, hour: str, crowd: int) -> FloatArray:
        return self._evidence.draw(np.random.default_rng(zlib.crc32(f"{hour}|{crowd}".encode())))


def _promise(n_trained: int, pool: LongArray, rows: EntityTable, schema: Schema) -> Promise | None:
    columns = {
        field.column: rows.column(field.column) for field in schema.fields if field.categorical
    }
    present = {name: column for name, column in columns.items() if column is not None}
    if not present:
        return None
    matrix = category_matrix(pa.table(present), list(present))
    return Promise(matrix[:n_trained], matrix[pool])
