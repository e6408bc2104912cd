import numpy as np
import pytest

from personalize_assets.recipes.solvers.expected_improvement import expected_improvement

LINE = np.linspace(0, 1, 21)[:, None]


def test_expected_improvement__far_from_a_single_point() -> None:
    expected = expected_improvement(np.array([[0.3]]), np.array([0.7]), LINE)
    assert expected.argmax() == 20
    assert expected.min() >= 0


def test_expected_improvement__beside_the_better_points() -> None:
    tried = np.array([[0.0], [0.4], [0.6], [1.0]])
    expected = expected_improvement(tried, np.array([0.0, 1.0, 1.0, 0.0]), LINE)
    assert LINE[expected.argmax(), 0] == pytest.approx(0.5)


def test_expected_improvement__by_hand() -> None:
    # The mean at .5 is 0 by symmetry, the best value 1 standard deviation above the mean.
    tried, values = np.array([[0.0], [1.0]]), np.array([1.0, 3.0])

    def matern(distance: float) -> float:
        scaled = np.sqrt(5) * distance / 0.5
        return float((1 + scaled + scaled**2 / 3) * np.exp(-scaled))

    variance = 1 - 2 * matern(0.5) ** 2 / (1.01 + matern(1.0))
    draws = np.random.default_rng(0).normal(size=200_000) * np.sqrt(variance)
    expected = expected_improvement(tried, values, np.array([[0.5]]))
    assert expected[0] == pytest.approx(np.maximum(draws - 1, 0).mean(), abs=2e-3)


def test_expected_improvement__all_values_alike() -> None:
    expected = expected_improvement(LINE[:5], np.full(5, 0.2), LINE)
    assert np.isfinite(expected).all()
    assert expected.argmax() == 20
