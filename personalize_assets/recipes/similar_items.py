"""aws-similar-items: items that the same users interact with, nearer if they share categories.

Two items are as similar as the cosine of who interacted with them says, held back where few users
stand behind it, plus a share of the cosine of their categories. Items that no user has in common
follow by their categories alone, which is how an item without interactions gets an answer.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy import sparse

from personalize_assets.recipes.base import (
    BoolArray,
    FloatArray,
    Histories,
    IntArray,
    Progress,
    TrainingData,
    ignore_progress,
)
from personalize_assets.recipes.hyperparameters import NoOptions
from personalize_assets.recipes.item_columns import item_columns
from personalize_assets.recipes.options import SimilarItemsOptions
from personalize_assets.recipes.related_items import RelatedItemsModel, related_items
from personalize_assets.recipes.solvers.categories import category_matrix
from personalize_assets.recipes.solvers.cold_start import log_popularity
from personalize_assets.recipes.solvers.queries import last_occurrences, weighted_matrix
from personalize_assets.recipes.solvers.sparse_rows import sparse_rows
from personalize_assets.recipes.spec import RecipeSpec

_NEWEST_EVENTS: Final = 1_000
"""Distinct items of a user that count, the newest: their pairs grow with the square."""

_MAX_TARGETS: Final = 20_000
"""Items that may be answers, the most popular: bounds the work in large catalogues."""

_MAX_NEIGHBOURS: Final = 500
_BLOCK_CELLS: Final = 1_000_000
_USERS_IN_DOUBT: Final = 2_000.0  # divided by item_id_hidden_dim, whose default is 100
_CATEGORY_WEIGHT: Final = 0.002  # times item_metadata_hidden_dim, whose default is 100
_WITHOUT_COMMON_USERS: Final = np.float32(0.01)


@dataclass(frozen=True)
class _Similarity:
    """What similarities are computed from.

    Attributes:
        targets: The items that may be answers, by catalogue index, popular ones first;
            shape ``(t,)``.
        users: Ones where an item was met by a user, shape ``(n_items, n_users)``.
        users_of_targets: The same of the targets, shape ``(n_users, t)``.
        categories: Rows of length 1, shape ``(n_items, n_categories)``.
        categories_of_targets: The same of the targets, shape ``(n_categories, t)``.
        popularity: Users of each item, at least 1; float32, shape ``(n_items,)``.
        doubt: As many users in common halve what the cosine says.
        category_weight: What the cosine of the categories counts beside that of the users.
        discount: Power of the popularity that an answer is divided by.
    """

    targets: IntArray
    users: sparse.csr_array
    users_of_targets: sparse.csr_array
    categories: sparse.csr_array
    categories_of_targets: sparse.csr_array
    popularity: FloatArray
    doubt: float
    category_weight: float
    discount: float

    def of_rows(self, start: int, stop: int) -> FloatArray:
        """Similarity of some items to all targets; shape ``(stop - start, t)``."""
        common: Any = self.users[start:stop] @ self.users_of_targets
        shared: Any = self.categories[start:stop] @ self.categories_of_targets
        similarity: FloatArray = shared.toarray() * np.float32(self.category_weight)
        rows = np.repeat(np.arange(stop - start), np.diff(common.indptr))
        columns = common.indices
        cosine = common.data / np.sqrt(
            self.popularity[start + rows] * self.popularity[self.targets[columns]]
        )
        cosine *= common.data / (common.data + np.float32(self.doubt))
        cosine += similarity[rows, columns]
        popularity = self.popularity[self.targets]
        # Many items share all categories; the popular ones come first.
        similarity *= _WITHOUT_COMMON_USERS * (1 + popularity / popularity[0])
        similarity[rows, columns] = cosine
        if self.discount:
            similarity *= popularity ** np.float32(-self.discount)
        own = np.flatnonzero((self.targets >= start) & (self.targets < stop))
        similarity[self.targets[own] - start, own] = 0
        return similarity


class SimilarItems:
    """Counts common users and compares categories."""

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
        """Count and compare; see ``Learner``."""
        distinct = histories.where(last_occurrences(histories, data.n_items)).last(_NEWEST_EVENTS)
        counts = np.bincount(distinct.items, minlength=data.n_items)
        targets = np.argsort(-counts, kind="stable")[:_MAX_TARGETS].astype(np.int32)
        users = weighted_matrix(distinct, data.n_items, None).T.tocsr()
        categories = _categories(data)
        similarity = _Similarity(
            targets=targets,
            users=users,
            users_of_targets=users[targets].T.tocsr(),
            categories=categories,
            categories_of_targets=categories[targets].T.tocsr(),
            popularity=np.maximum(counts, 1).astype(np.float32),
            doubt=_USERS_IN_DOUBT / config.item_id_hidden_dim,
            category_weight=_CATEGORY_WEIGHT * config.item_metadata_hidden_dim,
            discount=config.popularity_discount_factor / 2,
        )
        neighbours = _neighbours(similarity, data.n_items, progress)
        return related_items(neighbours, log_popularity(histories, data.n_items))


def _categories(data: TrainingData) -> sparse.csr_array:
    if data.item_features is None:
        return sparse_rows(
            np.zeros(0, np.float32), np.zeros(0, np.int32), np.zeros(data.n_items + 1, np.int32), 0
        )
    return category_matrix(data.item_features, item_columns(data, "categorical"))


def _neighbours(similarity: _Similarity, n_items: int, progress: Progress) -> sparse.csr_array:
    """The nearest targets of every item; float32, shape ``(n_items, n_items)``."""
    width = len(similarity.targets)
    height = max(1, _BLOCK_CELLS // max(1, width))
    values: list[FloatArray] = []
    indices: list[IntArray] = []
    counts = [np.zeros(1, np.int64)]
    for start in range(0, n_items, height):
        progress("similarity", start / n_items)
        block = similarity.of_rows(start, min(start + height, n_items))
        nearest = _nearest(block, min(_MAX_NEIGHBOURS, width))
        values.append(block[nearest])
        indices.append(similarity.targets[np.nonzero(nearest)[1]])
        counts.append(nearest.sum(axis=1))
    return sparse_rows(
        np.concatenate(values), np.concatenate(indices), np.cumsum(np.concatenate(counts)), n_items
    )


def _nearest(block: FloatArray, count: int) -> BoolArray:
    """Mark the ``count`` best of each row; of equal ones those that come first, never a 0."""
    least = np.partition(block, -count, axis=1)[:, -count:][:, :1]
    marked = (block >= least) & (block > 0)
    for row in np.flatnonzero(marked.sum(axis=1) > count):
        equal = np.flatnonzero(block[row] == least[row])
        surplus = int(marked[row].sum()) - count
        marked[row, equal[len(equal) - surplus :]] = False
    return marked


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
