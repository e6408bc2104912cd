import dataclasses
from pathlib import Path
from typing import Self

import numpy as np
import pytest

from personalize_assets.recipes.evaluation import RecipeNotBuilt, train_and_evaluate
from personalize_assets.recipes.histories import FloatArray, Histories
from personalize_assets.recipes.minima import TooLittleData
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.tables import training_data
from personalize_assets.recipes.trials import Split, measure, split_histories
from personalize_assets_tests.recipe_contract import walks
from personalize_assets_tests.recipes.examples import catalogue, histories_of


class Recorder:
    """Remembers what it is asked and always answers the same."""

    n_items = 30

    def __init__(self) -> None:
        self.asked: list[Histories] = []

    def score(self, histories: Histories) -> FloatArray:
        self.asked.append(histories)
        return np.tile(np.arange(30, 0, -1, dtype=np.float32), (len(histories), 1))

    def save(self, folder: Path) -> None:
        raise NotImplementedError

    @classmethod
    def load(cls, folder: Path) -> Self:
        raise NotImplementedError


def test_split_histories__tenth_of_users_and_of_events() -> None:
    rows = [list(range(20))] * 39 + [[7]] * 61 + [[]]
    split = split_histories(histories_of(*rows), np.random.default_rng(0))
    # 39 users have two events or more: 4 of them are tested; those with a single event train.
    assert len(split.given) == len(split.truth) == 4
    assert split.given.items.tolist() == list(range(18)) * 4
    assert split.truth.items.tolist() == [18, 19] * 4
    assert len(split.train) == 96


def test_measure__as_served() -> None:
    split = Split(histories_of(), histories_of([5, 9]), histories_of([1, 4, 29]))
    metrics, textbook = measure(RECIPES["aws-user-personalization"], Recorder(), split)
    # Hits at ranks 2 and 5 of 0, 1, 2, ...; item 29 is rank 30.
    assert metrics == {
        "coverage": 0.8333,
        "mean_reciprocal_rank_at_25": 0.5,
        "normalized_discounted_cumulative_gain_at_5": 0.6241,
        "normalized_discounted_cumulative_gain_at_10": 0.6241,
        "normalized_discounted_cumulative_gain_at_25": 0.6241,
        "precision_at_5": 0.4,
        "precision_at_10": 0.2,
        "precision_at_25": 0.08,
    }
    # (1/log2 3 + 1/log2 6) / (1/log2 2 + 1/log2 3 + 1/log2 4) = 1.0178 / 2.1309
    assert set(textbook.values()) == {0.4776}


@pytest.mark.parametrize(
    ("recipe", "asked"), [("aws-sims", [9]), ("aws-user-personalization", [5, 9])]
)
def test_measure__related_items_are_asked_about_the_last_item(
    recipe: str, asked: list[int]
) -> None:
    model = Recorder()
    measure(RECIPES[recipe], model, Split(histories_of(), histories_of([5, 9]), histories_of([1])))
    assert model.asked[0].items.tolist() == asked


def test_measure__coverage_of_related_items_counts_what_may_be_asked() -> None:
    model = Recorder()
    split = Split(histories_of(), histories_of([5, 9], [5]), histories_of([1, 9], [2]))
    measure(RECIPES["aws-sims"], model, split)
    # The last items of what is given and all that is held out, each once.
    assert model.asked[1].items.tolist() == [1, 2, 5, 9]
    assert model.asked[1].lengths.tolist() == [1, 1, 1, 1]


def test_train_and_evaluate__not_built() -> None:
    spec = dataclasses.replace(RECIPES["aws-sims"], learner=None)
    with pytest.raises(RecipeNotBuilt, match="'aws-sims' is declared but does not train"):
        train_and_evaluate(spec, catalogue(1), rng=np.random.default_rng(0))


def test_train_and_evaluate__too_little() -> None:
    with pytest.raises(TooLittleData, match="after filtering by event type: watch"):
        train_and_evaluate(
            RECIPES["aws-sims"], catalogue(1), event_type="watch", rng=np.random.default_rng(0)
        )


def test_train_and_evaluate__tells_the_stages() -> None:
    stages: list[str] = []
    train_and_evaluate(
        RECIPES["aws-user-personalization"],
        training_data(walks(np.random.default_rng(7))),
        rng=np.random.default_rng(0),
        progress=lambda stage, share: stages.append(stage),
    )
    parts = ["regression", "transitions"]  # fitted again with the users that weighed them
    assert stages == ["split", "train", *parts, "weigh", *parts, "evaluate"]


def test_train_and_evaluate__click_and_watch_of_one_second_are_no_repeat() -> None:
    data = training_data(walks(np.random.default_rng(7)))
    doubled = dataclasses.replace(
        data,
        user=np.tile(data.user, 2),
        item=np.tile(data.item, 2),
        timestamp=np.tile(data.timestamp, 2),
    )
    spec = RECIPES["aws-user-personalization"]
    once = train_and_evaluate(spec, data, rng=np.random.default_rng(0))
    twice = train_and_evaluate(spec, doubled, rng=np.random.default_rng(0))
    assert twice.n_events == once.n_events
    assert twice.metrics == once.metrics
