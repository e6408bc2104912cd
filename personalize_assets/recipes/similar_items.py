"""aws-similar-items: items that the same users meet near each other, or that such items are like.

How often users met an answer near an item is counted as aws-sims counts it. To these counts come
some that metadata predict: what users met near the items that are most like it, and items like it
that nobody met so far. With many counts of its own an item hardly needs them; an item that nobody
met has nothing else (a Dirichlet prior with a mean of its own: MacKay and Bauman Peto, 1995).
"""

import datetime as dt
from typing import Any, Final

import numpy as np
from scipy import sparse

from personalize_assets.recipes.base import Progress, TrainingData, ignore_progress
from personalize_assets.recipes.histories import FloatArray, Histories
from personalize_assets.recipes.hyperparameters import NoOptions
from personalize_assets.recipes.options import SimilarItemsOptions
from personalize_assets.recipes.related_items import (
    MAX_NEIGHBOURS,
    RelatedItemsModel,
    related_items,
)
from personalize_assets.recipes.solvers.cold_start import log_popularity
from personalize_assets.recipes.solvers.half_precision import round_to_half
from personalize_assets.recipes.solvers.likeness import likeness, most_alike
from personalize_assets.recipes.solvers.transitions import (
    TransitionOptions,
    fit_transitions,
    keep_strongest,
)
from personalize_assets.recipes.spec import RecipeSpec

_TOGETHER: Final = TransitionOptions(
    source_discount=0.0, target_discount=0.0, both_directions=True, before=0.5, max_neighbours=500
)
_LENDERS: Final = 5_000
"""Items whose neighbours may be lent to others, the most popular: bounds the work."""

_UNMET: Final = 5_000
"""Items that nobody met and that may be answers, those that come last in the catalogue."""

_LENT: Final = 100
"""Neighbours that an item lends, the strongest."""

_PREDICTED: Final = 2_000.0  # counts, divided by item_id_hidden_dim, whose default is 100
_LENDERS_OF_ONE: Final = 0.2  # times item_metadata_hidden_dim, whose default is 100
_UNMET_SHARE: Final = 0.05
"""Of the predicted counts, what goes to items that nobody met."""

_UNMET_OF_ONE: Final = 5
_ITSELF: Final = np.float32(0.005)
"""What an item that lends its neighbours counts as an answer itself, beside 1 for all of these."""

_DOUBT: Final = 200.0
"""As many counts of its own halve what an item's neighbours say to others."""

_DISCOUNT: Final = 0.3
_STRONGEST_DISCOUNT: Final = 0.6
_PRIOR_PERCENTILE: Final = 0.9
_ROWS: Final = 1_000


class SimilarItems:
    """Counts what users met near each other and predicts the rest from metadata."""

    model_type = RelatedItemsModel

    def fit(
        self,
        data: TrainingData,
        histories: Histories,
        config: SimilarItemsOptions,
        featurization: NoOptions,
        rng: np.random.Generator,
        progress: Progress = ignore_progress,
    ) -> RelatedItemsModel:
        """Count and predict; see ``Learner``."""
        progress("counts", 0.0)
        counts = fit_transitions(histories, data.n_items, _TOGETHER)
        popularity = np.bincount(histories.items, minlength=data.n_items).astype(np.float32)
        progress("metadata", 0.4)
        features = likeness(data, counts, rng)
        n_alike = max(1, round(_LENDERS_OF_ONE * config.item_metadata_hidden_dim))
        order = np.argsort(-popularity, kind="stable").astype(np.int32)
        met, unmet = np.split(order, [np.count_nonzero(popularity)])
        weights = _predict(
            counts,
            most_alike(features, met[:_LENDERS], n_alike),
            most_alike(features, unmet[-_UNMET:], _UNMET_OF_ONE),
            _PREDICTED / config.item_id_hidden_dim,
            _discount(popularity, config.popularity_discount_factor),
            progress,
        )
        return related_items(weights, log_popularity(histories, data.n_items))


def _discount(popularity: FloatArray, factor: float) -> FloatArray:
    """What answers are multiplied by, shape ``(n_items,)``."""
    met = popularity[popularity > 0]
    prior = np.quantile(met, _PRIOR_PERCENTILE, method="higher") if len(met) else 1.0
    power = _DISCOUNT + (_STRONGEST_DISCOUNT - _DISCOUNT) * factor
    return ((popularity + prior) ** -power).astype(np.float32)


def _predict(
    counts: sparse.csr_array,
    lenders: sparse.csr_array,
    unmet: sparse.csr_array,
    predicted: float,
    scale: FloatArray,
    progress: Progress,
) -> sparse.csr_array:
    """Counts with those that are predicted, discounted and pruned, some rows at a time."""
    n_items = counts.shape[0]
    shares = _shares(counts, _DOUBT)
    shares = keep_strongest(shares, shares.data, _LENT) + _ITSELF * sparse.eye_array(n_items)
    blocks: list[Any] = []
    for start in range(0, n_items, _ROWS):
        progress("predict", 0.5 + 0.5 * start / n_items)
        rows = slice(start, start + _ROWS)
        lent = _shares(lenders[rows] @ shares)
        new = _shares(unmet[rows])
        block = counts[rows] + predicted * ((1 - _UNMET_SHARE) * lent + _UNMET_SHARE * new)
        block = sparse.csr_array(block).astype(np.float32)
        own = np.arange(start, start + block.shape[0])
        block.data[block.indices == np.repeat(own, np.diff(block.indptr))] = 0
        blocks.append(keep_strongest(block, block.data * scale[block.indices], MAX_NEIGHBOURS))
    weights = sparse.vstack(blocks, format="csr", dtype=np.float32)
    round_to_half(weights.data)
    return weights


def _shares(counts: Any, doubt: float = 0.0) -> sparse.csr_array:
    """Rows that sum to 1, or to 0; to less with doubt, which is added to their sums."""
    counts = sparse.csr_array(counts)
    total = np.asarray(counts.sum(axis=1)).ravel() + np.float32(doubt)
    scale = np.divide(1, total, out=np.zeros(len(total), np.float32), where=total > 0)
    return sparse.csr_array(sparse.diags_array(scale) @ counts)


SIMILAR_ITEMS = RecipeSpec(
    name="aws-similar-items",
    recipe_type="RELATED_ITEMS",
    description="Items like a given one, by who interacted with them and by their metadata.",
    created=dt.date(2021, 9, 28),
    algorithm="aws-similar-items",
    feature_transformation="aws-similar-items",
    used_datasets=("Items",),
    query_fields=("itemId",),
    batch_field="itemId",
    config=SimilarItemsOptions,
    hpo=True,
    promotes=True,
    learner=SimilarItems(),
)
