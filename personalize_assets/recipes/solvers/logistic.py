"""A ridge-penalized logistic regression with some weights for all and some for each group.

Arrays in, arrays out: knows nothing of users or actions.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personalize_assets.recipes.base import BoolArray, FloatArray, IntArray
from personalize_assets.recipes.solvers.sparse_rows import sparse_rows

_BIAS_RIDGE = 0.1
"""Penalty on the distance of a group's bias from that of all, in place of the groups' ridge."""

_ROUNDS = 100


@dataclass(frozen=True)
class Examples:
    """What to learn from, one row each.

    Attributes:
        group: Group of each row; int32, shape ``(n,)``.
        shared: Features whose weights are the same for all groups, shape ``(n, s)``.
        own: Features whose weights each group has for itself, shape ``(n, d)``.
        label: What is to be told, shape ``(n,)``.
    """

    group: IntArray
    shared: FloatArray
    own: FloatArray
    label: BoolArray

    def where(self, keep: BoolArray) -> "Examples":
        """Only the rows that ``keep`` marks; shape ``(n,)``."""
        return Examples(self.group[keep], self.shared[keep], self.own[keep], self.label[keep])


@dataclass(frozen=True)
class Logistic:
    """The weights.

    Attributes:
        bias: Of each group, shape ``(n_groups,)``.
        shared: Shape ``(s,)``.
        own: Of each group, shape ``(n_groups, d)``.
    """

    bias: NDArray[np.floating]
    shared: NDArray[np.floating]
    own: NDArray[np.floating]

    def logits(self, examples: Examples) -> NDArray[np.float64]:
        """Log odds of the label being true, shape ``(n,)``."""
        own = np.einsum("nd,nd->n", examples.own, self.own[examples.group], dtype=np.float64)
        return self.bias[examples.group] + examples.shared @ self.shared + own

    def loss(self, examples: Examples) -> float:
        """Mean log loss; 0 of no examples."""
        signed = np.where(examples.label, 1.0, -1.0) * self.logits(examples)
        return float(np.logaddexp(0, -signed).mean()) if len(signed) else 0.0


def fit_logistic(examples: Examples, n_groups: int, ridge: float) -> Logistic:
    """Find the weights that make the labels likely, held back by their squares.

    Args:
        examples: At least one.
        n_groups: Number of groups; those without examples get the bias of all.
        ridge: Penalty on the squared weights; positive.
    """
    # Imported here, because it takes longer than all the rest that the engine's start needs.
    from scipy import optimize

    n_shared, n_own = examples.shared.shape[1], examples.own.shape[1]
    base = _log_odds(examples.label)
    order = np.argsort(examples.group, kind="stable")
    counts = np.bincount(examples.group, minlength=n_groups)
    collect = sparse_rows(
        np.ones(len(order), np.float32), order, np.concatenate(([0], np.cumsum(counts))), len(order)
    )
    penalty = np.concatenate(
        [np.full(n_groups, _BIAS_RIDGE), np.full(n_shared + n_groups * n_own, ridge)]
    )

    def unpack(weights: NDArray[np.floating]) -> Logistic:
        own = weights[n_groups + n_shared :].reshape(n_groups, n_own)
        shared = weights[n_groups : n_groups + n_shared]
        return Logistic(weights[:n_groups] + base, shared, own)

    def objective(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = unpack(weights).logits(examples)
        loss = np.logaddexp(0, np.where(examples.label, -logits, logits)).sum()
        wrong = 1 / (1 + np.exp(-np.clip(logits, -60, 60))) - examples.label
        gradient = np.concatenate(
            [
                collect @ wrong,
                examples.shared.T @ wrong,
                np.asarray(collect @ (examples.own * wrong[:, None])).ravel(),
            ]
        )
        return loss + (penalty * weights**2).sum() / 2, gradient + penalty * weights

    start = np.zeros(len(penalty))
    found = optimize.minimize(
        objective, start, jac=True, method="L-BFGS-B", options={"maxiter": _ROUNDS}
    )
    return unpack(found.x.astype(np.float32))


def _log_odds(label: BoolArray) -> float:
    positive = int(label.sum())
    return float(np.log((positive + 0.5) / (len(label) - positive + 0.5)))
