"""Which items may be explored, and how many.

An item may be explored if it is new: found by a refresh after the training, or in the catalogue
with fewer than `FEW_INTERACTIONS` interactions, and not older than the cut-off. Ages count back
from the newest interaction. An item came into being at its CREATION_TIMESTAMP, else at its first
interaction, else with the newest one, as AWS has it. Knows no scores.
"""
# pyarrow has no types.
# pyright: standard

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from personalize_assets.core.filters import EntityTable
from personalize_assets.engine.data.sources import GroupSources
from personalize_assets.engine.data.tables import read_interactions
from personalize_assets.engine.serving.catalogue import Catalogue
from personalize_assets.recipes.base import LongArray

FEW_INTERACTIONS: Final = 5
DEFAULT_WEIGHT: Final = 0.3
DEFAULT_AGE_DAYS: Final = 30.0
_LARGEST_SHARE: Final = 0.5
_DAY_S: Final = 86_400
_CREATED: Final = "CREATION_TIMESTAMP"


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
    """What a refresh found after the training.

    Attributes:
        ids: Of items that the model does not know.
        created: When each came into being, epoch seconds.
    """

    ids: tuple[str, ...] = ()
    created: tuple[int, ...] = ()

    @classmethod
    def read(cls, path: Path | None) -> Self:
        """Read the file of a refresh; None stands for no refresh yet."""
        if path is None:
            return cls()
        table = pq.read_table(path, columns=["ITEM_ID", "CREATED_AT"])
        return cls(tuple(table["ITEM_ID"].to_pylist()), tuple(table["CREATED_AT"].to_pylist()))


def explorable(
    catalogue: Catalogue,
    new: NewItems,
    sources: GroupSources,
    items: EntityTable | None,
    max_age_days: float,
) -> LongArray:
    """Indices of the items that may be explored, ascending.

    Args:
        catalogue: With the new items behind those of the model.
        new: What a refresh found.
        sources: Of the group; all its interactions are counted.
        items: The Items dataset; None if there is none.
        max_age_days: Oldest items that count.
    """
    interactions = read_interactions(sources, columns=("ITEM_ID", "TIMESTAMP"))
    if interactions is None:
        return np.zeros(0, dtype=np.int64)
    counts, created, newest = _count(interactions, catalogue)
    rows = catalogue.rows(items)
    if rows is not None:
        stated = rows.number(_CREATED)
        created = np.where(np.isnan(stated), created, stated)
    for item, moment in zip(new.ids, new.created, strict=True):
        created[catalogue.index[item]] = moment
    fresh = created >= newest - max_age_days * _DAY_S
    fresh[: catalogue.n_trained] &= counts[: catalogue.n_trained] < FEW_INTERACTIONS
    return np.flatnonzero(fresh)


def _count(
    interactions: pa.Table, catalogue: Catalogue
) -> tuple[LongArray, NDArray[np.float64], float]:
    """Interactions of each item; when each came into being; time of the newest of all."""
    grouped = interactions.group_by("ITEM_ID").aggregate(
        [("TIMESTAMP", "count"), ("TIMESTAMP", "min"), ("TIMESTAMP", "max")]
    )
    newest = float(np.max(grouped["TIMESTAMP_max"].to_numpy()))
    index = [catalogue.index.get(item, -1) for item in grouped["ITEM_ID"].to_pylist()]
    at = np.array(index, dtype=np.int64)
    known = at >= 0
    counts = np.zeros(len(catalogue), dtype=np.int64)
    counts[at[known]] = grouped["TIMESTAMP_count"].to_numpy()[known]
    created = np.full(len(catalogue), newest)
    created[at[known]] = grouped["TIMESTAMP_min"].to_numpy()[known]
    return counts, created, newest
