"""What any recipe must beat: chance, and for segments the users who are active anyway.

Popularity among items is a recipe of its own, aws-popularity-count. These answer like models, but
are never saved; they know nothing of data beyond counts.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from scipy import sparse

from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.histories import FloatArray, Histories


class Unsaved:
    """For models that are made to be compared with and never leave memory."""

    def save(self, folder: Path) -> None:
        """Not to be called.

        Raises:
            TypeError: Always.
        """
        raise TypeError(f"a {type(self).__name__} is never saved")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Not to be called.

        Raises:
            TypeError: Always.
        """
        raise TypeError(f"a {cls.__name__} is never saved")


@dataclass(frozen=True)
class RandomItems(Unsaved):
    """Every item is as likely as any other, drawn anew for each history.

    Attributes:
        n_items: Size of the catalogue.
        rng: Goes on from call to call.
    """

    n_items: int
    rng: np.random.Generator

    def score(self, histories: Histories) -> FloatArray:
        """Draw scores, shape ``(n, n_items)``; see ``Model``."""
        return self.rng.random((len(histories), self.n_items), dtype=np.float32)


@dataclass(frozen=True)
class RandomUsers(Unsaved):
    """Every user is as likely as any other, drawn anew for each query.

    Attributes:
        n_items: Size of the catalogue.
        n_users: Number of users.
        rng: Goes on from call to call.
    """

    n_items: int
    n_users: int
    rng: np.random.Generator

    def score_users(self, weights: sparse.csr_array) -> FloatArray:
        """Draw scores, shape ``(n_queries, n_users)``; see ``SegmentModel``."""
        return self.rng.random((weights.shape[0], self.n_users), dtype=np.float32)


@dataclass(frozen=True)
class ActiveUsers(Unsaved):
    """The users with the most events, whatever is asked.

    Attributes:
        n_items: Size of the catalogue.
        activity: Events of each user; float32, shape ``(n_users,)``.
    """

    n_items: int
    activity: FloatArray

    @property
    def n_users(self) -> int:
        """Number of users."""
        return len(self.activity)

    def score_users(self, weights: sparse.csr_array) -> FloatArray:
        """The same row for each query; see ``SegmentModel``."""
        return np.tile(self.activity, (weights.shape[0], 1))


def random_items(data: TrainingData, train: Histories, rng: np.random.Generator) -> RandomItems:
    """Chance, for recipes that recommend items."""
    return RandomItems(data.n_items, rng)


def random_users(data: TrainingData, train: Histories, rng: np.random.Generator) -> RandomUsers:
    """Chance, for recipes that make segments."""
    return RandomUsers(data.n_items, data.n_users, rng)


def active_users(data: TrainingData, train: Histories, rng: np.random.Generator) -> ActiveUsers:
    """The most active users, for recipes that make segments."""
    return ActiveUsers(data.n_items, train.lengths.astype(np.float32))
