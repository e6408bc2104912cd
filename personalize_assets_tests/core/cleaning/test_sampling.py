"""The sampling hash: pinned values, evenness, and that it stays within int64."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_assets.core.cleaning.sampling import (
    MODULUS,
    kept,
    mix31,
    string_numbers,
    threshold,
)


def exact_mix31(user: int, item: int) -> int:
    first = pow(user % MODULUS * 48_271 + 11, 5, MODULUS)
    return pow(first + item % MODULUS * 69_621, 5, MODULUS)


def array(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def test_mix31__pinned() -> None:
    # Spark must give these numbers too.
    assert mix31(array(0, 1, 162_541), array(0, 1, 209_171)).tolist() == [
        exact_mix31(0, 0),
        exact_mix31(1, 1),
        exact_mix31(162_541, 209_171),
    ]
    assert exact_mix31(0, 0) == pow(161_051, 5, MODULUS) == 1_129_073_807


@given(st.integers(0, 10**18 - 1), st.integers(0, 10**18 - 1))
def test_mix31__agrees_with_unbounded_integers(user: int, item: int) -> None:
    assert mix31(array(user), array(item)).tolist() == [exact_mix31(user, item)]


@pytest.mark.parametrize("fraction", [0.01, 0.1, 0.5, 0.9])
def test_kept__even_over_users_and_items(fraction: float) -> None:
    user, item = np.meshgrid(np.arange(1, 501), np.arange(1, 1001), indexing="ij")
    chosen = kept(user.ravel(), item.ravel(), fraction).reshape(user.shape)
    assert chosen.mean() == pytest.approx(fraction, abs=0.003)
    for axis, n in ((0, 500), (1, 1000)):
        # Shares per user and per item spread as a binomial does: standard deviation within 15%.
        assert chosen.mean(axis=axis).std() == pytest.approx(
            (fraction * (1 - fraction) / n) ** 0.5, rel=0.15
        )


def test_kept__larger_fraction_only_adds() -> None:
    user, item = np.arange(10_000) % 97, np.arange(10_000)
    small, large = kept(user, item, 0.2), kept(user, item, 0.3)
    assert not (small & ~large).any()
    assert kept(user, item, 1.0).all()


def test_threshold__floor_of_double_product() -> None:
    assert threshold(0.5) == 1_073_741_823
    assert threshold(1.0) == MODULUS


def test_string_numbers__crc32_of_utf8() -> None:
    # CRC-32 of "123456789" is the standard's check value.
    assert string_numbers(["123456789", ""]).tolist() == [0xCBF43926, 0]
    assert string_numbers(["ö"]).tolist() == string_numbers([b"\xc3\xb6".decode()]).tolist()
