from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from personalize_assets.core.schemas import parse_schema
from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.evaluation import train_and_evaluate
from personalize_assets.recipes.histories import FloatArray
from personalize_assets.recipes.hyperparameters import HyperparameterError
from personalize_assets.recipes.minima import TooLittleData
from personalize_assets.recipes.options import SequenceOptions
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.search import SearchRange, SearchRequest
from personalize_assets.recipes.tables import training_data
from personalize_assets.recipes.training import (
    TrainingRequest,
    train_best,
    train_recipe,
    with_columns,
)
from personalize_assets_tests.planted import planted
from personalize_assets_tests.recipe_contract import walks
from personalize_assets_tests.recipes.examples import catalogue

SPEC = RECIPES["aws-user-personalization"]
NDCG = "normalized_discounted_cumulative_gain_at_25"


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return training_data(walks(np.random.default_rng(7)))


def test_train_recipe__nothing_asked_for_is_the_plain_training(data: TrainingData) -> None:
    version = train_recipe(SPEC, data, TrainingRequest(), np.random.default_rng(0))
    plain = train_and_evaluate(SPEC, data, rng=np.random.default_rng(0))
    assert version.metrics == plain.metrics
    assert version.spec is SPEC
    assert version.tuned == {}


def test_train_recipe__options_of_the_wire(data: TrainingData) -> None:
    given = {"hidden_dimension": "64", "bptt": "2", "recency_mask": "False"}
    version = train_recipe(SPEC, data, TrainingRequest(given), np.random.default_rng(0))
    config = SequenceOptions(hidden_dimension=64, bptt=2, recency_mask=False)
    plain = train_and_evaluate(SPEC, data, config=config, rng=np.random.default_rng(0))
    assert version.metrics == plain.metrics


def test_train_recipe__searches(data: TrainingData) -> None:
    ranges = (SearchRange("bptt", 3, 6), SearchRange("recency_mask", values=("True",)))
    stages: list[str] = []
    version = train_recipe(
        SPEC,
        data,
        TrainingRequest({"hidden_dimension": "64"}, search=SearchRequest(3, ranges)),
        np.random.default_rng(0),
        lambda stage, share: stages.append(stage),
    )
    assert version.tuned["hidden_dimension"] == "64"
    assert 3 <= int(version.tuned["bptt"]) <= 6
    assert version.tuned["recency_mask"] == "True"
    assert [stage[:11] for stage in stages if "tune " in stage] == [
        "tune 1 of 3",
        "tune 2 of 3",
        "tune 3 of 3",
    ]
    assert version.n_train_users == 180
    assert set(version.seconds) == {"split", "tune", "train", "evaluate"}


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (TrainingRequest({"bptt": "99"}), "'bptt' must be a whole number from 2 to 32, got '99'"),
        (TrainingRequest(featurization={"x": "1"}), "unknown hyperparameter 'x'"),
        (
            TrainingRequest(search=SearchRequest(2, (SearchRange("bptt", 1, 8),))),
            "the range of hyperparameter 'bptt' must lie within 2 and 32, got 1 to 8",
        ),
    ],
)
def test_train_recipe__wrong_options(
    data: TrainingData, request_: TrainingRequest, message: str
) -> None:
    with pytest.raises(HyperparameterError) as caught:
        train_recipe(SPEC, data, request_, np.random.default_rng(0))
    assert message in str(caught.value)


def test_train_recipe__too_little() -> None:
    with pytest.raises(TooLittleData, match="after filtering by event type: watch"):
        train_recipe(
            SPEC, catalogue(3), TrainingRequest(event_type="watch"), np.random.default_rng(0)
        )


def test_train_best__keeps_the_better_recipe(data: TrainingData) -> None:
    specs = [RECIPES["aws-popularity-count"], SPEC]
    version = train_best(specs, data, NDCG, np.random.default_rng(0))
    assert version.spec is SPEC
    assert set(version.tuned) == {"hidden_dimension", "bptt", "recency_mask"}
    worse = train_best(specs[:1], data, NDCG, np.random.default_rng(0))
    assert worse.spec.name == "aws-popularity-count"
    assert worse.metrics[NDCG] < version.metrics[NDCG]


def test_train_best__ties_go_to_the_first(data: TrainingData) -> None:
    popular = RECIPES["aws-popularity-count"]
    twins = [replace(popular, name=name) for name in ("first", "second")]
    assert train_best(twins, data, NDCG, np.random.default_rng(0)).spec.name == "first"


def test_train_best__unknown_metric(data: TrainingData) -> None:
    with pytest.raises(ValueError, match="'aws-popularity-count' has no metric 'auc'; it has: cov"):
        train_best([RECIPES["aws-popularity-count"]], data, "auc", np.random.default_rng(0))


def test_train_best__no_recipe(data: TrainingData) -> None:
    with pytest.raises(ValueError, match="AutoML needs at least one recipe"):
        train_best([], data, NDCG, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("request_", "items", "users"),
    [
        (TrainingRequest(), ["ITEM_ID", "Genres", "PRICE"], ["USER_ID", "AGE"]),
        (
            TrainingRequest(excluded_columns={"ITEMS": ["genres"], "Users": ["AGE"]}),
            ["ITEM_ID", "PRICE"],
            ["USER_ID"],
        ),
        (TrainingRequest(excluded_columns={"ITEMS": ["ITEM_ID"]}), None, ["USER_ID", "AGE"]),
        (TrainingRequest(included_columns={"items": ["PRICE"]}), ["ITEM_ID", "PRICE"], None),
        (TrainingRequest(included_columns={"ITEMS": []}), ["ITEM_ID"], None),
        (
            TrainingRequest(
                included_columns={"ITEMS": ["PRICE", "GENRES"]},
                excluded_columns={"ITEMS": ["PRICE"]},
            ),
            ["ITEM_ID", "Genres"],
            None,
        ),
    ],
)
def test_with_columns__by_dataset_type(
    request_: TrainingRequest, items: list[str] | None, users: list[str] | None
) -> None:
    schema = parse_schema(
        '{"type": "record", "name": "Items", "version": "1.0", "fields": ['
        '{"name": "ITEM_ID", "type": "string"}, {"name": "PRICE", "type": "double"},'
        '{"name": "Genres", "type": "string", "categorical": true}]}'
    )
    data = training_data(
        pa.table({"USER_ID": ["u"], "ITEM_ID": ["a"], "TIMESTAMP": [1]}),
        pa.table({"ITEM_ID": ["a"], "Genres": ["x"], "PRICE": [1.0]}),
        pa.table({"USER_ID": ["u"], "AGE": [3]}),
        item_schema=schema,
    )
    kept = with_columns(data, request_)
    assert kept.item_features is not None
    assert kept.user_features is not None
    assert kept.item_schema is not None
    shown = items or ["ITEM_ID", "Genres", "PRICE"]
    assert kept.item_features.column_names == shown
    assert set(kept.item_schema.columns) == {name.upper() for name in shown}
    assert kept.user_features.column_names == (users or ["USER_ID", "AGE"])


def test_train_recipe__excluded_columns_are_not_learned_from() -> None:
    data = planted(300, 500, 9_000, seed=2).data()
    histories = data.histories(np.random.default_rng(0)).take(np.arange(300) < 20)

    def scores(trained_on: TrainingData, request: TrainingRequest) -> FloatArray:
        version = train_recipe(SPEC, trained_on, request, np.random.default_rng(0))
        return version.model.score(histories)

    without = replace(data, item_features=None, user_features=None, context=None)
    bare = scores(without, TrainingRequest())
    described = ["GENRES", "CREATION_TIMESTAMP", "TITLE", "DESCRIPTION"]
    excluded = {"Items": described, "users": ["age_group"], "INTERACTIONS": ["DEVICE"]}
    np.testing.assert_allclose(
        scores(data, TrainingRequest(excluded_columns=excluded)), bare, atol=1e-6
    )
    nothing = {"ITEMS": [], "USERS": [], "Interactions": []}
    np.testing.assert_allclose(
        scores(data, TrainingRequest(included_columns=nothing)), bare, atol=1e-6
    )
    some = scores(data, TrainingRequest(included_columns={"Users": []}))
    assert not np.allclose(some, bare, atol=0.01)


def test_train_recipe__a_search_that_keeps_the_defaults_is_the_plain_training(
    data: TrainingData,
) -> None:
    plain = train_recipe(SPEC, data, TrainingRequest(), np.random.default_rng(0))
    request = TrainingRequest(search=SearchRequest(1))
    assert train_recipe(SPEC, data, request, np.random.default_rng(0)).metrics == plain.metrics


def test_train_recipe__goes_on_with_what_an_earlier_search_found(data: TrainingData) -> None:
    spec = RECIPES["aws-user-personalization-v2"]
    found = {"apply_recency_bias": "true", "hidden_dimension": "64", "bptt": "2"}
    request = TrainingRequest({"apply_recency_bias": "false"}, found=found)
    version = train_recipe(spec, data, request, np.random.default_rng(0))
    given = {"hidden_dimension": "64", "bptt": "2", "recency_mask": "False"}
    same = train_recipe(SPEC, data, TrainingRequest(given), np.random.default_rng(0))
    assert version.spec is spec
    histories = data.histories(np.random.default_rng(0))
    np.testing.assert_allclose(
        version.model.score(histories), same.model.score(histories), atol=1e-6
    )
