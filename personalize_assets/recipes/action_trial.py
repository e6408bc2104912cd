"""The split and the metrics of recipes that recommend actions.

Knows action models by their protocol only.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from personalize_assets.core.metrics import (
    LONGEST_LIST,
    Truth,
    area_under_curve,
    evaluate_actions,
)
from personalize_assets.core.splitting import choose_test_users, mark_truth
from personalize_assets.recipes.actions import (
    ActionData,
    ActionHistories,
    build_action_histories,
)
from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.histories import Histories
from personalize_assets.recipes.models import action_model
from personalize_assets.recipes.ranking import best_columns
from personalize_assets.recipes.user_kinds import with_user_columns


@dataclass(frozen=True)
class ActionTrial:
    """The trial of Next-Best-Action: a tenth of the users with two action interactions or more.

    Attributes:
        data: Only the action interactions of training users; the learner reads item events from
            ``train``.
        train: Item events of all users but the tested ones, a row per user.
        users: User index of each tested user.
        given_items: What the tested users did with items before their truth began.
        given: Oldest 90 percent of the tested users' action interactions.
        truth: Newest 10 percent, same rows.
    """

    data: TrainingData
    train: Histories
    given_items: Histories
    given: ActionHistories
    truth: ActionHistories

    @classmethod
    def draw(cls, data: TrainingData, rng: np.random.Generator) -> "ActionTrial":
        """Split the users.

        Raises:
            ValueError: The data have no actions.
        """
        if data.actions is None:
            raise ValueError("a trial of actions needs actions")
        items = data.histories(rng)
        met = build_action_histories(data.actions, data.n_users)
        tested = choose_test_users(np.diff(met.indptr) >= 2, rng)
        test = met.take(tested)
        held = mark_truth(test.indptr)
        truth = test.where(held)
        began = truth.timestamps[truth.indptr[:-1]]
        asked = with_user_columns(data, items.take(tested))
        return cls(
            data=replace(data, actions=data.actions.where(~tested[data.actions.user])),
            train=items.where(~tested[items.rows]),
            given_items=asked.where(asked.timestamps < np.repeat(began, asked.lengths)),
            given=test.where(~held),
            truth=truth,
        )

    @property
    def _actions(self) -> ActionData:
        assert self.data.actions is not None
        return self.data.actions

    @property
    def n_train_users(self) -> int:
        """Users with action interactions to train on."""
        return len(np.unique(self._actions.user))

    @property
    def n_test_users(self) -> int:
        """Tested users."""
        return len(self.given)

    @property
    def n_events(self) -> int:
        """Action interactions trained on, given and held out."""
        return len(self._actions) + len(self.given.actions) + len(self.truth.actions)

    def measure(self, model: Any) -> tuple[dict[str, float], dict[str, float]]:
        """Metrics of what would be recommended; actions that score 0 are not."""
        scores = action_model(model).score_actions(self.given_items, self.given)
        ranked = best_columns(scores, min(LONGEST_LIST, scores.shape[1])).astype(np.int32)
        ranked[np.take_along_axis(scores, ranked, axis=1) <= 0] = -1
        taken = self.truth.where(self.truth.taken)
        metrics = evaluate_actions(
            ranked, Truth(taken.indptr, taken.actions), self._actions.n_actions
        )
        told = scores[self.truth.rows, self.truth.actions]
        area = area_under_curve(told[told > 0], self.truth.taken[told > 0])
        return metrics | ({} if area is None else {"auc": round(area, 4)}), {}
