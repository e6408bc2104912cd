import numpy as np
import pytest

from personalize_assets.engine.serving.scores import Scores, top_of


def scores(*values: float) -> Scores:
    return Scores(np.array(values, dtype=np.float32))


def test_best__highest_first_and_lower_index_among_equals() -> None:
    assert scores(1, 3, 2, 3).best(3).tolist() == [1, 3, 2]


def test_best__never_serves_what_is_never_served() -> None:
    assert scores(1, -np.inf, 2).best(5).tolist() == [2, 0]
    assert scores(-np.inf, -np.inf).best(5).tolist() == []


def test_best__allowed_and_without() -> None:
    allowed = np.array([True, True, False, True])
    assert scores(1, 3, 2, 3).best(3, allowed).tolist() == [1, 3, 0]
    assert scores(1, 3, 2, 3).best(3, allowed, {3, 7}).tolist() == [1, 0]
    assert scores(1, 3, 2, 3).best(0).tolist() == []


def test_best__allowed_may_be_longer_than_the_scores() -> None:
    assert scores(1, 2).best(2, np.array([True, False, True])).tolist() == [0]


def test_best__beyond_the_places_that_are_kept() -> None:
    values = np.arange(3_000, dtype=np.float32)
    allowed = values < 5
    found = Scores(values).best(4, allowed, {3})
    assert found.tolist() == [4, 2, 1, 0]
    everything = Scores(values).best(2_000)
    assert everything.tolist() == list(range(2_999, 999, -1))


def test_shares__softmax_over_all() -> None:
    some = scores(0, np.log(2), np.log(5), -np.inf)
    assert some.shares(np.array([2, 0, 3])) == pytest.approx([5 / 8, 1 / 8, 0])


def test_shares__of_nothing_to_serve() -> None:
    assert scores(-np.inf, -np.inf).shares(np.array([1])) == [0.0]


def test_shares__of_large_scores() -> None:
    assert scores(1_000, 1_000).shares(np.array([0, 1])) == [0.5, 0.5]


def test_top_of__equals_a_full_sort() -> None:
    rng = np.random.default_rng(2)
    values = rng.integers(0, 20, size=200).astype(np.float32)
    values[rng.random(200) < 0.2] = -np.inf
    order = [at for at in np.lexsort((np.arange(200), -values)) if np.isfinite(values[at])]
    for count in (1, 7, 150, 200):
        assert top_of(values, count).tolist() == order[:count]
