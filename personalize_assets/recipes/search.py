"""Hyperparameter optimization: a seeded Bayesian search, judged on some of the training users.

Trainings follow one another, so that each is chosen by all before. Knows options by their
declarations and recipes by their learners. Knows nothing of jobs.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from personalize_assets.core.metrics import LONGEST_LIST, Truth, amazon_ndcg_at_k, mark_hits
from personalize_assets.recipes.base import Learner, Progress, ignore_progress
from personalize_assets.recipes.histories import Histories
from personalize_assets.recipes.hyperparameters import (
    Hyperparameter,
    HyperparameterError,
    format_value,
    hyperparameters,
)
from personalize_assets.recipes.models import AnyModel, item_model
from personalize_assets.recipes.solvers.expected_improvement import expected_improvement
from personalize_assets.recipes.spec import RecipeSpec
from personalize_assets.recipes.trials import ItemTrial, Split, Trial, split_by

log = logging.getLogger(__name__)

JUDGED_BY: Final = "normalized_discounted_cumulative_gain_at_25"
DEFAULT_TRIALS: Final = 10
MOST_JUDGES: Final = 2_000
"""Users that a combination is judged by, at most; else a third of those to train on."""

DOUBT: Final = 1.0
"""Standard errors that count against a combination that seems better than the first."""

_CANDIDATES: Final = 512
"""Combinations drawn at a time, of which the one that promises most is tried."""


@dataclass(frozen=True)
class SearchRange:
    """Where the search looks for one hyperparameter.

    Attributes:
        name: As in the recipe's options.
        low: Smallest value of a number; None for categories.
        high: Largest value of a number, itself included; None for categories.
        values: The categories; empty for numbers.
    """

    name: str
    low: float | None = None
    high: float | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class SearchRequest:
    """What ``hpoConfig`` asks for.

    Attributes:
        max_trials: Trainings in all; the first has the defaults.
        ranges: Where to look; without any, everywhere in the recipe's tunable hyperparameters.
    """

    max_trials: int = DEFAULT_TRIALS
    ranges: tuple[SearchRange, ...] = ()


def default_ranges(options: type[BaseModel]) -> tuple[SearchRange, ...]:
    """The whole range of every tunable hyperparameter."""
    return tuple(
        SearchRange(known.name, known.low, known.high, known.values)
        for known in hyperparameters(options)
        if known.tunable
    )


def check_ranges(options: type[BaseModel], ranges: tuple[SearchRange, ...]) -> None:
    """Check that ranges lie within what a recipe allows.

    Args:
        options: The ``config`` class of the recipe.
        ranges: As a request gives them.

    Raises:
        HyperparameterError: A name is unknown, not tunable or given twice, or a range is empty, of
            the wrong kind or out of bounds. The message names it and what is allowed.
    """
    known = {item.name: item for item in hyperparameters(options)}
    tunable = ", ".join(item.name for item in known.values() if item.tunable) or "none"
    seen: set[str] = set()
    for given in ranges:
        if given.name not in known or not known[given.name].tunable:
            raise HyperparameterError(
                f"hyperparameter {given.name!r} cannot be tuned; this recipe tunes: {tunable}"
            )
        if given.name in seen:
            raise HyperparameterError(f"hyperparameter {given.name!r} has two ranges")
        seen.add(given.name)
        _check_range(known[given.name], given)


def _check_range(known: Hyperparameter, given: SearchRange) -> None:
    if known.kind == "categorical":
        if not given.values or not set(given.values) <= set(known.values):
            raise HyperparameterError(
                f"the values of hyperparameter {known.name!r} must be some of "
                f"{', '.join(known.values)}; got {', '.join(given.values) or 'none'}"
            )
        return
    low, high = given.low, given.high
    bounds = f"within {known.low} and {known.high}"
    if given.values or low is None or high is None:
        raise HyperparameterError(
            f"hyperparameter {known.name!r} is a number and needs a range {bounds}"
        )
    below = known.low is not None and low < known.low
    above = known.high is not None and high > known.high
    if low > high or below or above:
        raise HyperparameterError(
            f"the range of hyperparameter {known.name!r} must lie {bounds}, got {low} to {high}"
        )


@dataclass(frozen=True)
class BayesianSearch:
    """Tries combinations of hyperparameters and keeps the best by NDCG at 25.

    The users to train on are split once more: each combination trains on most of them and is
    measured on the others. Each combination but the first is the one of which most is expected
    from those before. As few users make much noise, the first one stays unless another is better
    by more than chance: the mean over users of what it gains, less `DOUBT` standard errors of that
    mean, decides. Ties go to what was tried first.

    Attributes:
        spec: A recipe that recommends items.
        request: Where to look and how long.
        given: Hyperparameters that were set; those with a range begin there.
        featurization: An instance of ``spec.featurization``.
    """

    spec: RecipeSpec
    request: SearchRequest
    given: Mapping[str, str]
    featurization: BaseModel

    def __call__(
        self, trial: Trial, rng: np.random.Generator, progress: Progress = ignore_progress
    ) -> tuple[BaseModel, dict[str, str]]:
        """Search.

        Returns:
            The best config, and all its values as strings of the wire.

        Raises:
            HyperparameterError: The recipe tunes nothing, or a range is not allowed.
        """
        check_ranges(self.spec.config, self.request.ranges)
        if not isinstance(trial, ItemTrial) or self.spec.learner is None or not self.spec.hpo:
            raise HyperparameterError(f"recipe {self.spec.name!r} has no hyperparameters to tune")
        inner = replace(trial, split=_judging_split(trial.train, rng))
        seed = int(rng.integers(2**63))
        space = _Space(self.spec.config, self.request.ranges, self.given)
        tried, values = [space.first()], list[NDArray[np.float64]]()
        for number in range(self.request.max_trials):
            if number:
                following = space.following(tried, np.array([each.mean() for each in values]), rng)
                if following is None:
                    break
                tried.append(following)
            progress(self._stage(number, values), 0.1 + 0.5 * number / self.request.max_trials)
            values.append(
                self._judge(self.spec.learner, tried[-1], inner, np.random.default_rng(seed))
            )
            log.info("trial %d: %s gives %.4f", number + 1, tried[-1], values[-1].mean())
        best = tried[_best(values)]
        return best, {name: format_value(value) for name, value in best.model_dump().items()}

    def _stage(self, number: int, values: list[NDArray[np.float64]]) -> str:
        """What is told of the progress, such as ``tune 3 of 10, best 0.2431``."""
        best = f", best {max(float(each.mean()) for each in values):.4f}" if values else ""
        return f"tune {number + 1} of {self.request.max_trials}{best}"

    def _judge(
        self,
        learner: Learner[AnyModel],
        candidate: BaseModel,
        inner: ItemTrial,
        rng: np.random.Generator,
    ) -> NDArray[np.float64]:
        """NDCG at 25 of each judging user."""
        model = learner.fit(inner.data, inner.train, candidate, self.featurization, rng)
        ranked, truth = inner.answers(item_model(model), LONGEST_LIST), inner.split.truth
        held = Truth(truth.indptr, truth.items)
        return amazon_ndcg_at_k(mark_hits(ranked, held, inner.data.n_items), LONGEST_LIST)


def _judging_split(histories: Histories, rng: np.random.Generator) -> Split:
    """Hold out enough users that chance does not choose, but leave most to train on."""
    candidates = np.flatnonzero(histories.lengths >= 2)
    count = -(-min(len(candidates), 3 * MOST_JUDGES) // 3)
    chosen = np.zeros(len(histories), dtype=np.bool_)
    chosen[rng.permutation(candidates)[:count]] = True
    return split_by(histories, chosen)


def _best(values: list[NDArray[np.float64]]) -> int:
    """The place of the values that are surely better than the first ones; else 0."""
    gains = np.array(values) - values[0]
    return int((gains.mean(axis=1) - DOUBT * _standard_errors(gains)).argmax())


def _standard_errors(gains: NDArray[np.float64]) -> NDArray[np.float64]:
    return gains.std(axis=1) / np.sqrt(max(gains.shape[1], 1))


class _Space:
    """The combinations that may be tried, as points of the unit cube."""

    def __init__(
        self,
        options: type[BaseModel],
        ranges: tuple[SearchRange, ...],
        given: Mapping[str, str],
    ) -> None:
        self._options = options
        self._ranges = ranges or default_ranges(options)
        self._kinds = {known.name: known for known in hyperparameters(options)}
        self._given = given

    def first(self) -> BaseModel:
        """What was set, or the defaults; where a range does not hold it, the nearest that it does.

        Of categories the first takes the place of one that is not listed.
        """
        values: dict[str, Any] = {}
        for item in self._ranges:
            value = self._given.get(item.name, self._kinds[item.name].default)
            if item.low is None or item.high is None:
                values[item.name] = value if value in item.values else item.values[0]
            else:
                values[item.name] = self._number(item, float(value))
        return self._config(values)

    def following(
        self, tried: list[BaseModel], values: NDArray[np.float64], rng: np.random.Generator
    ) -> BaseModel | None:
        """The combination of which most is expected; None where all that were drawn were tried."""
        drawn = [self._draw(rng) for _ in range(_CANDIDATES)]
        fresh = [config for config in drawn if config not in tried]
        if not fresh:
            return None
        expected = expected_improvement(self._points(tried), values, self._points(fresh))
        return fresh[int(expected.argmax())]

    def _draw(self, rng: np.random.Generator) -> BaseModel:
        values: dict[str, Any] = {}
        for item in self._ranges:
            if item.low is None or item.high is None:
                values[item.name] = item.values[int(rng.integers(len(item.values)))]
            else:
                # Half a step beyond the ends, so that these come up as often as other integers.
                step = 0.5 if self._kinds[item.name].kind == "integer" else 0.0
                values[item.name] = self._number(
                    item, rng.uniform(item.low - step, item.high + step)
                )
        return self._config(values)

    def _number(self, item: SearchRange, value: float) -> float:
        within = float(np.clip(value, item.low, item.high))
        return round(within) if self._kinds[item.name].kind == "integer" else within

    def _config(self, values: Mapping[str, Any]) -> BaseModel:
        return self._options.model_validate(dict(self._given) | dict(values))

    def _points(self, configs: list[BaseModel]) -> NDArray[np.float64]:
        rows = [config.model_dump() for config in configs]
        columns = [[_place(item, row[item.name]) for row in rows] for item in self._ranges]
        return np.array(columns, dtype=np.float64).T.reshape(len(rows), len(columns))


def _place(item: SearchRange, value: Any) -> float:
    """Where a value lies in its range, from 0 to 1."""
    if item.low is None or item.high is None:
        return item.values.index(format_value(value)) / max(1, len(item.values) - 1)
    return (value - item.low) / ((item.high - item.low) or 1)
