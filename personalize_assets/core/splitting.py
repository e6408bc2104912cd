"""Amazon Personalize's split for offline metrics: which users are tested, and on which events.

Works on plain arrays. Knows nothing of recipes or of where the events come from.
"""

import numpy as np
from numpy.typing import NDArray

TEST_SHARE = 10
"""One user in this many is tested, on one in this many of the user's events, rounded up."""


def choose_test_users(eligible: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw 10 percent of the eligible users, rounded up.

    Args:
        eligible: Users with something to hold out, shape ``(n_users,)``.
        rng: Draws the users.

    Returns:
        Marks the test users, shape ``(n_users,)``.
    """
    candidates = np.flatnonzero(eligible)
    count = -(-len(candidates) // TEST_SHARE)
    chosen = np.zeros(len(eligible), dtype=np.bool_)
    chosen[rng.permutation(candidates)[:count]] = True
    return chosen


def truth_sizes(lengths: NDArray[np.int64], share: int = TEST_SHARE) -> NDArray[np.int64]:
    """How many of a user's newest events are the truth: a tenth, rounded up.

    Args:
        lengths: Number of events of each user, shape ``(n_users,)``.
        share: One in this many in place of the tenth.

    Returns:
        Shape ``(n_users,)``; 1 for users of 1 to 10 events, 0 without events.

    >>> truth_sizes(np.array([0, 1, 10, 11, 70])).tolist()
    [0, 1, 1, 2, 7]
    """
    # In whole numbers, so that 0.1's rounding has no say.
    return -(-lengths // share)


def mark_truth(indptr: NDArray[np.int64], share: int = TEST_SHARE) -> NDArray[np.bool_]:
    """Mark the newest tenth of each user's events; the others are the input.

    Args:
        indptr: Row pointers of events ordered by user and time, shape ``(n_users + 1,)``.
        share: One in this many in place of the tenth.

    Returns:
        Shape ``(n_events,)``.

    >>> mark_truth(np.array([0, 3, 4])).tolist()
    [False, False, True, True]
    """
    lengths = np.diff(indptr)
    cut = np.repeat(indptr[1:] - truth_sizes(lengths, share), lengths)
    return np.arange(len(cut), dtype=np.int64) >= cut
