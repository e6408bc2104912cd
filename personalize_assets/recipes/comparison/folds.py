"""Ten folds of users, the same for everything that is compared, and the trial that each makes.

Each fold is a tenth of the users, which is Amazon's share of tested users; running fewer of the ten
is quicker and less certain. Knows trials, but no recipe.
"""

# pyarrow.compute makes its functions when it is imported, where pyright cannot see them.
# pyright: reportAttributeAccessIssue=false

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.histories import BoolArray, Histories
from personalize_assets.recipes.segment_trial import SegmentTrial
from personalize_assets.recipes.spec import RecipeSpec
from personalize_assets.recipes.trials import ItemTrial, split_by

N_FOLDS: Final = 10


@dataclass(frozen=True)
class Folds:
    """Which users belong to which fold.

    Attributes:
        data: What is compared on.
        histories: All events of ``data``, a row per user; ties of time are ordered once for all.
        of_user: Number of each user's fold, -1 for users who have too few events to be tested and
            train always; int64, shape ``(n_users,)``.
        seed: Of the order of ties, the folds and every training.
    """

    data: TrainingData
    histories: Histories
    of_user: np.ndarray
    seed: int

    @classmethod
    def draw(cls, data: TrainingData, seed: int) -> "Folds":
        """Put every user with two events or more into one of ten folds.

        The users in ascending order of id (as numbers where all ids are numbers) are permuted by
        ``numpy.random.RandomState(seed)`` and cut into ten with ``numpy.array_split``.
        """
        histories = data.histories(np.random.default_rng(seed))
        eligible = _ascending(data.user_ids)
        eligible = eligible[histories.lengths[eligible] >= 2]
        of_user = np.full(data.n_users, -1, dtype=np.int64)
        order = np.random.RandomState(seed).permutation(len(eligible))
        for number, members in enumerate(np.array_split(order, N_FOLDS)):
            of_user[eligible[members]] = number
        return cls(data, histories, of_user, seed)

    def item_trial(self, spec: RecipeSpec, data: TrainingData, fold: int) -> ItemTrial:
        """Test the users of one fold and train on the others.

        Args:
            spec: A recipe that recommends items.
            data: What the learner sees: ``self.data``, perhaps without its metadata.
            fold: From 0 to 9.
        """
        return ItemTrial(spec, data, split_by(self.histories, self.of_user == fold))

    def segment_trial(self, spec: RecipeSpec, data: TrainingData, fold: int) -> SegmentTrial:
        """The recipe's own trial of the data without the users of one fold.

        Segments are tested on the newest fifth of every user's events, so that a fold cannot be
        tested by users who were not trained on; it is left out instead (delete-a-group jackknife).
        """
        rest = without_users(data, self.of_user == fold)
        return SegmentTrial.draw(spec, rest, np.random.default_rng(self.seed))


def without_users(data: TrainingData, left_out: BoolArray) -> TrainingData:
    """The same data as if some users had never been there; the catalogue stays.

    Args:
        data: Without actions.
        left_out: Shape ``(n_users,)``.
    """
    keep = ~left_out
    index = (np.cumsum(keep) - 1).astype(np.int32)
    users, kept = data.user_features, pa.array(keep)
    rows = data.where(keep[data.user])
    return replace(
        rows,
        user=index[rows.user],
        user_ids=data.user_ids.filter(kept),
        user_features=None if users is None else users.filter(kept),
    )


def _ascending(ids: pa.StringArray) -> np.ndarray:
    """Indices of ids in ascending order: of number where all are numbers, else of bytes."""
    if not pc.all(pc.match_substring_regex(ids, r"^\d{1,18}$")).as_py():
        return np.asarray(pc.sort_indices(ids))
    return np.asarray(pc.sort_indices(ids.cast(pa.int64())))
