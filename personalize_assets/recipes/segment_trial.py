"""The split and the metrics of user segmentation: four fifths of each user's events train.

Knows segment models by their protocol only.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from personalize_assets.core.metrics import Truth, evaluate_segments, one_percent
from personalize_assets.core.splitting import mark_truth
from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.histories import Histories
from personalize_assets.recipes.item_columns import item_columns
from personalize_assets.recipes.models import segment_model
from personalize_assets.recipes.segments import best_users
from personalize_assets.recipes.solvers.categories import category_matrix
from personalize_assets.recipes.solvers.queries import seen_matrix
from personalize_assets.recipes.spec import RecipeSpec

_TEST_SHARE = 5
"""One of this many of a user's events is held out, rounded up: the newest ones."""

_MAX_QUERIES = 2_000
_MAX_CELLS = 400_000_000
"""Scores that the measuring may compute: some seconds of one core."""


@dataclass(frozen=True)
class SegmentTrial:
    """The trial of Item-Affinity and Item-Attribute-Affinity.

    Attributes:
        spec: The recipe.
        data: All data; the learner reads events from ``train``.
        train: Oldest four fifths of the events of every user; a row per user.
        truth: The others, same rows.
    """

    spec: RecipeSpec
    data: TrainingData
    train: Histories
    truth: Histories

    @classmethod
    def draw(cls, spec: RecipeSpec, data: TrainingData, rng: np.random.Generator) -> "SegmentTrial":
        """Split every user's events; those of users with a single one all train."""
        histories = data.histories(rng)
        held = mark_truth(histories.indptr, _TEST_SHARE)
        held &= np.repeat(histories.lengths >= 2, histories.lengths)
        return cls(spec, data, histories.where(~held), histories.where(held))

    @property
    def n_train_users(self) -> int:
        """Users with events to train on."""
        return int((self.train.lengths > 0).sum())

    @property
    def n_test_users(self) -> int:
        """Users with events held out."""
        return int((self.truth.lengths > 0).sum())

    @property
    def n_events(self) -> int:
        """Events after merging those with equal user, item and timestamp."""
        return len(self.train.items) + len(self.truth.items)

    def measure(self, model: Any) -> tuple[dict[str, float], dict[str, float]]:
        """Metrics of the segments of items, or of categories, that have users to find."""
        segments = segment_model(model)
        queries = self.queries()
        actual = sparse.csr_array(queries @ seen_matrix(self.truth, self.data.n_items).T)
        asked = np.flatnonzero(np.diff(actual.indptr) > 0)
        most = min(_MAX_QUERIES, max(1, _MAX_CELLS // max(1, segments.n_users)))
        if len(asked) > most:
            asked = asked[np.linspace(0, len(asked) - 1, most).astype(np.int64)]
        actual = actual[asked]
        top, _ = best_users(segments, queries[asked], one_percent(segments.n_users))
        truth = Truth(actual.indptr.astype(np.int64), actual.indices.astype(np.int32))
        return evaluate_segments(top, truth, segments.n_users), {}

    def queries(self) -> sparse.csr_array:
        """All that could be asked: each category, or each item where no categories are asked for.

        Returns:
            float32, shape ``(n_queries, n_items)``.
        """
        table = self.data.item_features
        columns = item_columns(self.data, "categorical")
        if "itemAttributes" not in self.spec.query_fields or table is None or not columns:
            return sparse.eye_array(self.data.n_items, dtype=np.float32, format="csr")
        queries = sparse.csr_array(category_matrix(table, columns).T)
        queries.data[:] = 1
        return queries
