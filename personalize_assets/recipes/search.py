"""Hyperparameter optimization: a seeded random search, judged on some of the training users.

Knows options by their declarations and recipes by their learners. Knows nothing of jobs.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from pydantic import BaseModel

from personalize_assets.recipes.base import Learner, Progress, ignore_progress
from personalize_assets.recipes.hyperparameters import (
    Hyperparameter,
    HyperparameterError,
    format_value,
    hyperparameters,
)
from personalize_assets.recipes.models import AnyModel
from personalize_assets.recipes.spec import RecipeSpec
from personalize_assets.recipes.trials import ItemTrial, Trial

log = logging.getLogger(__name__)

JUDGED_BY: Final = "normalized_discounted_cumulative_gain_at_25"
DEFAULT_TRIALS: Final = 10
_ATTEMPTS: Final = 20
"""Draws in search of a combination that was not tried yet, before the search ends."""


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
class RandomSearch:
    """Tries combinations of hyperparameters and keeps the best by NDCG at 25.

    The users to train on are split once more, as the service splits all: each combination trains
    on nine tenths of them and is measured on the rest. Ties go to what was tried first.

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
        inner = trial.inner(rng)
        seed = int(rng.integers(2**63))
        best, best_value = self.spec.config(), -np.inf
        candidates = self._candidates(rng)
        for number, candidate in enumerate(candidates):
            progress("tune", 0.1 + 0.5 * number / len(candidates))
            value = self._judge(self.spec.learner, candidate, inner, np.random.default_rng(seed))
            log.info("trial %d: %s gives %.4f", number + 1, candidate, value)
            if value > best_value:
                best, best_value = candidate, value
        values = {name: format_value(value) for name, value in best.model_dump().items()}
        return best, values

    def _judge(
        self,
        learner: Learner[AnyModel],
        candidate: BaseModel,
        inner: ItemTrial,
        rng: np.random.Generator,
    ) -> float:
        model = learner.fit(inner.data, inner.train, candidate, self.featurization, rng)
        return inner.measure(model)[0][JUDGED_BY]

    def _candidates(self, rng: np.random.Generator) -> list[BaseModel]:
        """What was set, or the defaults, first; then distinct random combinations."""
        ranges = self.request.ranges or default_ranges(self.spec.config)
        kinds = {known.name: known for known in hyperparameters(self.spec.config)}
        found: list[BaseModel] = []
        for attempt in range(_ATTEMPTS * self.request.max_trials):
            if len(found) >= self.request.max_trials:
                break
            drawn = {item.name: _draw(item, kinds[item.name], rng) for item in ranges}
            start = self._start(ranges, kinds) if attempt == 0 else {}
            candidate = self.spec.config.model_validate(dict(self.given) | drawn | start)
            if candidate not in found:
                found.append(candidate)
        return found

    def _start(
        self, ranges: tuple[SearchRange, ...], kinds: Mapping[str, Hyperparameter]
    ) -> dict[str, str]:
        """What was set, or the default, of the hyperparameters whose range holds it."""
        values = {item.name: self.given.get(item.name, kinds[item.name].default) for item in ranges}
        return {item.name: values[item.name] for item in ranges if _holds(item, values[item.name])}


def _holds(given: SearchRange, value: str) -> bool:
    if given.low is None or given.high is None:
        return value in given.values
    return given.low <= float(value) <= given.high


def _draw(given: SearchRange, known: Hyperparameter, rng: np.random.Generator) -> Any:
    if known.kind == "categorical":
        return given.values[int(rng.integers(len(given.values)))]
    low, high = given.low or 0, given.high or 0
    if known.kind == "integer":
        return int(rng.integers(int(low), int(high) + 1))
    return float(rng.uniform(low, high))
