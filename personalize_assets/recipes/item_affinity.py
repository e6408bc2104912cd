"""aws-item-affinity: the users who will most likely interact with an item.

A truncated singular value decomposition of who met what, its weak directions damped as a Wiener
filter damps noise. Beside it stand what an item's categories say, by how often a user met items of
these, what is known of the user, by how much more often than by chance such users met the item,
and how busy a user is, which is all there is to say where nothing else is known. Users who know an
item come back to it as often as people repeat at all. Shared with aws-item-attribute-affinity,
which asks about more items at a time.
"""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from personalize_assets.recipes.base import Progress, TrainingData, ignore_progress
from personalize_assets.recipes.histories import FloatArray, Histories
from personalize_assets.recipes.hyperparameters import NoOptions
from personalize_assets.recipes.item_columns import item_columns
from personalize_assets.recipes.options import AffinityOptions
from personalize_assets.recipes.solvers.categories import category_matrix, compact
from personalize_assets.recipes.solvers.factorization import truncated_svd
from personalize_assets.recipes.solvers.queries import seen_matrix
from personalize_assets.recipes.solvers.repeats import repeat_rate
from personalize_assets.recipes.solvers.sparse_rows import sparse_rows
from personalize_assets.recipes.spec import RecipeSpec
from personalize_assets.recipes.storage import ModelFormat
from personalize_assets.recipes.user_kinds import UserKinds

_FORMAT = ModelFormat("item-affinity", 2)

# Chosen on halves of the users of ml-latest-small and on planted sets of 5,000 to 2,000,000
# events, newest fifth held out.
_USER_DISCOUNT, _ITEM_DISCOUNT, _BUSY_POWER = 0.25, 0.5, 0.5
_CERTAIN: Final = 10  # directions weaker than this one are damped to less than half
_DIMENSIONS_PER_DIRECTION: Final = 4
_ACTIVITY, _ITEM_CATEGORIES, _USER_CATEGORIES = 0.08, 0.35, 0.15
"""What the parts weigh on average, beside the root mean square of the decomposition's scores."""

_MOST_CATEGORIES: Final = 64
_PRIOR_USERS: Final = 10.0
"""As many expected users of an item and a kind halve what was counted of them."""

_PAIRS_AT_A_TIME: Final = 200_000


@dataclass(frozen=True)
class AffinityModel:
    """Factors whose products tell how much a user takes to an item.

    Attributes:
        users: float32, shape ``(n_users, d)``; the last column is how busy a user is.
        items: float32, shape ``(n_items, d)``.
        known: Ones where a user knows an item; shape ``(n_items, n_users)``, so that a query
            touches its items' rows only.
        repeats: How much is left of the score of an item that the user knows, from 0 to 1.
    """

    users: FloatArray
    items: FloatArray
    known: sparse.csr_array
    repeats: float

    @property
    def n_users(self) -> int:
        """Number of users."""
        return len(self.users)

    @property
    def n_items(self) -> int:
        """Size of the catalogue."""
        return len(self.items)

    def score_users(self, weights: sparse.csr_array) -> FloatArray:
        """Sum a query's items' scores; see ``SegmentModel``."""
        scores = np.asarray((weights @ self.items) @ self.users.T, dtype=np.float32)
        for query in range(len(scores)):
            asked = slice(*weights.indptr[query : query + 2])
            if asked.start == asked.stop:
                scores[query] = self.users[:, -1]
            else:
                known = self._known(weights.indices[asked], weights.data[asked])
                scores[query] -= (1 - self.repeats) * known
        return scores

    def _known(self, items: NDArray[Any], weights: FloatArray) -> NDArray[np.float64]:
        """Each user's score of those of the items that the user knows; shape ``(n_users,)``."""
        known = sparse.csr_array(self.known[items])
        item = np.repeat(items, np.diff(known.indptr))
        weight = np.repeat(weights, np.diff(known.indptr))
        total = np.zeros(self.n_users)
        for start in range(0, len(item), _PAIRS_AT_A_TIME):
            pairs = slice(start, start + _PAIRS_AT_A_TIME)
            user = known.indices[pairs]
            scores = np.einsum("nd,nd->n", self.users[user], self.items[item[pairs]])
            total += np.bincount(user, scores * weight[pairs], minlength=self.n_users)
        return total

    def save(self, folder: Path) -> None:
        """Write the model; see ``SegmentModel``."""
        arrays = {
            "users": self.users,
            "items": self.items,
            "known_indices": self.known.indices,
            "known_indptr": self.known.indptr,
        }
        _FORMAT.write(folder, {"repeats": self.repeats}, arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the model; see ``SegmentModel``."""
        settings, arrays = _FORMAT.read(folder)
        users, indices = arrays["users"], arrays["known_indices"]
        known = sparse_rows(
            np.ones(len(indices), np.float32), indices, arrays["known_indptr"], len(users)
        )
        return cls(users, arrays["items"], known, settings["repeats"])


class ItemAffinity:
    """Factorizes who met what."""

    model_type = AffinityModel

    def fit(
        self,
        data: TrainingData,
        histories: Histories,
        config: AffinityOptions,
        featurization: NoOptions,
        rng: np.random.Generator,
        progress: Progress = ignore_progress,
    ) -> AffinityModel:
        """Factorize; see ``Learner``."""
        met = seen_matrix(histories, data.n_items)
        busy, popular = _degrees(met)
        progress("factorize", 0.1)
        directions = config.hidden_dimension // _DIMENSIONS_PER_DIRECTION
        tastes, items = _directions(met, busy, popular, directions, rng)
        typical = max(float(np.sqrt((tastes**2).sum() / max(1, len(busy) * len(popular)))), 1e-6)
        progress("categories", 0.7)
        parts = [(tastes, items)]
        for part, weight in (
            (_item_categories(data, met, rng), _ITEM_CATEGORIES),
            (_user_categories(data, met, busy), _USER_CATEGORIES),
            ((busy[:, None], np.ones((data.n_items, 1), np.float32)), _ACTIVITY),
        ):
            parts.append(_averaging(part, weight * typical))
        items = np.hstack([part[1] for part in parts]) * (popular**_ITEM_DISCOUNT)[:, None]
        return AffinityModel(
            users=np.hstack([part[0] for part in parts]).astype(np.float32),
            items=items.astype(np.float32),
            known=sparse.csr_array(met.T),
            repeats=repeat_rate(histories, data.n_items),
        )


Part = tuple[FloatArray, FloatArray]
"""Factors of users and of items, whose products are one part of the scores."""


def _degrees(met: sparse.csr_array) -> Part:
    """Items of each user and users of each item, at least half of one."""
    busy = np.diff(met.indptr).astype(np.float32)
    popular = np.bincount(met.indices, minlength=met.shape[1]).astype(np.float32)
    return np.maximum(busy, np.float32(0.5)), np.maximum(popular, np.float32(0.5))


def _directions(
    met: sparse.csr_array,
    busy: FloatArray,
    popular: FloatArray,
    count: int,
    rng: np.random.Generator,
) -> Part:
    """The damped decomposition; its items' factors are of length 1 in each direction."""
    scaled = met.copy()
    scaled.data *= np.repeat(busy**-_USER_DISCOUNT, np.diff(met.indptr))
    scaled.data *= (popular**-_ITEM_DISCOUNT)[met.indices]
    left, strengths, right = truncated_svd(scaled, count, rng)
    noise = strengths[min(_CERTAIN, len(strengths)) - 1] if len(strengths) else 1.0
    left *= strengths**5 / np.maximum(strengths**4 + noise**4, 1e-12)
    left *= (busy**_BUSY_POWER)[:, None]
    return left, right.T


def _item_categories(data: TrainingData, met: sparse.csr_array, rng: np.random.Generator) -> Part:
    """How often a user met the categories that an item has, rare ones counting more."""
    table, columns = data.item_features, item_columns(data, "categorical")
    if table is None or not columns:
        return np.zeros((met.shape[0], 0), np.float32), np.zeros((met.shape[1], 0), np.float32)
    profiles = compact(category_matrix(table, columns), _MOST_CATEGORIES, rng)
    return np.asarray(met @ profiles), profiles


def _user_categories(data: TrainingData, met: sparse.csr_array, busy: FloatArray) -> Part:
    """How much more often than by chance users of a kind met an item."""
    groups = UserKinds.of(data.user_features).marks(data.user_features, data.n_users)
    counts = met.T @ groups
    share = counts.sum(axis=0) / max(1, met.nnz) + 1e-6
    expected = np.bincount(met.indices, minlength=met.shape[1])[:, None] * share
    lifts = (counts + _PRIOR_USERS * share) / (expected + _PRIOR_USERS * share)
    return groups * busy[:, None], lifts.astype(np.float32)


def _averaging(part: Part, mean: float) -> Part:
    """Scale the users' factors, so that the mean score is as wanted."""
    users, items = part
    found = float(users.mean(axis=0, dtype=np.float64) @ items.mean(axis=0, dtype=np.float64))
    return users * np.float32(mean / found if found > 0 else 0.0), items


ITEM_AFFINITY = RecipeSpec(
    name="aws-item-affinity",
    recipe_type="USER_SEGMENTATION",
    description="Users who will most likely interact with a given item.",
    created=dt.date(2021, 7, 15),
    algorithm="aws-item-affinity",
    feature_transformation="item-affinity",
    used_datasets=("Items", "Users"),
    query_fields=("itemId",),
    batch_field="itemId",
    config=AffinityOptions,
    learner=ItemAffinity(),
)
