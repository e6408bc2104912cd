import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.minima import TooLittleData, check_minima
from personalize_assets_tests.recipes.examples import catalogue


def data_of(*counts: int) -> TrainingData:
    """Users with these numbers of interactions."""
    user = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    return dataclasses.replace(
        catalogue(1),
        user_ids=pa.array([str(user) for user in range(len(counts))]),
        user=user,
        item=np.zeros(len(user), np.int32),
        timestamp=np.arange(len(user)),
    )


@pytest.mark.parametrize("counts", [[40] * 25, [2] * 25 + [1] * 2_475])
def test_check_minima__enough(counts: list[int]) -> None:
    check_minima(data_of(*counts))


@pytest.mark.parametrize(
    ("counts", "event_type", "message"),
    [
        ([37] * 27, None, "Dataset has fewer than 1000 interactions"),
        (
            [37] * 27,
            "watch",
            "Dataset has fewer than 1000 interactions after filtering by event type: watch",
        ),
        (
            [50] * 24 + [1],
            None,
            "Create failed. Dataset has fewer than 25 users with at least 2 interactions each.",
        ),
        (
            [2] * 25 + [1] * 2_476,
            None,
            "Create failed. Fewer than 1 percent of the users have at least 2 interactions each.",
        ),
    ],
)
def test_check_minima__too_little(counts: list[int], event_type: str | None, message: str) -> None:
    with pytest.raises(TooLittleData) as caught:
        check_minima(data_of(*counts), event_type)
    assert str(caught.value) == message
