"""How much each of several scores counts: a conditional logit of what people chose next.

Takes scores as arrays. Knows nothing of what they mean or of who learned them.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from personalize_assets.recipes.base import FloatArray, IntArray

Weights = NDArray[np.float64]

_NEVER: Final = np.float32(-1e9)
_MOST_STEPS: Final = 100


def learn_weights(
    parts: Sequence[FloatArray],
    rows: IntArray,
    items: IntArray,
    never: tuple[IntArray, IntArray],
    prior: Weights,
    doubt: float,
) -> Weights:
    """Weights under which the chosen items were most likely, none below 0.

    The probability of an item is a softmax over all items of the weighted sum of the parts
    (McFadden, 1974). Maximizes the logarithm of the likelihood less
    ``doubt / 2 * ||weights - prior||^2``, so that few choices change little.

    Args:
        parts: Scores of every item for every row; each of shape ``(n, n_items)``.
        rows: Row of each choice; shape ``(n_choices,)``.
        items: The item of each choice.
        never: Rows and items that are no answer; choices of them tell nothing.
        prior: The weights before any choice is seen; shape ``(n_parts,)``.
        doubt: How many choices of unit spread the prior is worth; positive.

    Returns:
        Shape ``(n_parts,)``; the prior where nothing was chosen.
    """
    n_rows, n_items = parts[0].shape
    possible = ~np.isin(
        rows.astype(np.int64) * n_items + items, never[0].astype(np.int64) * n_items + never[1]
    )
    rows, items = rows[possible], items[possible]
    if not len(rows):
        return prior
    barred = np.zeros((n_rows, n_items), dtype=np.float32)
    barred[never] = _NEVER
    counts = np.bincount(rows, minlength=n_rows).astype(np.float64)
    chosen = np.array([part[rows, items].sum(dtype=np.float64) for part in parts])

    def loss(weights: Weights) -> tuple[float, Weights]:
        scores = barred.copy()
        for weight, part in zip(weights, parts, strict=True):
            scores += np.float32(weight) * part
        highest = scores.max(axis=1, keepdims=True)
        shares = np.exp(scores - highest)
        total = shares.sum(axis=1, keepdims=True)
        shares *= (counts[:, None] / total).astype(np.float32)
        expected = np.array([np.vdot(shares, part) for part in parts], dtype=np.float64)
        likelihood = chosen @ weights - counts @ (highest + np.log(total))[:, 0]
        away = weights - prior
        return (
            float(doubt / 2 * away @ away - likelihood) / len(rows),
            (doubt * away - chosen + expected) / len(rows),
        )

    found = minimize(
        loss,
        prior,
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, None)] * len(parts),
        options={"maxiter": _MOST_STEPS},
    )
    return np.asarray(found.x, dtype=np.float64)
