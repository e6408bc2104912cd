import numpy as np
import pytest

from personalize_assets.core.metrics import evaluate_segments, one_percent
from personalize_assets_tests.core.metrics.test_metrics import truth_of


@pytest.mark.parametrize(("n_users", "expected"), [(1, 1), (100, 1), (101, 2), (610, 7)])
def test_one_percent__rounded_up(n_users: int, expected: int) -> None:
    assert one_percent(n_users) == expected


def test_evaluate_segments__by_hand() -> None:
    # Of 200 users 1 percent is 2. The first item: both were right, of four; the second: one of one.
    top = np.array([[7, 9], [9, 3]], np.int32)
    truth = truth_of([7, 9, 11, 12], [3])
    assert evaluate_segments(top, truth, 200) == {
        "coverage": 3 / 200,
        "hits_at_1_percent": (2 + 1) / 2,
        "recall_at_1_percent": (2 / 4 + 1) / 2,
    }


def test_evaluate_segments__a_user_counts_once() -> None:
    metrics = evaluate_segments(np.array([[7]], np.int32), truth_of([7, 7]), 100)
    assert (metrics["hits_at_1_percent"], metrics["recall_at_1_percent"]) == (1.0, 1.0)


def test_evaluate_segments__nothing_asked() -> None:
    assert evaluate_segments(np.zeros((0, 1), np.int32), truth_of(), 10) == {
        "coverage": 0.0,
        "hits_at_1_percent": 0.0,
        "recall_at_1_percent": 0.0,
    }
