import numpy as np
import pytest

from personalize_assets.recipes.solvers.half_precision import halve, restore, round_to_half


def test_round_to_half__eleven_bits() -> None:
    # Between 1 and 2 the steps are 1/1024.
    values = np.array([1.0, 1 + 1 / 1024, 1 + 1 / 4096], np.float32)
    assert round_to_half(values).tolist() == [1.0, 1 + 1 / 1024, 1.0]


@pytest.mark.parametrize("scale", [1e-20, 1e-3, 1.0, 7.0, 65_520.0, 1e20])
def test_round_to_half__any_scale(scale: float) -> None:
    values = np.random.default_rng(1).normal(size=1_000).astype(np.float32) * np.float32(scale)
    rounded = round_to_half(values.copy())
    np.testing.assert_allclose(rounded, values, rtol=2**-11, atol=scale * 1e-7)


def test_halve__what_was_rounded_comes_back() -> None:
    values = round_to_half(np.random.default_rng(1).normal(size=(40, 50)).astype(np.float32))
    halved = halve(values)
    assert halved is not None
    assert halved[0].dtype == np.float16
    np.testing.assert_array_equal(restore(*halved), values)


@pytest.mark.parametrize(
    "values", [[], [0.0, 0.0], [-np.inf, 1.0], [np.nan, -2.5], [1e-30, 3e-30]], ids=str
)
def test_halve__special_numbers(values: list[float]) -> None:
    halved = halve(round_to_half(np.array(values, np.float32)))
    assert halved is not None
    expected = round_to_half(np.array(values, np.float32))
    np.testing.assert_array_equal(restore(*halved), expected)


@pytest.mark.parametrize("at", [0, 5_000])
def test_halve__refused_where_it_loses(at: int) -> None:
    values = np.ones(10_000, np.float32)
    values[at] = 1 + 1 / 4096
    assert halve(values) is None
