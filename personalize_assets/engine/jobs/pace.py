"""How far a training is: its stages weighed by what they will cost, and the time that is left.

A learner knows how much of its own work is done; what it is of the whole depends on the stages
before and after it. Knows neither jobs nor pipes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from personalize_assets.engine.jobs.kinds import Report
from personalize_assets.recipes.spec import RecipeSpec

# Seconds of one core that the benchmark of scale needed. Only their proportions matter, and those
# only until the first stages are over: the time left follows from the time spent.
_LOADING_S, _SPLIT_S = 0.6, 0.2  # for a million rows
_TRAIN_S: Final[Mapping[str, float]] = {
    "aws-user-personalization": 5.0,
    "aws-similar-items": 8.0,
    "aws-sims": 3.0,
    "aws-popularity-count": 0.1,
    "aws-trending-now": 0.1,
    "aws-item-affinity": 10.0,
    "aws-item-attribute-affinity": 10.0,
    "aws-next-best-action": 20.0,
}
_OTHERS_TRAIN_S: Final = 5.0
_EVALUATE_S: Final = 20.0  # for a billion scores
_SAVING_S: Final = 0.02  # for a thousand items
_TESTED: Final = 0.1
_LEAST_S: Final = 0.01
_LEAST_SHARE: Final = 0.02
"""Before so much is done, how long the rest takes is a guess."""


@dataclass(frozen=True)
class Size:
    """What a training works on.

    Attributes:
        rows: Interactions.
        users: Users.
        items: Items of the catalogue.
        trainings: How often it trains while it looks for hyperparameters; 0 without.
    """

    rows: int
    users: int
    items: int
    trainings: int = 0


def expected_costs(spec: RecipeSpec, size: Size) -> dict[str, float]:
    """What each stage of a training is expected to cost, in its order.

    Args:
        spec: The recipe.
        size: What it works on.

    Returns:
        Seconds by name of the stage; all above 0.
    """
    millions = size.rows / 1e6
    train = _TRAIN_S.get(spec.name, _OTHERS_TRAIN_S) * millions
    evaluate = _EVALUATE_S * _TESTED * size.users * size.items / 1e9
    costs = {
        "loading": _LOADING_S * millions,
        "split": _SPLIT_S * millions,
        "tune": (train + evaluate) * size.trainings,
        "train": train,
        "evaluate": evaluate,
        "saving": _SAVING_S * size.items / 1e3,
    }
    return {
        name: max(cost, _LEAST_S)
        for name, cost in costs.items()
        if name != "tune" or size.trainings
    }


class Pace:
    """Passes on what a training reports, its shares as shares of the whole.

    A report of one of the known stages begins or continues it; any other report tells how much of
    the stage that is going on is done. Shares never fall.

    Args:
        report: Told of the shares of the whole.
        costs: By stage, in their order.
    """

    def __init__(self, report: Report, costs: Mapping[str, float]) -> None:
        self._report = report
        self._costs = costs
        self._stage = ""
        self._first = 0.0
        self._share = 0.0

    def __call__(self, stage: str, share: float) -> None:
        """Take a report; see ``Report``."""
        if stage in self._costs and stage != self._stage:
            # What share a stage begins with is told in different ways; here it begins with none.
            self._stage, self._first, share = stage, share, 0.0
        elif stage == self._stage:
            share = (share - self._first) / max(1 - self._first, 1e-9)
        elif self._stage == "tune":
            share = 0.0  # each of its trainings begins anew
        self._share = max(self._share, self._of_all(min(max(share, 0.0), 1.0)))
        self._report(stage, self._share)

    def _of_all(self, share: float) -> float:
        before = 0.0
        for stage, cost in self._costs.items():
            if stage == self._stage:
                return (before + share * cost) / sum(self._costs.values())
            before += cost
        return 0.0


class Remaining:
    """How long a job will still take, from how long it took so far.

    Args:
        clock: Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began = clock()
        self._total_s: float | None = None

    def told(self, share: float) -> None:
        """Take the share of all work that is done now."""
        if share >= _LEAST_SHARE:
            self._total_s = (self._clock() - self._began) / share

    @property
    def seconds(self) -> float | None:
        """Seconds that are left, at least 0; None while nobody can know."""
        if self._total_s is None:
            return None
        return max(0.0, self._total_s - (self._clock() - self._began))
