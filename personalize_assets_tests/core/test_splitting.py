from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_assets.core.splitting import choose_test_users, mark_truth, truth_sizes


@pytest.mark.parametrize(("users", "tested"), [(0, 0), (1, 1), (10, 1), (11, 2), (610, 61)])
def test_choose_test_users__tenth_rounded_up(users: int, tested: int) -> None:
    chosen = choose_test_users(np.ones(users, dtype=np.bool_), np.random.default_rng(0))
    assert chosen.sum() == tested


def test_choose_test_users__only_eligible() -> None:
    eligible = np.arange(100) % 3 == 0
    chosen = choose_test_users(eligible, np.random.default_rng(0))
    assert chosen.sum() == 4
    assert not (chosen & ~eligible).any()


def test_choose_test_users__by_seed() -> None:
    eligible = np.ones(100, dtype=np.bool_)
    first, same, other = (
        choose_test_users(eligible, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert first.tolist() == same.tolist()
    assert first.tolist() != other.tolist()


@pytest.mark.parametrize(
    ("events", "held"), [(0, 0), (1, 1), (2, 1), (10, 1), (11, 2), (20, 2), (70, 7), (71, 8)]
)
def test_truth_sizes__tenth_rounded_up(events: int, held: int) -> None:
    assert truth_sizes(np.array([events])).tolist() == [held]


@given(st.lists(st.integers(0, 300), max_size=20))
def test_mark_truth__newest_events_of_each_user(lengths: list[int]) -> None:
    indptr = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    held = mark_truth(indptr)
    assert len(held) == sum(lengths)
    for low, high in pairwise(indptr.tolist()):
        size = -(-(high - low) // 10)
        assert held[low:high].tolist() == [False] * (high - low - size) + [True] * size
