"""aws-semantic-similarity: items whose names and texts mean nearly the same.

AWS embeds the texts with a language model; here a small model of what words mean, which a package
carries, and the words that texts share stand for it. Needs no interactions. The question is the
last item of a history; the item itself is never an answer, and items without any text come last,
popular ones first.
"""

# pyarrow.compute makes its functions when it is imported, where pyright cannot see them.
# pyright: reportAttributeAccessIssue=false

import datetime as dt
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from personalize_assets.core.columns import Columns
from personalize_assets.recipes.base import Progress, TrainingData, ignore_progress
from personalize_assets.recipes.histories import FloatArray, Histories, IntArray, LongArray
from personalize_assets.recipes.hyperparameters import NoOptions
from personalize_assets.recipes.item_columns import Role, item_columns
from personalize_assets.recipes.minima import UnfitData
from personalize_assets.recipes.solvers.item_ages import creation_times
from personalize_assets.recipes.solvers.queries import first_occurrences, last_items
from personalize_assets.recipes.solvers.sparse_rows import sparse_rows
from personalize_assets.recipes.solvers.text_similarity import Texts
from personalize_assets.recipes.solvers.texts import TextVectors
from personalize_assets.recipes.spec import RecipeSpec
from personalize_assets.recipes.storage import ModelFormat

_FORMAT = ModelFormat("semantic-similarity", 2)
_ROLES: Final[tuple[Role, ...]] = ("itemName", "textual")
_LETTER: Final = r"[\p{L}\p{N}]"
_FULL: Final = 0.5
"""The likeness that full influence sets the most popular item above one that nobody met, so that it
chooses among what is alike and hardly brings in anything else."""
_UNTOLD: Final = -4.0
"""Below all scores of items that have a text."""


@dataclass(frozen=True)
class Influence:
    """How far answers are pulled towards popular and towards new items, each from 0 to 1."""

    popularity: float = 0.0
    freshness: float = 0.0


@dataclass(frozen=True)
class SemanticSimilarityModel:
    """What the texts of the items mean, and what popularity and freshness are told by.

    Attributes:
        texts: A row per item.
        users: Users who met each item; int64, shape ``(n_items,)``.
        created: Epoch seconds of each item's creation; int64, shape ``(n_items,)``.
        influence: What the answers are pulled towards.
    """

    texts: Texts
    users: LongArray
    created: LongArray
    influence: Influence = Influence()

    @property
    def n_items(self) -> int:
        """Size of the catalogue."""
        return len(self.users)

    @cached_property
    def popularity(self) -> FloatArray:
        """Users of each item as a share of those of the most popular one; in [0, 1]."""
        return (self.users / max(1, self.users.max(initial=0))).astype(np.float32)

    @cached_property
    def freshness(self) -> FloatArray:
        """1 for the newest item, 0 for the oldest; 1 for all if all are of one age."""
        if not len(self.created):
            return np.zeros(0, np.float32)
        oldest, newest = int(self.created.min()), int(self.created.max())
        return (1 - (newest - self.created) / max(1, newest - oldest)).astype(np.float32)

    @cached_property
    def _pull(self) -> FloatArray:
        """What is added to how alike each item is, from ``-2 * _FULL`` to 0."""
        met = np.log1p(self.users)
        met /= max(1.0, float(met.max(initial=0)))
        pull = self.influence.popularity * (met - 1)
        pull += self.influence.freshness * (self.freshness - 1)
        return (_FULL * pull).astype(np.float32)

    def with_influence(self, popularity: float, freshness: float) -> "SemanticSimilarityModel":
        """The same model under a ``rankingInfluence``; see ``Influenced``."""
        return replace(self, influence=Influence(popularity, freshness))

    def carry_over(
        self, earlier: "SemanticSimilarityModel", positions: LongArray
    ) -> "SemanticSimilarityModel":
        """The model with popularity and freshness of the last training; see ``CarriesOver``.

        New items are nobody's yet, and no newer than what was newest then.
        """
        if not earlier.n_items:
            return self
        known = positions >= 0
        low, high = int(earlier.created.min()), int(earlier.created.max())
        return replace(
            self,
            users=np.where(known, earlier.users[positions], 0),
            created=np.where(known, earlier.created[positions], np.clip(self.created, low, high)),
        )

    def score(self, histories: Histories) -> FloatArray:
        """Score what resembles the last item of each history; see ``Model``."""
        asked = last_items(histories)
        scores = self.texts.alike(asked)
        scores += self._pull
        told, rest = self.texts.told, self.popularity + np.float32(_UNTOLD)
        scores[:, ~told] = rest[~told]
        scores[(asked < 0) | ~told[asked]] = rest
        rows = np.flatnonzero(asked >= 0)
        scores[rows, asked[rows]] = -np.inf
        return scores

    def extra_metrics(
        self, ranked: IntArray, given: Histories, truth: Histories
    ) -> dict[str, float]:
        """Mean popularity, freshness and similarity of what is answered; see ``SelfMeasured``."""
        asked = last_items(given)
        rows, columns = np.nonzero((ranked >= 0) & (asked >= 0)[:, None])
        items = ranked[rows, columns]
        if not len(items):
            return {"item_popularity": 0.0, "item_freshness": 0.0, "item_similarity": 0.0}
        return {
            "item_popularity": float(self.popularity[items].mean()),
            "item_freshness": float(self.freshness[items].mean()),
            "item_similarity": float(self.texts.between(asked[rows], items).mean()),
        }

    def save(self, folder: Path) -> None:
        """Write the model; see ``Model``."""
        words = self.texts.words
        arrays = {
            "meanings": self.texts.meanings.rows,
            "words_data": words.data,
            "words_indices": words.indices,
            "words_indptr": words.indptr,
            "users": self.users,
            "created": self.created,
        }
        _FORMAT.write(folder, {"n_words": words.shape[1], **asdict(self.influence)}, arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the model; see ``Model``."""
        settings, arrays = _FORMAT.read(folder)
        words = sparse_rows(
            arrays["words_data"],
            arrays["words_indices"],
            arrays["words_indptr"],
            settings.pop("n_words"),
        )
        texts = Texts(TextVectors(arrays["meanings"]), words)
        return cls(texts, arrays["users"], arrays["created"], Influence(**settings))


class SemanticSimilarity:
    """Reads names and texts."""

    model_type = SemanticSimilarityModel

    def fit(
        self,
        data: TrainingData,
        histories: Histories,
        config: NoOptions,
        featurization: NoOptions,
        rng: np.random.Generator,
        progress: Progress = ignore_progress,
    ) -> SemanticSimilarityModel:
        """Read; see ``Learner``.

        Raises:
            UnfitData: The Items dataset has no textual field, no field marked as the item's name,
                or no item has a text.
        """
        texts = _texts(data)
        if not pc.any(pc.match_substring_regex(texts, _LETTER)).as_py():
            raise UnfitData("Create failed. No item of the Items dataset has a text.")
        met = histories.items[first_occurrences(histories, data.n_items)]
        return SemanticSimilarityModel(
            texts=Texts.read(texts, progress),
            users=np.bincount(met, minlength=data.n_items).astype(np.int64),
            created=creation_times(_declared_times(data), histories, data.n_items),
        )


def _texts(data: TrainingData) -> pa.ChunkedArray:
    """Name and text of each item, joined."""
    columns: list[str] = []
    for role in _ROLES:
        found = item_columns(data, role)
        if not found:
            raise UnfitData(
                "Create failed. The recipe aws-semantic-similarity needs a string field with "
                f'"{role}": true in the schema of the Items dataset that is not excluded from '
                "training."
            )
        columns += [name for name in found if name not in columns]
    assert data.item_features is not None  # it has the columns
    parts = [pc.fill_null(data.item_features[name].cast(pa.string()), "") for name in columns]
    return pc.binary_join_element_wise(*parts, " ")


def _declared_times(data: TrainingData) -> pa.ChunkedArray | None:
    if data.item_features is None:
        return None
    named = {name.upper(): name for name in data.item_features.column_names}
    name = named.get(Columns.CREATION_TIMESTAMP)
    return None if name is None else data.item_features[name]


SEMANTIC_SIMILARITY = RecipeSpec(
    name="aws-semantic-similarity",
    recipe_type="RELATED_ITEMS",
    description="Items whose texts mean nearly the same as that of a given item.",
    created=dt.date(2025, 11, 30),
    algorithm="aws-semantic-similarity",
    feature_transformation="aws-semantic-similarity",
    required_datasets=("Items",),
    used_datasets=("Interactions",),
    query_fields=("itemId",),
    batch_field="itemId",
    max_items=10_000_000,
    gives_metadata=True,
    learner=SemanticSimilarity(),
)
