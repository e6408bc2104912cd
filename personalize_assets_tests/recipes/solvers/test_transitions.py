import dataclasses

import numpy as np
import pytest

from personalize_assets.recipes.histories import Histories
from personalize_assets.recipes.solvers import transitions
from personalize_assets.recipes.solvers.transitions import TransitionOptions, fit_transitions
from personalize_assets_tests.recipes.examples import histories_of

PLAIN = TransitionOptions(window=2, decay=1.0, source_discount=0.0, target_discount=0.0)
NEAR, FAR = 1.0, np.exp(-1)
HALF = 2**-11  # weights are rounded to 16 bits


def dense(histories: Histories, n_items: int, options: TransitionOptions) -> np.ndarray:
    return fit_transitions(histories, n_items, options).toarray()


def by_definition(rows: list[list[int]], n_items: int, options: TransitionOptions) -> np.ndarray:
    counts = np.zeros((n_items, n_items))
    for row in rows:
        distinct = list(dict.fromkeys(row))
        for at, source in enumerate(distinct):
            for distance, target in enumerate(distinct[at + 1 : at + 1 + options.window]):
                counts[source, target] += np.exp(-distance / options.decay)
    return counts + counts.T if options.both_directions else counts


def test_fit_transitions__window_and_decay() -> None:
    expected = np.zeros((4, 4))
    expected[0, 1] = expected[1, 2] = expected[2, 3] = NEAR
    expected[0, 2] = expected[1, 3] = FAR
    np.testing.assert_allclose(dense(histories_of([0, 1, 2, 3]), 4, PLAIN), expected, rtol=HALF)


def test_fit_transitions__repeats_count_where_they_first_are() -> None:
    found = dense(histories_of([0, 1, 0, 1, 2]), 3, PLAIN)
    np.testing.assert_allclose(found, [[0, NEAR, FAR], [0, 0, NEAR], [0, 0, 0]], rtol=HALF)


def test_fit_transitions__users_do_not_mix() -> None:
    assert not dense(histories_of([0], [1], [2]), 3, PLAIN).any()


def test_fit_transitions__popularity_discounts_both_sides() -> None:
    options = dataclasses.replace(PLAIN, source_discount=0.5, target_discount=1.0)
    found = dense(histories_of([0, 1], [0], [0], [0], [1]), 2, options)
    # Item 0 has four users, item 1 two: 1 / (4 ** 0.5 * 2 ** 1).
    assert found[0, 1] == pytest.approx(0.25)


def test_fit_transitions__prior_of_the_discount() -> None:
    options = dataclasses.replace(PLAIN, target_discount=1.0, prior_percentile=0.5)
    found = dense(histories_of([0, 1], [1], [1], [1], [2], [2]), 3, options)
    # Popularities 1, 4 and 2, of which the middle one is added to item 1's.
    assert found[0, 1] == pytest.approx(1 / 6, rel=HALF)


def test_fit_transitions__what_came_before_counts_less() -> None:
    options = dataclasses.replace(PLAIN, both_directions=True, before=0.25)
    expected = [[0, NEAR, FAR], [NEAR / 4, 0, NEAR], [FAR / 4, NEAR / 4, 0]]
    np.testing.assert_allclose(dense(histories_of([0, 1, 2]), 3, options), expected, rtol=HALF)


def test_fit_transitions__pairs_of_enough_users() -> None:
    histories = histories_of([0, 1], [1, 0], [0, 2])
    options = dataclasses.replace(PLAIN, both_directions=True, min_users=2)
    np.testing.assert_allclose(dense(histories, 3, options), [[0, 2, 0], [2, 0, 0], [0, 0, 0]])
    options = dataclasses.replace(options, rare_share=0.25)
    np.testing.assert_allclose(
        dense(histories, 3, options), [[0, 2, 0.25], [2, 0, 0], [0.25, 0, 0]]
    )


def test_fit_transitions__only_the_strongest_neighbours() -> None:
    options = dataclasses.replace(PLAIN, max_neighbours=1)
    found = dense(histories_of([0, 1], [0, 2], [0, 2], [1, 0]), 3, options)
    np.testing.assert_allclose(found, [[0, 0, 2], [1, 0, 0], [0, 0, 0]])


@pytest.mark.parametrize("pairs", [1, 7, 50])
@pytest.mark.parametrize("both", [False, True])
def test_fit_transitions__blocks_make_no_difference(
    monkeypatch: pytest.MonkeyPatch, pairs: int, both: bool
) -> None:
    monkeypatch.setattr(transitions, "_MAX_PAIRS", pairs)
    rng = np.random.default_rng(5)
    rows = [rng.integers(9, size=size).tolist() for size in rng.integers(0, 12, 30)]
    options = dataclasses.replace(PLAIN, window=3, both_directions=both)
    found = dense(histories_of(*rows), 9, options)
    np.testing.assert_allclose(found, by_definition(rows, 9, options), rtol=HALF)


def test_fit_transitions__nobody() -> None:
    assert fit_transitions(Histories.empty(0), 3, TransitionOptions()).shape == (3, 3)
