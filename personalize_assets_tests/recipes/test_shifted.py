from dataclasses import replace

import numpy as np
import pytest

from personalize_assets.recipes.histories import FloatArray, Histories
from personalize_assets.recipes.shifted import in_layers
from personalize_assets_tests.recipes.examples import histories_of

N_ITEMS = 3


def score_events(histories: Histories) -> FloatArray:
    """How often each item was met, from 1; item 2 is never served to who knows item 0."""
    scores = np.ones((len(histories), N_ITEMS), np.float32)
    np.add.at(scores, (histories.rows, histories.items), 1)
    scores[histories.rows[histories.items == 0], 2] = -np.inf
    return scores


def weighted(histories: Histories, *weights: float) -> Histories:
    return replace(histories, weights=np.array(weights, np.float32))


def log_shares(*scores: float) -> FloatArray:
    values = np.array(scores)
    return (values - np.log(np.exp(values).sum())).astype(np.float32)


def test_in_layers__no_weights_no_change() -> None:
    histories = histories_of([1, 2], [])
    np.testing.assert_array_equal(in_layers(score_events, histories), score_events(histories))


@pytest.mark.parametrize("worth", [0.0, 0.3, 1.0])
def test_in_layers__equal_weights_change_nothing(worth: float) -> None:
    histories = histories_of([1, 2, 1], [])
    found = in_layers(score_events, weighted(histories, worth, worth, worth))
    np.testing.assert_allclose(found, [log_shares(1, 3, 2), log_shares(1, 1, 1)], rtol=1e-6)


def test_in_layers__by_hand() -> None:
    # All events, those of at least .2 (all but the first), and the one of .8.
    found = in_layers(score_events, weighted(histories_of([1, 2, 1]), 0.0, 0.2, 0.8))
    whole, some, one = log_shares(1, 3, 2), log_shares(1, 2, 2), log_shares(1, 2, 1)
    expected = 0.5 * whole + 0.5 * (0.25 * some + 0.75 * one)
    np.testing.assert_allclose(found, [expected], rtol=1e-6)


def test_in_layers__only_the_ratio_of_weights_matters() -> None:
    histories = histories_of([1, 2, 1])
    one = in_layers(score_events, weighted(histories, 0.1, 0.2, 0.4))
    two = in_layers(score_events, weighted(histories, 0.25, 0.5, 1.0))
    np.testing.assert_allclose(one, two, rtol=1e-6)


def test_in_layers__other_users_make_no_difference() -> None:
    alone = in_layers(score_events, weighted(histories_of([1, 2]), 0.1, 0.5))
    among = in_layers(score_events, weighted(histories_of([1, 2], [1], []), 0.1, 0.5, 0.9))
    np.testing.assert_allclose(among[0], alone[0], rtol=1e-6)


def test_in_layers__what_is_never_served_stays_so() -> None:
    found = in_layers(score_events, weighted(histories_of([0, 1]), 0.1, 1.0))
    assert np.isneginf(found[0]).tolist() == [False, False, True]
    assert not np.isnan(found).any()
