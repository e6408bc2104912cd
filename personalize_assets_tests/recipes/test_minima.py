import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from personalize_assets.recipes.actions import ActionData
from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.minima import (
    MAX_ACTIONS,
    TooLittleData,
    TooMuchData,
    check_minima,
    check_needs,
)
from personalize_assets.recipes.registry import RECIPES
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


ITEMS = pa.table({"ITEM_ID": ["i0"], "GENRES": ["x"]})
ACTIONS = ActionData(
    pa.array(["a"]),
    np.zeros(0, np.int32),
    np.zeros(0, np.int32),
    np.zeros(0, np.int64),
    np.zeros(0, np.bool_),
)
ENOUGH = data_of(*[40] * 25)


@pytest.mark.parametrize(
    ("recipe", "data"),
    [
        ("aws-sims", ENOUGH),
        ("aws-item-affinity", ENOUGH),
        ("aws-item-attribute-affinity", dataclasses.replace(ENOUGH, item_features=ITEMS)),
        ("aws-next-best-action", dataclasses.replace(ENOUGH, actions=ACTIONS)),
        # Needs items only.
        ("aws-semantic-similarity", dataclasses.replace(catalogue(1), item_features=ITEMS)),
    ],
)
def test_check_needs__enough(recipe: str, data: TrainingData) -> None:
    check_needs(RECIPES[recipe], data)


def of_actions(count: int) -> TrainingData:
    """Enough interactions, and so many actions."""
    ids = pa.array([f"a{action}" for action in range(count)])
    return dataclasses.replace(ENOUGH, actions=dataclasses.replace(ACTIONS, action_ids=ids))


def test_check_needs__as_many_actions_as_are_considered() -> None:
    check_needs(RECIPES["aws-next-best-action"], of_actions(MAX_ACTIONS))


def test_check_needs__too_many_actions() -> None:
    with pytest.raises(TooMuchData) as caught:
        check_needs(RECIPES["aws-next-best-action"], of_actions(1_001))
    assert str(caught.value) == (
        "Create failed. The Actions dataset has 1001 actions; the recipe aws-next-best-action "
        "trains on up to 1000."
    )


@pytest.mark.parametrize(
    ("recipe", "data", "message"),
    [
        ("aws-next-best-action", catalogue(1), "Dataset has fewer than 1000 interactions"),
        (
            "aws-next-best-action",
            ENOUGH,
            "Create failed. The recipe aws-next-best-action needs data in the datasets Actions, "
            "Interactions; there are none in: Actions.",
        ),
        (
            "aws-item-attribute-affinity",
            ENOUGH,
            "Create failed. The recipe aws-item-attribute-affinity needs data in the datasets "
            "Interactions, Items; there are none in: Items.",
        ),
        (
            "aws-semantic-similarity",
            dataclasses.replace(catalogue(1), item_features=ITEMS.slice(0, 0)),
            "Create failed. The recipe aws-semantic-similarity needs data in the datasets Items; "
            "there are none in: Items.",
        ),
        ("aws-vod-more-like-x", ENOUGH, "Create failed. The recipe aws-vod-more-like-x needs"),
    ],
)
def test_check_needs__missing(recipe: str, data: TrainingData, message: str) -> None:
    with pytest.raises(TooLittleData) as caught:
        check_needs(RECIPES[recipe], data)
    assert str(caught.value).startswith(message)
