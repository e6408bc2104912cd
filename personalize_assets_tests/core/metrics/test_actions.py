import numpy as np
import pytest

from personalize_assets.core.metrics import area_under_curve, evaluate_actions
from personalize_assets_tests.core.metrics.test_metrics import truth_of


@pytest.mark.parametrize(
    ("scores", "taken", "expected"),
    [
        ([0.9, 0.1], [True, False], 1.0),
        ([0.1, 0.9], [True, False], 0.0),
        ([0.5, 0.5], [True, False], 0.5),
        # Pairs: .7 over .2 and .5; .4 over .2, not over .5
        ([0.7, 0.2, 0.4, 0.5], [True, False, True, False], 3 / 4),
        ([0.7, 0.2], [True, True], None),
        ([], [], None),
    ],
)
def test_area_under_curve__table(
    scores: list[float], taken: list[bool], expected: float | None
) -> None:
    assert area_under_curve(np.array(scores), np.array(taken, np.bool_)) == expected


def test_evaluate_actions__by_hand() -> None:
    # Three users; the last took nothing.
    ranked = np.array([[0, 1, 2, 3, 4, 5], [1, 0, -1, -1, -1, -1], [2, 0, -1, -1, -1, -1]])
    metrics = evaluate_actions(ranked.astype(np.int32), truth_of([1, 5], [1], []), 8)
    log = np.log2
    assert metrics == {
        "coverage": 6 / 8,
        # First user: rank 2 of the top 5; the second: rank 1.
        "normalized_discounted_cumulative_gain_at_5": round((1 / log(3) + 1) / 2, 4),
        # Ranks 2 and 6 of the first user, whose ideal is ranks 1 and 2.
        "normalized_discounted_cumulative_gain_at_10": round(
            ((1 / log(3) + 1 / log(7)) / (1 + 1 / log(3)) + 1) / 2, 4
        ),
        "normalized_discounted_cumulative_gain_at_25": round(
            ((1 / log(3) + 1 / log(7)) / (1 + 1 / log(3)) + 1) / 2, 4
        ),
        # Of actions 0 to 4 only 1 was right, both times.
        "precision": round((0 / 3 + 2 / 2 + 0 / 2 + 0 / 1 + 0 / 1) / 5, 4),
        # Of actions 1 and 5: both users of 1; the user of 5 saw it at rank 6.
        "recall": (2 / 2 + 0 / 1) / 2,
    }


def test_evaluate_actions__nobody() -> None:
    metrics = evaluate_actions(np.zeros((0, 5), np.int32), truth_of(), 5)
    assert set(metrics.values()) == {0.0}
