import numpy as np
import pytest

from personalize_assets.recipes.solvers.trends import rises, trend_strength


def test_rises__two_intervals_before_the_newest_event() -> None:
    items = np.array([0, 0, 1, 1, 2], dtype=np.int32)
    timestamps = np.array([1_000, 901, 900, 801, 800])
    last, before = rises(items, timestamps, 4, 100)
    assert last.tolist() == [2, 0, 0, 0]
    assert before.tolist() == [0, 2, 0, 0]


def test_rises__no_events() -> None:
    last, before = rises(np.zeros(0, np.int32), np.zeros(0, np.int64), 2, 100)
    assert (last.tolist(), before.tolist()) == ([0, 0], [0, 0])


def test_trend_strength__more_evidence_is_stronger() -> None:
    # 1 from 0, 8 from 0, 24 from 12, the same again, and a fall.
    strength = trend_strength(np.array([1, 8, 24, 5, 0]), np.array([0, 0, 12, 5, 3]))
    assert strength.tolist() == pytest.approx([0.7071, 8 / 3, 12 / 37**0.5, 0, -1.5], abs=1e-4)
