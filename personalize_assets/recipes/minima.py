"""The least data that Amazon Personalize trains on, and the most actions (limits.html).

Knows what recipes need by their declarations only.
"""

from typing import Final

import numpy as np

from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.spec import RecipeSpec

MIN_INTERACTIONS: Final = 1_000
MIN_USERS_WITH_TWO: Final = 25
MIN_SHARE_WITH_TWO: Final = 0.01
MAX_ACTIONS: Final = 1_000


class UnfitData(ValueError):
    """The data are not such that the recipe can train; the message is the failed version's."""


class TooLittleData(UnfitData):
    """The data are below a minimum for training."""


class TooMuchData(UnfitData):
    """The data are above a maximum for training."""


def check_needs(spec: RecipeSpec, data: TrainingData, event_type: str | None = None) -> None:
    """Check that the datasets which a recipe requires hold enough.

    Args:
        spec: The recipe.
        data: What it would be trained on.
        event_type: The event type that ``data`` was filtered by, for the message.

    Raises:
        TooLittleData: A required dataset is missing or empty, or there are too few interactions.
        TooMuchData: There are more actions than a model considers.
    """
    if "Interactions" in spec.required_datasets:
        check_minima(data, event_type)
    missing = [name for name in spec.required_datasets if not _has(data, name)]
    if missing:
        raise TooLittleData(
            f"Create failed. The recipe {spec.name} needs data in the datasets "
            f"{', '.join(spec.required_datasets)}; there are none in: {', '.join(missing)}."
        )
    if data.actions is not None and data.actions.n_actions > MAX_ACTIONS:
        raise TooMuchData(
            f"Create failed. The Actions dataset has {data.actions.n_actions} actions; the recipe "
            f"{spec.name} trains on up to {MAX_ACTIONS}."
        )


def _has(data: TrainingData, dataset: str) -> bool:
    if dataset == "Items":
        return data.item_features is not None and len(data.item_features) > 0
    if dataset == "Actions":
        return data.actions is not None and data.actions.n_actions > 0
    return True


def check_minima(data: TrainingData, event_type: str | None = None) -> None:
    """Check what is left after filtering by event type and value.

    Args:
        data: The interactions that the solution takes.
        event_type: The solution's event type, for the message.

    Raises:
        TooLittleData: There are too few interactions or too few users with two of them.
    """
    if len(data) < MIN_INTERACTIONS:
        filtered = "" if event_type is None else f" after filtering by event type: {event_type}"
        raise TooLittleData(f"Dataset has fewer than {MIN_INTERACTIONS} interactions{filtered}")
    counts = np.bincount(data.user, minlength=data.n_users)
    with_two = int((counts >= 2).sum())
    if with_two < MIN_USERS_WITH_TWO:
        raise TooLittleData(
            f"Create failed. Dataset has fewer than {MIN_USERS_WITH_TWO} users with at least "
            "2 interactions each."
        )
    if with_two < MIN_SHARE_WITH_TWO * int((counts >= 1).sum()):
        raise TooLittleData(
            "Create failed. Fewer than 1 percent of the users have at least 2 interactions each."
        )
