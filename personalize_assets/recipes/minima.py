"""The least data that Amazon Personalize trains on (limits.html, error-messages.html)."""

from typing import Final

import numpy as np

from personalize_assets.recipes.base import TrainingData

MIN_INTERACTIONS: Final = 1_000
MIN_USERS_WITH_TWO: Final = 25
MIN_SHARE_WITH_TWO: Final = 0.01


class TooLittleData(ValueError):
    """The data are below a minimum for training; the message is that of the failed version."""


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
