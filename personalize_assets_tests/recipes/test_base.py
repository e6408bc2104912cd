from dataclasses import replace

import numpy as np
import pytest

from personalize_assets.recipes.histories import Histories, build_histories, concatenate
from personalize_assets_tests.recipes.examples import histories_of


def rows(histories: Histories) -> list[list[int]]:
    return [histories.slice(u, u + 1).items.tolist() for u in range(len(histories))]


def build(triples: list[tuple[int, int, int]], n_users: int, seed: int = 0) -> Histories:
    user, item, time = (np.array(column, np.int64) for column in zip(*triples, strict=True))
    rng = np.random.default_rng(seed)
    return build_histories(user.astype(np.int32), item.astype(np.int32), time, n_users, rng)


def test_build_histories__oldest_first() -> None:
    histories = build([(1, 5, 30), (0, 7, 20), (1, 6, 10), (1, 4, 20)], 3)
    assert rows(histories) == [[7], [6, 4, 5], []]
    assert histories.timestamps.tolist() == [20, 10, 20, 30]
    assert histories.items.dtype == np.int32
    assert histories.indptr.dtype == np.int64


def test_build_histories__equal_rows_are_one_event() -> None:
    histories = build([(0, 5, 30), (0, 5, 30), (0, 5, 40), (1, 5, 30)], 2)
    assert rows(histories) == [[5, 5], [5]]


def test_build_histories__ties_are_shuffled_by_seed() -> None:
    triples = [(0, item, 50) for item in range(20)]
    first = rows(build(triples, 1, seed=1))
    assert first == rows(build(triples[::-1], 1, seed=1))
    assert first != rows(build(triples, 1, seed=2))
    assert sorted(first[0]) == list(range(20))


def test_slice__rows_from_zero() -> None:
    part = histories_of([1, 2], [3], [4, 5, 6]).slice(1, 3)
    assert rows(part) == [[3], [4, 5, 6]]
    assert part.indptr.tolist() == [0, 1, 4]


def test_where__keeps_users_without_events() -> None:
    kept = histories_of([1, 2], [3]).where(np.array([False, True, False]))
    assert rows(kept) == [[2], []]


def test_take__only_marked_users() -> None:
    taken = histories_of([1, 2], [3], [], [4]).take(np.array([True, False, True, True]))
    assert rows(taken) == [[1, 2], [], [4]]


def test_rows_at__any_order_and_repeats() -> None:
    assert rows(histories_of([1, 2], [3]).rows_at(np.array([1, 0, 1]))) == [[3], [1, 2], [3]]


def test_last__newest_events() -> None:
    assert rows(histories_of([1, 2, 3], [4], []).last(2)) == [[2, 3], [4], []]


def weighted() -> Histories:
    return replace(
        histories_of([1, 2, 3], [4], []), weights=np.array([0.1, 1, 0.5, 0.3], np.float32)
    )


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (weighted().slice(1, 3), [0.3]),
        (weighted().where(np.array([True, False, True, True])), [0.1, 0.5, 0.3]),
        (weighted().take(np.array([False, True, True])), [0.3]),
        (weighted().rows_at(np.array([1, 0])), [0.3, 0.1, 1, 0.5]),
        (weighted().last(1), [0.5, 0.3]),
        (concatenate([weighted(), weighted()]).take(np.arange(6) == 3), [0.1, 1, 0.5]),
    ],
)
def test_weights__go_with_their_events(part: Histories, expected: list[float]) -> None:
    assert part.weights is not None
    np.testing.assert_allclose(part.weights, expected)


def test_concatenate__weights_only_if_all_have_them() -> None:
    assert concatenate([weighted(), histories_of([1])]).weights is None


def test_build_histories__of_equal_rows_the_highest_weight_counts() -> None:
    user, item = np.zeros(4, np.int32), np.array([5, 5, 7, 5], np.int32)
    time, weight = np.array([3, 3, 1, 2]), np.array([0.1, 0.8, 0.3, 0.2], np.float32)
    histories = build_histories(user, item, time, 1, np.random.default_rng(0), weight)
    assert histories.items.tolist() == [7, 5, 5]
    assert histories.weights is not None
    np.testing.assert_allclose(histories.weights, [0.3, 0.2, 0.8])
