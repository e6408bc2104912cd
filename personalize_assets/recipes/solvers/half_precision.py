"""Floating-point numbers in half the bytes: 16 bits and a power of two that all have in common.

A model that rounds its weights so when it is fitted scores the same before and after it is saved.
Knows neither models nor files.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from personalize_assets.recipes.histories import FloatArray

_HIGHEST = 15  # of a finite 16-bit number's exponent; one less leaves room to round up
_SAMPLE = 1_000


def round_to_half(values: FloatArray) -> FloatArray:
    """The nearest numbers that ``halve`` takes without loss, in place.

    Args:
        values: Any shape. A number keeps 11 significant bits unless it is 2^29 times smaller than
            the largest.

    Returns:
        The same array.
    """
    shift = _shift(values)
    np.ldexp(values, shift, out=values)
    values[...] = values.astype(np.float16)
    return np.ldexp(values, -shift, out=values)


def halve(values: NDArray[Any]) -> tuple[NDArray[np.float16], int] | None:
    """16-bit numbers and the power of two to divide them by; None where that loses anything.

    Args:
        values: float32, any shape.
    """
    shift = _shift(values)
    sample = np.ldexp(values.ravel()[:_SAMPLE], shift)
    if not np.array_equal(sample, sample.astype(np.float16), equal_nan=True):
        return None
    moved = np.ldexp(values, shift)
    halved = moved.astype(np.float16)
    return (halved, shift) if np.array_equal(moved, halved, equal_nan=True) else None


def restore(halved: NDArray[np.float16], shift: int) -> FloatArray:
    """What ``halve`` was given."""
    return np.ldexp(halved.astype(np.float32), -shift)


def _shift(values: FloatArray) -> int:
    """How many powers of two the largest number is short of the largest that 16 bits can hold."""
    largest = np.max(np.abs(values), initial=0, where=np.isfinite(values))
    return 0 if largest == 0 else _HIGHEST - int(np.frexp(largest)[1])
