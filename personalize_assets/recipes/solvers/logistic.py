"""A ridge-penalized logistic regression with some weights for all and some for each group.

Weights of like groups are drawn together: a group's own weights are what groups of its kind have
in common, and what is left of its own. Arrays in, arrays out: knows nothing of users or actions.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from personalize_assets.recipes.histories import BoolArray, FloatArray, IntArray

_BIAS_RIDGE: Final = 0.1
"""Penalty on the distance of a group's bias from that of all, in place of the groups' ridge."""

_ROUNDS: Final = 100
_CLOSE: Final = 1e-7
"""Where a round gains less than this share of the loss, the weights are good enough."""


@dataclass(frozen=True)
class Examples:
    """What to learn from, one row each.

    Attributes:
        group: Group of each row; int32, shape ``(n,)``.
        shared: Features whose weights are the same for all groups; float32, shape ``(n, s)``.
        own: Features whose weights each group has for itself; float32, shape ``(n, d)``.
        label: What is to be told, shape ``(n,)``.
    """

    group: IntArray
    shared: FloatArray
    own: FloatArray
    label: BoolArray

    def __len__(self) -> int:
        return len(self.group)

    def where(self, keep: BoolArray | NDArray[np.integer]) -> "Examples":
        """Only the rows that ``keep`` marks or lists, in its order."""
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


@dataclass(frozen=True)
class _Grouped:
    """Examples in the order of their groups, whose products with weights are plain matrices'."""

    examples: Examples
    bounds: list[tuple[int, int, int]]  # of the groups that have examples

    @classmethod
    def of(cls, examples: Examples, n_groups: int) -> "_Grouped":
        order = np.argsort(examples.group, kind="stable")
        ends = np.cumsum(np.bincount(examples.group, minlength=n_groups)).tolist()
        starts = [0, *ends[:-1]]
        bounds = [(g, a, b) for g, (a, b) in enumerate(zip(starts, ends, strict=True)) if b > a]
        return cls(examples.where(order), bounds)

    def logits(self, weights: Logistic) -> FloatArray:
        examples = self.examples
        bias, own = weights.bias.astype(np.float32), weights.own.astype(np.float32)
        logits = examples.shared @ weights.shared.astype(np.float32)
        for group, start, stop in self.bounds:
            logits[start:stop] += examples.own[start:stop] @ own[group] + bias[group]
        return logits

    def gradient(self, wrong: FloatArray, like: Logistic) -> Logistic:
        """The derivatives by each weight, where ``wrong`` are those by the logits."""
        bias, own = np.zeros_like(like.bias), np.zeros_like(like.own)
        for group, start, stop in self.bounds:
            bias[group] = wrong[start:stop].sum(dtype=np.float64)
            own[group] = wrong[start:stop] @ self.examples.own[start:stop]
        return Logistic(bias, wrong @ self.examples.shared, own)


def fit_logistic(
    examples: Examples, n_groups: int, ridge: float, kinds: FloatArray | None = None
) -> Logistic:
    """Find the weights that make the labels likely, held back by their squares.

    Args:
        examples: At least one.
        n_groups: Number of groups; those without examples get what their kind has in common, and
            without a kind the bias of all.
        ridge: Penalty on the squared weights; positive.
        kinds: What groups have in common: the product of two rows is how alike the groups are;
            shape ``(n_groups, c)``. None where nothing is known.
    """
    # Imported here, because it takes longer than all the rest that the engine's start needs.
    from scipy import optimize

    grouped = _Grouped.of(examples, n_groups)
    label = grouped.examples.label
    packing = _Packing(
        n_groups,
        examples.shared.shape[1],
        examples.own.shape[1],
        np.zeros((n_groups, 0), np.float32) if kinds is None else kinds,
        _log_odds(label),
    )
    penalty = packing.penalty(ridge)

    def objective(packed: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = packing.unpack(packed)
        logits = grouped.logits(weights)
        loss = np.logaddexp(0, np.where(label, -logits, logits)).sum(dtype=np.float64)
        wrong = (1 / (1 + np.exp(-np.clip(logits, -60, 60))) - label).astype(np.float32)
        gradient = packing.pack(grouped.gradient(wrong, weights)) + penalty * packed
        return float(loss) + float((penalty * packed**2).sum()) / 2, gradient

    found = optimize.minimize(
        objective,
        np.zeros(len(penalty)),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _ROUNDS, "ftol": _CLOSE},
    )
    weights = packing.unpack(found.x)
    return Logistic(
        weights.bias.astype(np.float32),
        weights.shared.astype(np.float32),
        weights.own.astype(np.float32),
    )


@dataclass(frozen=True)
class _Packing:
    """Weights as one vector: shared ones, each group's, and those of the groups' kinds."""

    n_groups: int
    n_shared: int
    n_own: int
    kinds: FloatArray
    base: float

    def penalty(self, ridge: float) -> NDArray[np.float64]:
        each = np.full(1 + self.n_own, ridge)
        each[0] = _BIAS_RIDGE
        n_all = self.n_groups + self.kinds.shape[1]
        return np.concatenate([np.full(self.n_shared, ridge), np.tile(each, n_all)])

    def unpack(self, packed: NDArray[np.float64]) -> Logistic:
        rows = packed[self.n_shared :].reshape(-1, 1 + self.n_own)
        table = rows[: self.n_groups] + self.kinds @ rows[self.n_groups :]
        return Logistic(self.base + table[:, 0], packed[: self.n_shared], table[:, 1:])

    def pack(self, gradient: Logistic) -> NDArray[np.floating]:
        table = np.column_stack([gradient.bias, gradient.own])
        return np.concatenate([gradient.shared, table.ravel(), (self.kinds.T @ table).ravel()])


def _log_odds(label: BoolArray) -> float:
    positive = int(label.sum())
    return float(np.log((positive + 0.5) / (len(label) - positive + 0.5)))
