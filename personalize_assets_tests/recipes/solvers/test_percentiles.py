import numpy as np
import pytest

from personalize_assets.recipes.solvers.percentiles import within_percentiles


@pytest.mark.parametrize(
    ("lowest", "highest", "kept"),
    [
        (0.0, 1.0, [1, 2, 3, 4, 50]),
        (0.0, 0.99, [1, 2, 3, 4, 50]),
        (0.0, 0.75, [1, 2, 3, 4]),
        (0.25, 1.0, [2, 3, 4, 50]),
    ],
)
def test_within_percentiles__bounds_included(
    lowest: float, highest: float, kept: list[int]
) -> None:
    counts = np.array([0, 1, 2, 3, 4, 50, 0])
    assert counts[within_percentiles(counts, lowest, highest)].tolist() == kept


def test_within_percentiles__nothing() -> None:
    assert within_percentiles(np.array([0, 0]), 0, 1).tolist() == [False, False]
