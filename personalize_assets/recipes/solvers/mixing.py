"""How much each of several scores counts: a conditional logit of what people chose next.

Takes scores as arrays. Knows nothing of what they mean or of who learned them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from personalize_assets.recipes.histories import FloatArray, IntArray

Weights = NDArray[np.float64]

_NEVER: Final = np.float32(-1e9)
_MOST_STEPS: Final = 100
_SURE: Final = 2.5


@dataclass(frozen=True)
class Prior:
    """What is thought of the weights before any choice is seen.

    Attributes:
        weights: Shape ``(n_parts,)``.
        doubt: How many choices of unit spread they are worth; positive.
        certain: How many of the parts, the first ones, count whatever the choices say.
    """

    weights: Weights
    doubt: float
    certain: int = 0


@dataclass(frozen=True)
class Learned:
    """Weights, and how sure they are.

    Attributes:
        weights: Shape ``(n_parts,)``.
        errors: Their standard errors, as the choices of different rows tell; same shape, 0 where
            nothing was chosen.
    """

    weights: Weights
    errors: Weights


def sure_weights(
    parts: Sequence[FloatArray],
    rows: IntArray,
    items: IntArray,
    never: tuple[IntArray, IntArray],
    prior: Prior,
) -> Weights:
    """The weights of the parts that help for sure; 0 for the others, which may be chance.

    Parts whose weight is less than 2.5 standard errors above 0 are left out, the least sure first,
    and the others are weighed again: of two that say the same one stays.

    Args:
        parts: As `learn_weights` takes them.
        rows: As `learn_weights` takes them.
        items: As `learn_weights` takes them.
        never: As `learn_weights` takes them.
        prior: Of the weights of all parts.

    Returns:
        Shape ``(n_parts,)``.
    """
    taken = list(range(len(parts)))
    while True:
        chosen = [parts[part] for part in taken]
        learned = learn_weights(chosen, rows, items, never, prior.weights[taken], prior.doubt)
        surplus = learned.weights - _SURE * learned.errors
        surplus[: prior.certain] = np.inf
        least = int(np.argmin(surplus))
        if surplus[least] > 0:
            break
        del taken[least]
    weights = np.zeros(len(parts))
    weights[taken] = learned.weights
    return weights


def learn_weights(
    parts: Sequence[FloatArray],
    rows: IntArray,
    items: IntArray,
    never: tuple[IntArray, IntArray],
    prior: Weights,
    doubt: float,
) -> Learned:
    """Weights under which the chosen items were most likely, none below 0.

    The probability of an item is a softmax over all items of the weighted sum of the parts
    (McFadden, 1974). Maximizes the logarithm of the likelihood less
    ``doubt / 2 * ||weights - prior||^2``, so that few choices change little. The errors are White's
    (1980), with the choices of a row taken together.

    Args:
        parts: Scores of every item for every row; each of shape ``(n, n_items)``.
        rows: Row of each choice; shape ``(n_choices,)``.
        items: The item of each choice.
        never: Rows and items that are no answer; choices of them tell nothing.
        prior: The weights before any choice is seen; shape ``(n_parts,)``.
        doubt: How many choices of unit spread the prior is worth; positive.

    Returns:
        The prior where nothing was chosen.
    """
    n_items = parts[0].shape[1]
    possible = ~np.isin(
        rows.astype(np.int64) * n_items + items, never[0].astype(np.int64) * n_items + never[1]
    )
    rows, items = rows[possible], items[possible]
    if not len(rows):
        return Learned(prior, np.zeros_like(prior))
    choices = _Choices.of(parts, rows, items, never)

    def loss(weights: Weights) -> tuple[float, Weights]:
        likelihood, gradients, _ = choices.likelihood(weights)
        away = weights - prior
        return (
            float(doubt / 2 * away @ away - likelihood) / len(rows),
            (doubt * away - gradients.sum(axis=0)) / len(rows),
        )

    found = minimize(
        loss,
        prior,
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, None)] * len(parts),
        options={"maxiter": _MOST_STEPS},
    )
    weights = np.asarray(found.x, dtype=np.float64)
    return Learned(weights, choices.errors(weights, doubt))


@dataclass(frozen=True)
class _Choices:
    parts: Sequence[FloatArray]
    barred: FloatArray  # added to the scores
    counts: NDArray[np.float64]  # choices of each row
    chosen: Weights  # sums of the parts over each row's choices, shape (n_rows, n_parts)

    @classmethod
    def of(
        cls,
        parts: Sequence[FloatArray],
        rows: IntArray,
        items: IntArray,
        never: tuple[IntArray, IntArray],
    ) -> "_Choices":
        n_rows = len(parts[0])
        barred = np.zeros(parts[0].shape, dtype=np.float32)
        barred[never] = _NEVER
        chosen = np.stack(
            [np.bincount(rows, part[rows, items], minlength=n_rows) for part in parts],
            axis=1,
            dtype=np.float64,
        )
        return cls(parts, barred, np.bincount(rows, minlength=n_rows).astype(np.float64), chosen)

    def likelihood(self, weights: Weights) -> tuple[float, Weights, FloatArray]:
        """Its logarithm, its gradient by row, and the expected choices of every item."""
        scores = self.barred.copy()
        for weight, part in zip(weights, self.parts, strict=True):
            scores += np.float32(weight) * part
        highest = scores.max(axis=1, keepdims=True)
        scores -= highest
        shares = np.exp(scores, out=scores)
        total = shares.sum(axis=1, keepdims=True, dtype=np.float64)
        shares *= (self.counts[:, None] / total).astype(np.float32)
        expected = np.stack(
            [np.einsum("ij,ij->i", shares, part) for part in self.parts], axis=1
        ).astype(np.float64)
        likelihood = (
            self.chosen.sum(axis=0) @ weights - self.counts @ (highest + np.log(total))[:, 0]
        )
        return float(likelihood), self.chosen - expected, shares

    def errors(self, weights: Weights, doubt: float) -> Weights:
        """Standard errors of the weights."""
        _, gradients, shares = self.likelihood(weights)
        means = (self.chosen - gradients) / np.maximum(self.counts, 1)[:, None]
        centred = [
            part - mean[:, None].astype(np.float32)
            for part, mean in zip(self.parts, means.T, strict=True)
        ]
        curvature = np.array(
            [[np.vdot(shares * one, other) for other in centred] for one in centred],
            dtype=np.float64,
        )
        inverse = np.linalg.inv(curvature + doubt * np.eye(len(weights)))
        return np.sqrt(np.diagonal(inverse @ (gradients.T @ gradients) @ inverse))
