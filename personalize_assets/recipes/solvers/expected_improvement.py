"""Where to try next, from what was tried: a Gaussian process and its expected improvement.

Works on points of the unit cube. Knows nothing of what they stand for.

Method: J. Mockus, "On Bayesian methods for seeking the extremum" (1975); as J. Snoek, H. Larochelle
and R. Adams, "Practical Bayesian optimization of machine learning algorithms" (2012), with fixed
instead of learned scales, since there are at most 40 values to learn from.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.special import ndtr

Points = NDArray[np.float64]

_LENGTH: Final = 0.5
"""Distance, of a cube of side 1, over which values are alike."""

_NOISE: Final = 0.01
"""Share of the variance of the values that a point says nothing about."""


def expected_improvement(
    tried: Points, values: NDArray[np.float64], candidates: Points
) -> NDArray[np.float64]:
    """By how much each candidate is expected to be better than the best that was tried.

    Args:
        tried: Points of the unit cube, shape ``(n, d)``, at least one.
        values: Of these points, higher is better; finite, shape ``(n,)``.
        candidates: Shape ``(m, d)``.

    Returns:
        In standard deviations of the values, shape ``(m,)``; never negative.
    """
    spread = float(values.std()) or 1.0
    standard = (values - values.mean()) / spread
    between = _matern(candidates, tried)
    factor = cho_factor(_matern(tried, tried) + _NOISE * np.eye(len(tried)))
    mean = between @ cho_solve(factor, standard)
    variance = 1 - (between * cho_solve(factor, between.T).T).sum(axis=1)
    deviation = np.sqrt(np.maximum(variance, 1e-12))
    gain = (mean - standard.max()) / deviation
    density = np.exp(-0.5 * gain**2) / np.sqrt(2 * np.pi)
    return np.maximum(deviation * (gain * ndtr(gain) + density), 0.0)


def _matern(one: Points, other: Points) -> Points:
    """Matern covariance of smoothness 5/2, shape ``(len(one), len(other))``."""
    squares = ((one[:, None, :] - other[None, :, :]) ** 2).sum(axis=2)
    scaled = np.sqrt(5 * squares) / _LENGTH
    return (1 + scaled + scaled**2 / 3) * np.exp(-scaled)
