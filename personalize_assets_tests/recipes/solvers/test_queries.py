import numpy as np
import pytest

from personalize_assets.recipes.solvers.queries import (
    first_occurrences,
    last_items,
    last_occurrences,
    recent_matrix,
    seen_matrix,
    weighted_matrix,
)
from personalize_assets_tests.recipes.examples import histories_of

HISTORIES = histories_of([2, 0, 2], [2], [])


def test_first_occurrences__by_user() -> None:
    assert first_occurrences(HISTORIES, 3).tolist() == [True, True, False, True]


def test_last_occurrences__by_user() -> None:
    assert last_occurrences(HISTORIES, 3).tolist() == [False, True, True, True]


def test_seen_matrix__ones() -> None:
    assert seen_matrix(HISTORIES, 3).toarray().tolist() == [[1, 0, 1], [0, 0, 1], [0, 0, 0]]


def test_recent_matrix__position_from_the_end() -> None:
    weights = recent_matrix(HISTORIES, 3, decay=2.0, limit=5).toarray()
    assert weights[0].tolist() == pytest.approx([np.exp(-0.5), 0, 1])
    assert weights[1].tolist() == [0, 0, 1]


def test_recent_matrix__limit_counts_distinct_items() -> None:
    histories = histories_of([1, 0, 2, 2, 2])
    weights = recent_matrix(histories, 3, decay=None, limit=2).toarray()
    assert weights.tolist() == [[1, 0, 1]]


def test_weighted_matrix__the_oldest_of_a_long_history_still_weighs() -> None:
    weights = weighted_matrix(histories_of(range(3_000)), 3_000, 1.0)
    assert weights.nnz == 3_000
    assert weights.data.min() > 0


def test_weighted_matrix__repeats_add_up() -> None:
    weights = weighted_matrix(HISTORIES, 3, 1.0).toarray()
    assert weights[0].tolist() == pytest.approx([np.exp(-1), 0, 1 + np.exp(-2)])
    assert HISTORIES.items.tolist() == [2, 0, 2, 2]
    assert HISTORIES.indptr.tolist() == [0, 3, 4, 4]


def test_seen_matrix__indices_of_32_bits() -> None:
    assert seen_matrix(HISTORIES, 3).indices.dtype == np.int32


def test_last_items__newest_or_none() -> None:
    assert last_items(histories_of([1, 2], [], [3], [])).tolist() == [2, -1, 3, -1]
    assert last_items(histories_of([], [])).tolist() == [-1, -1]
    assert last_items(histories_of()).tolist() == []
