"""What users did with actions: as training data, and as histories of those who are asked about.

Holds values only. Knows no recipe, no tables and nothing of how actions are served.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_OUTCOMES = {"taken": 1, "nottaken": 0, "viewed": 0}


def outcome_of(event_type: str) -> int:
    """1 for an action that was taken, 0 for one not taken or viewed, -1 for any other event type.

    >>> [outcome_of(name) for name in ("TAKEN", "Not Taken", "viewed", "Click")]
    [1, 0, 0, -1]
    """
    return _OUTCOMES.get(event_type.lower().replace("_", "").replace(" ", ""), -1)


@dataclass(frozen=True)
class ActionData:
    """The action interactions that a recipe trains on, in any order, ids turned into indices.

    Attributes:
        action_ids: Ids by action index: the Actions dataset; length ``n_actions``.
        user: Index into ``TrainingData.user_ids`` of each row; int32, shape ``(n,)``.
        action: Action index of each row; int32, shape ``(n,)``.
        timestamp: Epoch seconds of each row; int64, shape ``(n,)``.
        taken: Whether the user took the action; otherwise it was viewed or turned down. Bool,
            shape ``(n,)``.
        features: The Actions dataset, one row per action and in the order of ``action_ids``.
    """

    action_ids: pa.StringArray
    user: NDArray[np.int32]
    action: NDArray[np.int32]
    timestamp: NDArray[np.int64]
    taken: NDArray[np.bool_]
    features: pa.Table | None = None

    def __len__(self) -> int:
        return len(self.user)

    @property
    def n_actions(self) -> int:
        """Number of actions."""
        return len(self.action_ids)

    def where(self, keep: NDArray[np.bool_]) -> "ActionData":
        """The same actions with only the rows that ``keep`` marks; shape ``(n,)``."""
        return ActionData(
            self.action_ids,
            self.user[keep],
            self.action[keep],
            self.timestamp[keep],
            self.taken[keep],
            self.features,
        )


@dataclass(frozen=True)
class ActionHistories:
    """What each of ``n`` users did with actions, oldest first, one flat array with row pointers.

    Attributes:
        indptr: Row ``u`` is ``actions[indptr[u]:indptr[u + 1]]``; int64, shape ``(n + 1,)``.
        actions: Action indices; int32, shape ``(n_events,)``.
        timestamps: Epoch seconds; int64, shape ``(n_events,)``.
        taken: As in ``ActionData``; bool, shape ``(n_events,)``.
    """

    indptr: NDArray[np.int64]
    actions: NDArray[np.int32]
    timestamps: NDArray[np.int64]
    taken: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @classmethod
    def empty(cls, n_users: int) -> Self:
        """Histories of ``n_users`` users who met no action yet."""
        return cls(
            indptr=np.zeros(n_users + 1, dtype=np.int64),
            actions=np.zeros(0, dtype=np.int32),
            timestamps=np.zeros(0, dtype=np.int64),
            taken=np.zeros(0, dtype=np.bool_),
        )

    @property
    def rows(self) -> NDArray[np.int32]:
        """Row of each event; int32, shape ``(n_events,)``."""
        return np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.indptr))

    def where(self, keep: NDArray[np.bool_]) -> "ActionHistories":
        """The same users with only the events that ``keep`` marks; shape ``(n_events,)``."""
        kept = np.concatenate(([0], np.cumsum(keep, dtype=np.int64)))
        return ActionHistories(
            kept[self.indptr], self.actions[keep], self.timestamps[keep], self.taken[keep]
        )

    def take(self, users: NDArray[np.bool_]) -> "ActionHistories":
        """Only the users that ``users`` marks; shape ``(n,)``."""
        lengths = np.diff(self.indptr)
        kept = self.where(np.repeat(users, lengths))
        indptr = np.concatenate(([0], np.cumsum(lengths[users]))).astype(np.int64)
        return ActionHistories(indptr, kept.actions, kept.timestamps, kept.taken)


def build_action_histories(data: ActionData, n_users: int) -> ActionHistories:
    """Order action interactions by user and time; rows equal in all but order stay apart.

    Args:
        data: Rows of any order.
        n_users: Number of rows of the result.
    """
    order = np.lexsort((data.taken, data.action, data.timestamp, data.user))
    counts = np.bincount(data.user, minlength=n_users)
    return ActionHistories(
        indptr=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        actions=data.action[order],
        timestamps=data.timestamp[order],
        taken=data.taken[order],
    )
