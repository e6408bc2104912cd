from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_assets.core.metrics import (
    Truth,
    amazon_ndcg_at_k,
    coverage,
    evaluate,
    evaluate_textbook,
    mark_hits,
    precision_at_k,
    reciprocal_rank_at_k,
    textbook_ndcg_at_k,
)

LOG2, LOG3, LOG4, LOG6 = np.log2([2, 3, 4, 6])


def hits_at(*rows: list[int], length: int = 25) -> np.ndarray:
    """Hits at these ranks, 1 being the top."""
    hits = np.zeros((len(rows), length), dtype=np.bool_)
    for row, ranks in enumerate(rows):
        hits[row, [rank - 1 for rank in ranks]] = True
    return hits


def truth_of(*rows: list[int]) -> Truth:
    lengths = [len(row) for row in rows]
    indptr = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    return Truth(indptr, np.array([item for row in rows for item in row], dtype=np.int32))


# One user, five ranks, relevant items at ranks 2 and 5, two relevant items in all: the guide's.
GUIDE = hits_at([2, 5], length=5)


def test_guide__reciprocal_rank() -> None:
    assert reciprocal_rank_at_k(GUIDE, 25).tolist() == [1 / 2]


def test_guide__ndcg_in_both_readings() -> None:
    expected = (1 / LOG3 + 1 / LOG6) / (1 / LOG2 + 1 / LOG3)
    assert amazon_ndcg_at_k(GUIDE, 5)[0] == pytest.approx(expected)
    assert textbook_ndcg_at_k(GUIDE, np.array([2]), 5)[0] == pytest.approx(expected)
    assert round(expected, 5) == 0.62405


def test_guide__precision() -> None:
    assert precision_at_k(GUIDE, 5).tolist() == [2 / 5]


def test_guide__mean_reciprocal_rank() -> None:
    mean = reciprocal_rank_at_k(hits_at([4, 7], [2], [6]), 25).mean()
    assert mean == pytest.approx((1 / 4 + 1 / 2 + 1 / 6) / 3)
    assert round(mean, 4) == 0.3056


@pytest.mark.parametrize(("k", "expected"), [(5, 0.0), (10, 1 / 6), (25, 1 / 6)])
def test_reciprocal_rank__cutoff(k: int, expected: float) -> None:
    assert reciprocal_rank_at_k(hits_at([6, 9]), k).tolist() == [expected]


@pytest.mark.parametrize(
    ("ranks", "relevant", "amazon", "textbook"),
    [
        ([], 3, 0, 0),
        ([1], 1, 1, 1),
        ([1], 2, 1, 1 / (1 + 1 / LOG3)),
        ([1, 8], 2, 1, 1 / (1 + 1 / LOG3)),
        ([3], 1, 1 / LOG4, 1 / LOG4),
        ([6], 1, 0, 0),
        ([1, 2, 3, 4, 5], 9, 1, 1),
    ],
)
def test_ndcg_at_5__by_hand(
    ranks: list[int], relevant: int, amazon: float, textbook: float
) -> None:
    hits = hits_at(ranks)
    assert amazon_ndcg_at_k(hits, 5)[0] == pytest.approx(amazon)
    assert textbook_ndcg_at_k(hits, np.array([relevant]), 5)[0] == pytest.approx(textbook)


def test_textbook_ndcg__more_relevant_than_ranks() -> None:
    found = textbook_ndcg_at_k(hits_at([1], length=1), np.array([2]), 5)
    assert found[0] == pytest.approx(1 / (1 + 1 / LOG3))


def test_precision__short_list_counts_as_misses() -> None:
    assert precision_at_k(hits_at([1], length=2), 5).tolist() == [1 / 5]


@pytest.mark.parametrize("metric", [amazon_ndcg_at_k, precision_at_k, reciprocal_rank_at_k])
def test_metrics__cutoff_must_be_positive(metric: Callable[..., np.ndarray]) -> None:
    with pytest.raises(ValueError, match="the cutoff of a metric must be at least 1, got 0"):
        metric(GUIDE, 0)


def test_mark_hits__by_user() -> None:
    ranked = np.array([[3, 1, -1], [1, 2, 0]], dtype=np.int32)
    hits = mark_hits(ranked, truth_of([1, 1, 2], [0]), 4)
    assert hits.tolist() == [[False, True, False], [False, False, True]]


def test_mark_hits__padding_is_no_item_of_the_user_before() -> None:
    hits = mark_hits(np.array([[0], [-1]], dtype=np.int32), truth_of([3], []), 4)
    assert not hits.any()


def test_mark_hits__other_number_of_users() -> None:
    with pytest.raises(ValueError, match="1 ranked lists, but the truth of 2"):
        mark_hits(np.array([[0]], dtype=np.int32), truth_of([3], []), 4)


def test_coverage__distinct_items() -> None:
    assert coverage(np.array([[0, 1], [1, -1]], dtype=np.int32), 8) == 2 / 8


def test_coverage__empty_catalogue() -> None:
    with pytest.raises(ValueError, match="coverage of an empty catalogue"):
        coverage(np.zeros((0, 25), dtype=np.int32), 0)


def test_evaluate__means_over_users() -> None:
    ranked = np.array([list(range(25)), list(range(25, 50))], dtype=np.int32)
    metrics = evaluate(ranked, truth_of([1, 4], [0]), 100)
    assert metrics == {
        "coverage": 0.5,
        "mean_reciprocal_rank_at_25": 0.25,
        "normalized_discounted_cumulative_gain_at_5": 0.312,
        "normalized_discounted_cumulative_gain_at_10": 0.312,
        "normalized_discounted_cumulative_gain_at_25": 0.312,
        "precision_at_5": 0.2,
        "precision_at_10": 0.1,
        "precision_at_25": 0.04,
    }


def test_evaluate__nobody() -> None:
    metrics = evaluate(np.zeros((0, 25), dtype=np.int32), truth_of(), 10)
    assert set(metrics.values()) == {0.0}


def test_evaluate_textbook__an_item_counts_once() -> None:
    ranked = np.arange(25, dtype=np.int32)[None]
    assert set(evaluate_textbook(ranked, truth_of([0, 0]), 100).values()) == {1.0}


@given(st.lists(st.lists(st.booleans(), min_size=25, max_size=25), min_size=1, max_size=5))
def test_ndcg__textbook_never_above_amazon(rows: list[list[bool]]) -> None:
    hits = np.array(rows)
    relevant = hits.sum(axis=1) + 1
    for k in (5, 10, 25):
        amazon, textbook = amazon_ndcg_at_k(hits, k), textbook_ndcg_at_k(hits, relevant, k)
        assert (textbook <= amazon + 1e-12).all()
        assert (amazon <= 1 + 1e-12).all()


def test_amazon_ndcg__better_order_is_never_worse() -> None:
    found = [amazon_ndcg_at_k(hits_at([rank, 25]), 25)[0] for rank in range(1, 25)]
    assert all(better > worse for better, worse in pairwise(found))
