import numpy as np
import pytest

from personalize_assets.recipes.solvers.calibration import best_temperature


def test_best_temperature__as_often_as_it_says() -> None:
    # Item 0 scores 4 above item 1 and came 3 times of 4: exp(4 / t) must be 3.
    scores = np.tile(np.array([4, 0], dtype=np.float32), (4, 1))
    found = best_temperature(scores, np.arange(4, dtype=np.int32), np.array([0, 0, 0, 1], np.int32))
    assert found == pytest.approx(4 / np.log(3), rel=0.07)


def test_best_temperature__nothing_to_learn_from() -> None:
    scores = np.array([[-np.inf, 0]], dtype=np.float32)
    assert best_temperature(scores, np.array([0], np.int32), np.array([0], np.int32)) == 1.0
