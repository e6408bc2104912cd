import numpy as np
import pytest
from scipy import sparse

from personalize_assets.recipes.histories import Histories
from personalize_assets.recipes.solvers.repeats import log_softmax, mix_repeats, repeat_rate
from personalize_assets_tests.recipes.examples import histories_of


def test_repeat_rate__later_events_that_return() -> None:
    # Later events: 3 of the first user, 1 of the second; the first user returns twice.
    assert repeat_rate(histories_of([0, 1, 0, 1], [0, 1], [2]), 3) == 2 / 4


@pytest.mark.parametrize("histories", [Histories.empty(2), histories_of([0], [0])])
def test_repeat_rate__nobody_has_a_second_event(histories: Histories) -> None:
    assert repeat_rate(histories, 3) == 0.0


def test_log_softmax__rows() -> None:
    scores = np.array([[0, np.log(3), -np.inf], [-np.inf] * 3], dtype=np.float32)
    found = np.exp(log_softmax(scores))
    np.testing.assert_allclose(found, [[0.25, 0.75, 0], [0, 0, 0]], rtol=1e-6)


def own(*rows: list[float]) -> sparse.csr_array:
    return sparse.csr_array(np.array(rows, dtype=np.float32))


def test_mix_repeats__rate_zero_takes_known_items_out() -> None:
    scores = np.zeros((1, 3), dtype=np.float32)
    found = np.exp(mix_repeats(scores, own([0, 5, 0]), 0.0))
    assert found.tolist() == [[0.5, 0, 0.5]]


def test_mix_repeats__known_items_share_the_rate() -> None:
    scores = np.zeros((2, 4), dtype=np.float32)
    found = np.exp(mix_repeats(scores, own([0, 1, 3, 0], [0, 0, 0, 0]), 0.4))
    np.testing.assert_allclose(found, [[0.3, 0.1, 0.3, 0.3], [0.25] * 4], rtol=1e-6)


def test_mix_repeats__only_repeats() -> None:
    found = np.exp(mix_repeats(np.zeros((1, 2), dtype=np.float32), own([1, 0]), 1.0))
    assert found.tolist() == [[1, 0]]
