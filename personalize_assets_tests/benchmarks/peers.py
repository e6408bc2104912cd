"""Two usual libraries' recommenders, learned and asked like the project's own models.

`implicit`'s ALS (Hu, Koren and Volinsky, 2008) and its item neighbours under BM25, with one thread.
Both fold in the histories that they are asked about, and both leave out what a user knows, as the
library does by default. Needs `implicit`; knows nothing of how answers are measured.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from implicit.nearest_neighbours import BM25Recommender
from scipy import sparse

from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.comparison.baselines import Unsaved
from personalize_assets.recipes.histories import FloatArray, Histories, IntArray
from personalize_assets.recipes.solvers.queries import recent_matrix, seen_matrix
from personalize_assets.recipes.solvers.sparse_rows import dense_product

FACTORS = 64
NEIGHBOURS = 100
RECENCY_DECAY = 10.0
EVERYTHING = 1_000_000

Fit = Callable[[TrainingData, Histories, np.random.Generator], "Peer"]


@dataclass(frozen=True)
class Peer(Unsaved):
    """A trained recommender of the library.

    Attributes:
        n_items: Size of the catalogue.
        trained: The library's own object.
        decay: What a user met p items ago weighs ``exp(-p / decay)`` in the question; None weighs
            all alike.
    """

    n_items: int
    trained: Any
    decay: float | None

    def score(self, histories: Histories) -> FloatArray:
        """Score every item for every history, ``-inf`` for what is known; see ``Model``."""
        asked = self._asked(histories)
        if isinstance(self.trained, AlternatingLeastSquares):
            numbers = np.arange(len(histories))
            users = self.trained.recalculate_user(numbers, sparse.csr_matrix(asked))
            scores = np.asarray(users @ self.trained.item_factors.T)
        else:
            neighbours = sparse.csr_array(self.trained.similarity.astype(np.float32))
            scores = dense_product(asked, neighbours)
        scores[histories.rows, histories.items] = -np.inf
        return scores

    def recommend(self, histories: Histories, k: int) -> IntArray:
        """The best items by the library's own means, shape ``(n, k)``; -1 pads."""
        ids, _ = self.trained.recommend(
            np.arange(len(histories)),
            sparse.csr_matrix(self._asked(histories)),
            N=k,
            filter_already_liked_items=True,
            recalculate_user=True,
        )
        return np.asarray(ids, dtype=np.int32)

    def _asked(self, histories: Histories) -> sparse.csr_array:
        return recent_matrix(histories, self.n_items, decay=self.decay, limit=EVERYTHING)


def fit_als(decay: float | None = None, alpha: float = 1.0) -> Fit:
    """ALS with 64 factors and else the library's defaults.

    Args:
        decay: As the attribute of ``Peer``.
        alpha: Confidence in what was met; 1 is the library's default.
    """

    def fit(data: TrainingData, histories: Histories, rng: np.random.Generator) -> Peer:
        trained: Any = AlternatingLeastSquares(
            factors=FACTORS, alpha=alpha, num_threads=1, random_state=int(rng.integers(2**31))
        )
        met = sparse.csr_matrix(seen_matrix(histories, data.n_items))
        trained.fit(met, show_progress=False)
        return Peer(data.n_items, trained, decay)

    return fit


def fit_bm25(decay: float | None = None) -> Fit:
    """Item neighbours under BM25, with the library's defaults but for their number.

    Args:
        decay: As the attribute of ``Peer``.
    """

    def fit(data: TrainingData, histories: Histories, rng: np.random.Generator) -> Peer:
        trained: Any = BM25Recommender(K=NEIGHBOURS, num_threads=1)
        met = sparse.csr_matrix(seen_matrix(histories, data.n_items))
        trained.fit(met, show_progress=False)
        return Peer(data.n_items, trained, decay)

    return fit


PEERS: dict[str, Fit] = {
    "implicit ALS 64": fit_als(),
    "implicit ALS 64, newer weigh more": fit_als(RECENCY_DECAY),
    "implicit ALS 64, alpha 5, newer weigh more": fit_als(RECENCY_DECAY, alpha=5.0),
    "implicit BM25": fit_bm25(),
    "implicit BM25, newer weigh more": fit_bm25(RECENCY_DECAY),
}
"""What stands beside the recipes, by the name of its line."""
