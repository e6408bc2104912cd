import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from personalize_assets.recipes.base import TrainingData, ignore_progress
from personalize_assets.recipes.histories import FloatArray, Histories
from personalize_assets.recipes.hyperparameters import HyperparameterError, Options, option
from personalize_assets.recipes.options import SequenceOptions
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.search import (
    BayesianSearch,
    SearchRange,
    SearchRequest,
    check_ranges,
    default_ranges,
)
from personalize_assets.recipes.spec import RecipeSpec
from personalize_assets.recipes.tables import training_data
from personalize_assets.recipes.trials import ItemTrial
from personalize_assets_tests.recipe_contract import walks

SPEC = RECIPES["aws-user-personalization"]


class Knobs(Options):
    """Options whose effect is known."""

    skill: float = option(
        0.2, "Share of the truth that is ranked first.", low=0, high=1, tunable=True
    )
    size: int = option(5, "Nothing.", low=1, high=6, tunable=True)
    mode: bool = option(False, "Nothing.", tunable=True)
    fixed: int = option(1, "Not tunable.", low=0, high=9)


@dataclass
class Guess:
    """Scores items by their number, the better the more skilled it is."""

    n_items: int
    skill: float

    def score(self, histories: Histories) -> FloatArray:
        rows = np.arange(len(histories))
        scores = np.tile(np.arange(self.n_items, dtype=np.float32), (len(rows), 1))
        last = histories.items[histories.indptr[1:] - 1]
        near = np.abs(scores - last[:, None]) * self.skill
        return (-near - scores * (1 - self.skill)).astype(np.float32)

    def save(self, folder: Path) -> None:
        raise NotImplementedError

    @classmethod
    def load(cls, folder: Path) -> Self:
        raise NotImplementedError


class Guesser:
    """Remembers what it was asked to fit."""

    model_type = Guess

    def __init__(self) -> None:
        self.fitted: list[Knobs] = []
        self.users: list[int] = []

    def fit(
        self,
        data: TrainingData,
        histories: Histories,
        config: Any,
        featurization: Any,
        rng: np.random.Generator,
        progress: Any = ignore_progress,
    ) -> Guess:
        self.fitted.append(config)
        self.users.append(len(histories))
        return Guess(data.n_items, config.skill)


@pytest.fixture(scope="module")
def trial() -> ItemTrial:
    data = training_data(walks(np.random.default_rng(7)))
    return ItemTrial.draw(SPEC, data, np.random.default_rng(0))


@pytest.fixture
def spec() -> RecipeSpec:
    return replace(SPEC, config=Knobs, learner=Guesser())


def search(
    spec: RecipeSpec, trial: ItemTrial, request: SearchRequest, seed: int = 0, **given: str
) -> tuple[Any, dict[str, str], list[Knobs]]:
    found, values = BayesianSearch(spec, request, given, spec.featurization())(
        trial, np.random.default_rng(seed)
    )
    assert isinstance(spec.learner, Guesser)
    return found, values, spec.learner.fitted


def test_default_ranges__tunable_options() -> None:
    assert default_ranges(SequenceOptions) == (
        SearchRange("hidden_dimension", 32, 256),
        SearchRange("bptt", 2, 32),
        SearchRange("recency_mask", values=("True", "False")),
    )


def test_search__finds_the_best(spec: RecipeSpec, trial: ItemTrial) -> None:
    best, values, fitted = search(spec, trial, SearchRequest(12, (SearchRange("skill", 0, 1),)))
    assert len(fitted) == 12
    assert best.skill > 0.9
    assert values == {"skill": str(best.skill), "size": "5", "mode": "False", "fixed": "1"}


def test_search__same_seed_same_choice(spec: RecipeSpec, trial: ItemTrial) -> None:
    assert search(spec, trial, SearchRequest(5))[:2] == search(spec, trial, SearchRequest(5))[:2]


def test_search__begins_with_what_was_set(spec: RecipeSpec, trial: ItemTrial) -> None:
    _, _, fitted = search(spec, trial, SearchRequest(3), skill="0.9", fixed="7")
    assert fitted[0] == Knobs(skill=0.9, fixed=7)
    assert {knobs.fixed for knobs in fitted} == {7}


def test_search__never_outside_its_ranges(spec: RecipeSpec, trial: ItemTrial) -> None:
    ranges = (SearchRange("size", 2, 4), SearchRange("mode", values=("True",)))
    _, _, fitted = search(spec, trial, SearchRequest(40, ranges))
    # The default size 5 and mode False are outside: the search begins with what is nearest.
    assert fitted[0] == Knobs(size=4, mode=True)
    assert {(knobs.size, knobs.mode) for knobs in fitted} == {(2, True), (3, True), (4, True)}


def test_search__each_combination_once(spec: RecipeSpec, trial: ItemTrial) -> None:
    _, _, fitted = search(spec, trial, SearchRequest(40, (SearchRange("size", 1, 6),)))
    assert sorted(knobs.size for knobs in fitted) == [1, 2, 3, 4, 5, 6]


def test_search__ties_go_to_what_was_tried_first(spec: RecipeSpec, trial: ItemTrial) -> None:
    best, _, _ = search(spec, trial, SearchRequest(6, (SearchRange("size", 1, 6),)))
    assert best == Knobs()


class Coin(Guesser):
    """Learns a list by chance, another one for each size."""

    def fit(
        self,
        data: TrainingData,
        histories: Histories,
        config: Any,
        featurization: Any,
        rng: np.random.Generator,
        progress: Any = ignore_progress,
    ) -> Guess:
        self.fitted.append(config)
        return Tossed(data.n_items, config.size)


class Tossed(Guess):
    def score(self, histories: Histories) -> FloatArray:
        order = np.random.default_rng(int(self.skill)).permutation(self.n_items)
        return np.tile(order, (len(histories), 1)).astype(np.float32)


def test_search__chance_does_not_choose(trial: ItemTrial) -> None:
    spec = replace(SPEC, config=Knobs, learner=Coin())
    request = SearchRequest(2, (SearchRange("size", 1, 6),))
    found = [search(spec, trial, request, seed)[0] for seed in range(12)]
    # Of two lists one is better, half of the time the second; by more than chance much less often.
    assert sum(best != Knobs() for best in found) <= 3


def test_search__judged_by_a_third_of_the_training_users(
    spec: RecipeSpec, trial: ItemTrial
) -> None:
    search(spec, trial, SearchRequest(2))
    assert isinstance(spec.learner, Guesser)
    assert len(trial.train) == 180
    assert spec.learner.users == [120, 120]


def test_search__tells_of_its_progress(spec: RecipeSpec, trial: ItemTrial) -> None:
    told: list[tuple[str, float]] = []
    BayesianSearch(spec, SearchRequest(2), {}, spec.featurization())(
        trial, np.random.default_rng(0), lambda stage, share: told.append((stage, share))
    )
    (first, began), (second, half) = told
    assert (first, began, half) == ("tune 1 of 2", 0.1, 0.35)
    assert re.fullmatch(r"tune 2 of 2, best 0\.\d{4}", second)


@pytest.mark.parametrize("name", ["aws-user-personalization-v2", "aws-item-affinity"])
def test_search__nothing_to_tune(name: str, trial: ItemTrial) -> None:
    spec = RECIPES[name]
    with pytest.raises(HyperparameterError, match="has no hyperparameters to tune"):
        BayesianSearch(spec, SearchRequest(2), {}, spec.featurization())(
            trial, np.random.default_rng(0)
        )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (SearchRange("nope", 0, 1), "'nope' cannot be tuned; this recipe tunes: skill, size, mode"),
        (SearchRange("fixed", 0, 1), "'fixed' cannot be tuned; this recipe tunes: skill, size"),
        (SearchRange("skill", -0.1, 1), "'skill' must lie within 0 and 1, got -0.1 to 1"),
        (SearchRange("skill", 0, 1.1), "'skill' must lie within 0 and 1, got 0 to 1.1"),
        (SearchRange("size", 4, 2), "'size' must lie within 1 and 6, got 4 to 2"),
        (SearchRange("size", values=("1",)), "'size' is a number and needs a range within 1"),
        (SearchRange("size", 1), "'size' is a number and needs a range within 1 and 6"),
        (SearchRange("mode", values=("Maybe",)), "must be some of True, False; got Maybe"),
        (SearchRange("mode"), "must be some of True, False; got none"),
    ],
)
def test_check_ranges__refused(given: SearchRange, message: str) -> None:
    with pytest.raises(HyperparameterError) as caught:
        check_ranges(Knobs, (given,))
    assert message in str(caught.value)


def test_check_ranges__twice() -> None:
    with pytest.raises(HyperparameterError, match="'size' has two ranges"):
        check_ranges(Knobs, (SearchRange("size", 1, 2), SearchRange("size", 3, 4)))


def test_check_ranges__a_single_value_is_a_range() -> None:
    check_ranges(Knobs, (SearchRange("size", 3, 3), SearchRange("skill", 0, 1)))
