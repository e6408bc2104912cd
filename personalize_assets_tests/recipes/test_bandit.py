import numpy as np
import pytest
from scipy import sparse, stats

from personalize_assets.recipes.bandit import Evidence, Promise, Record, weigh

DAY = 86_400
NOW = 1_000 * DAY


def longs(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def record(**arrays: np.ndarray) -> Record:
    """Three items, met 100, 30 and 10 days ago first, of which only interactions are known."""
    nothing = longs(0, 0, 0)
    found = {"first_met": NOW - longs(100, 30, 10) * DAY, "events": longs(60, 9, 1)}
    found |= {"early_events": longs(60, 9, 1), "shown": nothing, "taken": nothing}
    return Record(**(found | arrays), newest=NOW)


def test_weigh__by_time() -> None:
    # 70 interactions in 30 + 30 + 10 early days: one a day
    evidence = weigh(record())
    assert evidence.expected == pytest.approx([30, 30, 10])
    # variance m + m * m / shape: (30**2 - 30 + 21**2 - 30 + 9**2 - 10) / (900 + 900 + 100)
    assert evidence.shape == pytest.approx(1_900 / 1_352)


def test_weigh__by_lists_too() -> None:
    # Of the 20 + 30 lists, 10 led to something; of the young item's 30, 5: with one more event
    # at the rate of all, 6 of 35.
    evidence = weigh(record(shown=longs(20, 0, 30), taken=longs(5, 0, 5)))
    assert evidence.expected == pytest.approx([30 + 20 * 6 / 35, 30, 10 + 30 * 6 / 35])


@pytest.mark.parametrize(("early", "shape"), [((30, 30, 10), 10.0), ((0, 0, 0), 1.0)])
def test_weigh__shape_stays_in_bounds(early: tuple[int, ...], shape: float) -> None:
    assert weigh(record(early_events=longs(*early))).shape == pytest.approx(shape)


def test_weigh__shown_but_never_taken() -> None:
    assert weigh(record(shown=longs(9, 9, 9))).expected == pytest.approx([30, 30, 10])


def test_draw__from_the_posterior_of_a_quarter_of_the_variance() -> None:
    evidence = Evidence(longs(0, 8), np.array([0.0, 3.0]), 2.0)
    rng = np.random.default_rng(1)
    drawn = np.array([evidence.draw(rng) for _ in range(4_000)])
    # Gamma(2, rate 2) and Gamma(10, rate 5) have the variances 2 / 4 and 10 / 25
    assert drawn.mean(axis=0) == pytest.approx([1.0, 2.0], rel=0.05)
    assert drawn.var(axis=0) == pytest.approx([0.5 / 4, 0.4 / 4], rel=0.1)


def test_hopeful__while_an_ordinary_item_may_be_exceeded() -> None:
    evidence = Evidence(longs(0, 0, 9), np.array([0.0, 8.0, 12.0]), 0.5)
    chances = stats.gamma.sf(1, [0.5, 0.5, 9.5], scale=[1 / 0.5, 1 / 8.5, 1 / 12.5])
    assert (np.asarray(chances) >= 0.05).tolist() == [True, False, True]
    assert evidence.hopeful().tolist() == [True, False, True]


def ones(*rows: list[int]) -> sparse.csr_array:
    return sparse.csr_array(np.array(rows, dtype=np.float32))


KNOWN = ones(*[[1, 0]] * 10, *[[0, 1]] * 30)  # 10 items of one category, 30 of the other


def test_promise__mean_shares_of_the_categories() -> None:
    promise = Promise(KNOWN, ones([1, 0], [0, 1], [1, 1], [0, 0]))
    # All of the user's interest is in two items of the first category: 40 times the mean share
    # of 1 / 40, over 10 items, with 10 ordinary ones beside each category.
    values = promise.to(longs(3, 4), np.array([3, 1], dtype=np.float32))
    first, second = (40 + 10) / (10 + 10), (0 + 10) / (30 + 10)
    assert values == pytest.approx([first, second, (first + second) / 2, 1.0])


def test_promise__where_nothing_suits_the_user() -> None:
    promise = Promise(KNOWN, ones([1, 0], [0, 0]))
    nothing = promise.to(longs(), np.zeros(0, dtype=np.float32))
    assert nothing.tolist() == [1, 1]
