"""aws-next-best-action: the actions that a user will most likely take.

A logistic regression on few features: how willing the user is to take any action, how often the
user took or passed over this one and actions of its kind, and, with weights of each action's own,
what the user did with items, as factors of a singular value decomposition, and what is known of
the user. The own weights of actions of one kind, by the categories of the Actions dataset, are
drawn together. An example is an action interaction and what had happened before it; it is positive
if the user took the action then or within the days of ``action_optimization_period``. Actions with
too few recent interactions get the propensity 0.
"""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from personalize_assets.core.columns import Columns
from personalize_assets.recipes.actions import (
    ActionData,
    ActionHistories,
    build_action_histories,
)
from personalize_assets.recipes.base import Progress, TrainingData, ignore_progress
from personalize_assets.recipes.circumstances import OF_USERS
from personalize_assets.recipes.histories import BoolArray, FloatArray, Histories, LongArray
from personalize_assets.recipes.hyperparameters import NoOptions
from personalize_assets.recipes.options import ActionOptions
from personalize_assets.recipes.solvers.categories import category_matrix, compact
from personalize_assets.recipes.solvers.factorization import truncated_svd
from personalize_assets.recipes.solvers.logistic import Examples, Logistic, fit_logistic
from personalize_assets.recipes.solvers.queries import recent_matrix, seen_matrix
from personalize_assets.recipes.spec import RecipeSpec
from personalize_assets.recipes.storage import ModelFormat
from personalize_assets.recipes.user_kinds import UserKinds

_FORMAT = ModelFormat("next-best-action", 2)
_DAY_S: Final = 24 * 60 * 60
_RECENT_S: Final = 42 * _DAY_S
_LEAST: Final = 50
"""Taken, and not taken or viewed, within six weeks of the newest event: native-recipe-...-action"""

_FACTORS, _RECENT_ITEMS = 16, 100
_MOST_KINDS: Final = 32
_RIDGES: Final = (1.0, 10.0, 100.0)
_VALIDATION_SHARE = 0.1
_MOST_EXAMPLES: Final = 2_000_000
"""What the weights are fitted to, the newest; the features count all interactions."""

_MOST_TRIED: Final = 100_000
"""What penalties are compared on."""

_PRIOR_EVENTS = 5.0
"""Events of average willingness that every user is taken to have had."""


@dataclass(frozen=True)
class NextBestActionModel:
    """Weights, and the factors of items that stand for a user's tastes.

    Attributes:
        logistic: Groups are actions; own features are the user's factors and marks.
        factors: float32, shape ``(n_items, d)``.
        kinds: What actions have in common; float32, shape ``(n_actions, c)``.
        users: What is marked of users.
        eligible: Actions with enough data, shape ``(n_actions,)``.
        rate: Share of all action interactions that took the action.
    """

    logistic: Logistic
    factors: FloatArray
    kinds: FloatArray
    users: UserKinds
    eligible: BoolArray
    rate: float

    @property
    def n_actions(self) -> int:
        """Number of actions."""
        return len(self.eligible)

    @property
    def circumstances(self) -> tuple[str, ...]:
        """Columns of ``Histories.about`` that it looks at; see ``Circumstantial``."""
        return self.users.circumstances

    def score_actions(self, histories: Histories, actions: ActionHistories) -> FloatArray:
        """Probability that each user takes each action; see ``ActionModel``."""
        shape = (len(histories), self.n_actions)
        cells = actions.rows.astype(np.int64) * self.n_actions + actions.actions
        took = np.bincount(cells[actions.taken], minlength=shape[0] * shape[1]).reshape(shape)
        left = np.bincount(cells[~actions.taken], minlength=shape[0] * shape[1]).reshape(shape)
        willing = _willingness(took.sum(axis=1), left.sum(axis=1), self.rate)
        alike = self.kinds @ self.kinds.T
        np.fill_diagonal(alike, 0)
        weights = self.logistic.shared
        logits = self.logistic.bias + weights[0] * willing[:, None]
        for weight, counts in zip(
            weights[1:], (took, left, took @ alike, left @ alike), strict=True
        ):
            logits = logits + weight * _dampened(counts)
        known = np.hstack(
            [
                user_factors(histories, self.factors),
                self.users.marks(histories.about, len(histories), OF_USERS),
            ]
        )
        logits = logits + known @ self.logistic.own.T
        chances = 1 / (1 + np.exp(-np.clip(logits, -60, 60)))
        return np.where(self.eligible, chances, 0).astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write the model; see ``ActionModel``."""
        arrays = {
            "bias": self.logistic.bias,
            "shared": self.logistic.shared,
            "own": self.logistic.own,
            "factors": self.factors,
            "kinds": self.kinds,
            "eligible": self.eligible,
        }
        settings = {"rate": self.rate, "users": self.users.to_json()}
        _FORMAT.write(folder, settings, arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the model; see ``ActionModel``."""
        settings, arrays = _FORMAT.read(folder)
        logistic = Logistic(arrays["bias"], arrays["shared"], arrays["own"])
        return cls(
            logistic=logistic,
            factors=arrays["factors"],
            kinds=arrays["kinds"],
            users=UserKinds.from_json(settings["users"]),
            eligible=arrays["eligible"],
            rate=settings["rate"],
        )


class NextBestAction:
    """Fits the regression, its penalty chosen on some of the training users."""

    model_type = NextBestActionModel

    def fit(
        self,
        data: TrainingData,
        histories: Histories,
        config: NoOptions,
        featurization: ActionOptions,
        rng: np.random.Generator,
        progress: Progress = ignore_progress,
    ) -> NextBestActionModel:
        """Fit; see ``Learner``.

        Raises:
            ValueError: The data have no actions.
        """
        if data.actions is None:
            raise ValueError("aws-next-best-action needs actions")
        progress("factorize", 0.1)
        factors = _item_factors(histories, data.n_items, rng)
        actions = data.actions
        rate = float((actions.taken.sum() + 0.5) / (len(actions) + 1))
        past = build_action_histories(actions, data.n_users)
        kinds = _kinds(actions, rng)
        users = UserKinds.of(data.user_features)
        known = np.hstack(
            [user_factors(histories, factors), users.marks(data.user_features, data.n_users)]
        )
        examples = _examples(past, known, kinds, rate, featurization.action_optimization_period)
        progress("regression", 0.4)
        logistic = _fit(*_newest(examples, past), kinds, rng)
        return NextBestActionModel(logistic, factors, kinds, users, enough_data(actions), rate)


def _newest(examples: Examples, past: ActionHistories) -> tuple[Examples, NDArray[np.int32]]:
    """No more examples than are fitted to, and their users."""
    if len(examples) <= _MOST_EXAMPLES:
        return examples, past.rows
    chosen = np.sort(np.argsort(past.timestamps, kind="stable")[-_MOST_EXAMPLES:])
    return examples.where(chosen), past.rows[chosen]


def enough_data(actions: ActionData) -> BoolArray:
    """Actions that were taken, and not taken or viewed, 50 times each within the last six weeks."""
    newest = actions.timestamp.max(initial=0)
    recent = actions.timestamp >= newest - _RECENT_S
    took = np.bincount(actions.action[recent & actions.taken], minlength=actions.n_actions)
    left = np.bincount(actions.action[recent & ~actions.taken], minlength=actions.n_actions)
    return (took >= _LEAST) & (left >= _LEAST)


def user_factors(histories: Histories, factors: FloatArray) -> FloatArray:
    """The direction of a user's newest items among all items' factors.

    Args:
        histories: Any users.
        factors: Of the items, shape ``(n_items, d)``.

    Returns:
        Shape ``(n, d)``, rows of length 1; zeros for a user of whom nothing is known.
    """
    newest = recent_matrix(histories, len(factors), decay=None, limit=_RECENT_ITEMS)
    found = np.asarray(newest @ factors, dtype=np.float32)
    found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
    return found


def _item_factors(histories: Histories, n_items: int, rng: np.random.Generator) -> FloatArray:
    met = seen_matrix(histories, n_items)
    popular = np.maximum(np.bincount(met.indices, minlength=n_items), 1)
    met.data *= (popular**-0.5)[met.indices].astype(np.float32)
    return np.ascontiguousarray(truncated_svd(met, _FACTORS, rng)[2].T)


def _kinds(actions: ActionData, rng: np.random.Generator) -> FloatArray:
    """Categories of the actions as rows of length 1; shape ``(n_actions, c)``."""
    table = actions.features
    strings = [] if table is None else [c.name for c in table.schema if pa.types.is_string(c.type)]
    columns = [name for name in strings if name != Columns.ACTION_ID]
    if table is None or not columns:
        return np.zeros((actions.n_actions, 0), np.float32)
    return compact(category_matrix(table, columns), _MOST_KINDS, rng)


def _dampened(counts: NDArray[np.number]) -> NDArray[np.float32]:
    return np.log1p(np.maximum(counts, 0)).astype(np.float32)


def _willingness(took: LongArray, left: LongArray, rate: float) -> NDArray[np.float64]:
    """Log odds that a user takes any action, less those of all users."""
    prior_took, prior_left = _PRIOR_EVENTS * rate, _PRIOR_EVENTS * (1 - rate)
    return np.log((took + prior_took) / (left + prior_left) * (prior_left / prior_took))


def _examples(
    past: ActionHistories, known: FloatArray, kinds: FloatArray, rate: float, period: int
) -> Examples:
    """One example of each event: what had happened before it, and what came of it."""
    rows = past.rows
    willing = _willingness(_earlier(rows, past.taken), _earlier(rows, ~past.taken), rate)
    pair = rows.astype(np.int64) * len(kinds) + past.actions
    order = np.argsort(pair, kind="stable")  # events of a pair stay in the order of time
    shared: list[NDArray[np.floating]] = [willing]
    alike: list[NDArray[np.floating]] = []
    for mark in (past.taken, ~past.taken):
        own = np.zeros(len(pair), dtype=np.int64)
        own[order] = _earlier(pair[order], mark[order])
        shared.append(_dampened(own))
        alike.append(
            _dampened(_earlier_alike(past, rows, mark, kinds) - own * _length(past, kinds))
        )
    label = np.zeros(len(pair), dtype=np.bool_)
    label[order] = _taken_within(
        pair[order], past.timestamps[order], past.taken[order], period * _DAY_S
    )
    features = np.column_stack(shared + alike).astype(np.float32)
    return Examples(past.actions, features, known[rows], label)


def _earlier_alike(
    past: ActionHistories, rows: NDArray[np.int32], mark: BoolArray, kinds: FloatArray
) -> NDArray[np.float64]:
    """How alike each event's action is to those of the user's earlier marked events, in all."""
    total = np.zeros(len(rows))
    for kind in kinds.T:  # one at a time bounds the memory
        has = kind[past.actions].astype(np.float64)
        total += has * _earlier(rows, has * mark)
    return total


def _length(past: ActionHistories, kinds: FloatArray) -> NDArray[np.float64]:
    """How alike each event's action is to itself."""
    return (kinds.astype(np.float64) ** 2).sum(axis=1)[past.actions]


def _earlier(group: NDArray[np.integer], mark: NDArray[Any]) -> NDArray[Any]:
    """The sum of what comes before each event in its group; groups are contiguous.

    Args:
        group: Of each event, shape ``(n,)``.
        mark: What is summed, same shape; marks are counted.
    """
    mark = mark.astype(np.int64) if mark.dtype == np.bool_ else mark
    before = np.cumsum(mark) - mark
    first = np.ones(len(group), dtype=np.bool_)
    first[1:] = group[1:] != group[:-1]
    starts = np.maximum.accumulate(np.where(first, np.arange(len(group)), 0))
    return before - before[starts]


def _taken_within(
    group: NDArray[np.integer], timestamps: LongArray, taken: BoolArray, seconds: int
) -> BoolArray:
    """Whether an event, or a later one of its contiguous group, took the action in time."""
    nobody = len(group)
    following = np.where(taken, np.arange(nobody), nobody)
    following = np.minimum.accumulate(following[::-1])[::-1]
    found = following < nobody
    at = np.where(found, following, 0)
    return found & (group[at] == group) & (timestamps[at] - timestamps <= seconds)


def _fit(
    examples: Examples, rows: NDArray[np.int32], kinds: FloatArray, rng: np.random.Generator
) -> Logistic:
    """Fit, with the penalty that serves some users best who were left out."""
    users = rng.permutation(np.unique(rows))
    held = np.isin(rows, users[: int(len(users) * _VALIDATION_SHARE)])
    ridge = _RIDGES[0]
    if held.any() and not held.all():
        known = examples.where(rng.permutation(np.flatnonzero(~held))[:_MOST_TRIED])
        judge = examples.where(held)
        losses = [fit_logistic(known, len(kinds), ridge, kinds).loss(judge) for ridge in _RIDGES]
        ridge = _RIDGES[int(np.argmin(losses))]
    return fit_logistic(examples, len(kinds), ridge, kinds)


NEXT_BEST_ACTION = RecipeSpec(
    name="aws-next-best-action",
    recipe_type="PERSONALIZED_ACTIONS",
    description="Actions that a user will most likely take.",
    created=dt.date(2023, 8, 11),
    algorithm="aws-next-best-action",
    feature_transformation="aws-next-best-action",
    required_datasets=("Actions", "Interactions"),
    used_datasets=("Action_Interactions", "Users", "Items"),
    batch_field=None,
    serves_scores=True,
    featurization=ActionOptions,
    real_time=True,
    refresh="new-items",
    learner=NextBestAction(),
)
