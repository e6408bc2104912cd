import numpy as np
import pytest

from personalize_assets.recipes.solvers.ranking_gain import ranks_better
from personalize_assets_tests.recipes.examples import histories_of

ONE, OTHER = np.array([1.0, 0.0]), np.array([0.0, 1.0])
USERS = 8


def scores_of(*best: int) -> np.ndarray:
    """For each user these items, best first, above all others."""
    row = np.zeros(60, dtype=np.float32)
    row[list(best)] = np.arange(len(best), 0, -1)
    return np.tile(row, (USERS, 1))


@pytest.mark.parametrize(
    ("one", "other", "better"),
    [((1, 2), (3, 1), True), ((3, 1), (1, 2), False), ((3, 1), (3, 2), False)],
)
def test_ranks_better__by_the_place_of_the_choice(
    one: tuple[int, ...], other: tuple[int, ...], better: bool
) -> None:
    parts = [scores_of(*one), scores_of(*other)]
    given, truth = histories_of(*[[0]] * USERS), histories_of(*[[3]] * USERS)
    assert ranks_better(parts, ONE, OTHER, given, truth) is better


def test_ranks_better__not_by_chance() -> None:
    # Half of the users are better off by as much as the other half is worse off, but for one.
    parts = [scores_of(1, 2), scores_of(2, 1)]
    truth = histories_of(*[[1]] * 3, *[[2]] * 4, [5])
    assert not ranks_better(parts, ONE, OTHER, histories_of(*[[0]] * USERS), truth)


def test_ranks_better__what_is_known_is_no_answer() -> None:
    parts = [scores_of(2, 1), scores_of(7, 8, 9, 1)]
    given, truth = histories_of(*[[7, 8, 9]] * USERS), histories_of(*[[1]] * USERS)
    assert ranks_better(parts, ONE, OTHER, given, truth)


def test_ranks_better__nobody_chose() -> None:
    parts = [scores_of(1), scores_of(2)]
    nobody = histories_of()
    assert not ranks_better([part[:0] for part in parts], ONE, OTHER, nobody, nobody)


def test_ranks_better__few_items() -> None:
    parts = [np.array([[2, 1, 0]], np.float32), np.array([[0, 1, 2]], np.float32)]
    assert ranks_better(parts, ONE, OTHER, histories_of([0]), histories_of([2]))
