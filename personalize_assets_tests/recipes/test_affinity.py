"""What both user segmentation recipes must do; they share a model."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from scipy import sparse

from personalize_assets.recipes.artifact import SavedVersion, load_version, save_version
from personalize_assets.recipes.base import SegmentModel, TrainingData
from personalize_assets.recipes.comparison.baselines import active_users
from personalize_assets.recipes.evaluation import TrainedVersion, train_and_evaluate
from personalize_assets.recipes.item_affinity import AffinityModel
from personalize_assets.recipes.minima import TooLittleData, UnfitData
from personalize_assets.recipes.models import WrongModel, segment_model
from personalize_assets.recipes.options import AffinityOptions
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.segment_trial import SegmentTrial
from personalize_assets.recipes.segments import best_users
from personalize_assets.recipes.storage import ModelFormatError
from personalize_assets.recipes.tables import training_data
from personalize_assets_tests.recipe_contract import GROUP, N_ITEMS, N_USERS, walks
from personalize_assets_tests.recipes.test_quality import SAMPLE, genres, interactions
from personalize_assets_tests.segment_contract import SegmentContract

NAMES = ("aws-item-affinity", "aws-item-attribute-affinity")


class TestItemAffinity(SegmentContract):
    recipe = "aws-item-affinity"


class TestItemAttributeAffinity(SegmentContract):
    recipe = "aws-item-attribute-affinity"


def items(**columns: list[object]) -> pa.Table:
    """The Items dataset of the walks: the five groups are genres."""
    genres = [f"g{item // GROUP}|all" for item in range(N_ITEMS)]
    return pa.table(
        {"ITEM_ID": [f"i{item:02d}" for item in range(N_ITEMS)], **({"GENRES": genres} | columns)}
    )


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return training_data(walks(np.random.default_rng(7)), items())


@pytest.fixture(scope="module", params=NAMES)
def version(request: pytest.FixtureRequest, data: TrainingData) -> TrainedVersion:
    return train_and_evaluate(RECIPES[request.param], data, rng=np.random.default_rng(0))


@pytest.fixture(scope="module")
def model(version: TrainedVersion) -> SegmentModel:
    return segment_model(version.trained)


@pytest.fixture
def saved(version: TrainedVersion, data: TrainingData, tmp_path: Path) -> tuple[Path, SavedVersion]:
    save_version(tmp_path, data, version)
    return tmp_path, load_version(tmp_path)


def one_hot(*asked: int) -> sparse.csr_array:
    return sparse.eye_array(N_ITEMS, dtype=np.float32, format="csr")[list(asked)]


def group_of(user_ids: pa.StringArray, users: np.ndarray) -> list[int]:
    """The walked group of each user."""
    return [int(user_ids[int(user)].as_py()[1:]) % 5 for user in users]


def test_score_users__shape_and_dtype(model: SegmentModel) -> None:
    scores = model.score_users(one_hot(0, 50, 99))
    assert scores.shape == (3, N_USERS)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()
    assert (model.n_users, model.n_items) == (N_USERS, N_ITEMS)


def test_score_users__no_query(model: SegmentModel) -> None:
    assert model.score_users(one_hot()).shape == (0, N_USERS)


@pytest.mark.parametrize("item", [0, 25, 47, 99])
def test_best_users__likes_the_items_group(
    model: SegmentModel, data: TrainingData, item: int
) -> None:
    users, scores = best_users(model, one_hot(item), 10)
    groups = group_of(data.user_ids, users[0])
    assert groups.count(item // GROUP) >= 8
    assert (np.diff(scores[0]) <= 0).all()


def test_best_users__attribute_sums_over_items(model: SegmentModel, data: TrainingData) -> None:
    query = sparse.csr_array((np.arange(N_ITEMS) // GROUP == 3).astype(np.float32)[None, :])
    users, _ = best_users(model, query, 20)
    assert group_of(data.user_ids, users[0]) == [3] * 20
    summed = model.score_users(one_hot(*range(60, 80))).sum(axis=0)
    np.testing.assert_allclose(model.score_users(query)[0], summed, rtol=1e-3, atol=1e-5)


def test_best_users__only_the_ratio_of_weights_matters(model: SegmentModel) -> None:
    query = one_hot(3) + 2 * one_hot(70)
    users, _ = best_users(model, sparse.csr_array(query), 30)
    again, _ = best_users(model, sparse.csr_array(query * 0.5), 30)
    assert users.tolist() == again.tolist()


def test_best_users__nothing_known_is_answered_with_the_busiest(
    model: SegmentModel, data: TrainingData
) -> None:
    users, _ = best_users(model, sparse.csr_array((1, N_ITEMS), dtype=np.float32), 5)
    met = np.bincount(data.user, minlength=N_USERS)
    assert met[users[0]].min() >= np.sort(met)[-15]


def test_best_users__who_knows_an_item_does_not_come_back(version: TrainedVersion) -> None:
    model = version.trained  # nobody repeats in the walks
    assert isinstance(model, AffinityModel)
    known = np.flatnonzero(model.known[[45]].toarray()[0])
    users, _ = best_users(model, one_hot(45), 20)
    assert len(known) > 10
    assert not set(users[0].tolist()) & set(known.tolist())


def test_best_users__who_repeats_comes_back() -> None:
    table = walks(np.random.default_rng(7))
    later = pc.add(table["TIMESTAMP"], 1_000_000)
    twice = pa.concat_tables([table, table.set_column(2, "TIMESTAMP", later)])
    data = training_data(twice)
    model = train_and_evaluate(
        RECIPES["aws-item-affinity"], data, rng=np.random.default_rng(0)
    ).trained
    assert isinstance(model, AffinityModel)
    known = np.flatnonzero(model.known[[45]].toarray()[0])
    users, _ = best_users(model, one_hot(45), 20)
    assert len(set(users[0].tolist()) & set(known.tolist())) >= 5


def test_best_users__chunks_make_no_difference(model: SegmentModel) -> None:
    whole, _ = best_users(model, one_hot(*range(40)), 5)
    parts, _ = best_users(model, one_hot(*range(40)), 5, chunk=7)
    assert whole.tolist() == parts.tolist()


def test_best_users__no_more_than_there_are(model: SegmentModel) -> None:
    users, scores = best_users(model, one_hot(1), 5_000_000)
    assert sorted(users[0].tolist()) == list(range(N_USERS))
    assert scores.shape == (1, N_USERS)


@pytest.mark.parametrize(("k", "chunk"), [(0, None), (1, 0)])
def test_best_users__not_positive(model: SegmentModel, k: int, chunk: int | None) -> None:
    with pytest.raises(ValueError, match="must be at least 1"):
        best_users(model, one_hot(1), k, chunk)


def test_train__metrics(version: TrainedVersion) -> None:
    assert set(version.metrics) == {"coverage", "hits_at_1_percent", "recall_at_1_percent"}
    assert version.textbook == {}


def test_train__splits_events_not_users(version: TrainedVersion, data: TrainingData) -> None:
    assert (version.n_train_users, version.n_test_users) == (N_USERS, N_USERS)
    assert version.n_events == len(data)


def test_train__larger_than_the_data(data: TrainingData) -> None:
    spec = RECIPES["aws-item-affinity"]
    model = train_and_evaluate(
        spec, data, config=AffinityOptions(hidden_dimension=256), rng=np.random.default_rng(0)
    ).trained
    assert isinstance(model, AffinityModel)
    # A quarter of 256 directions, six categories of items, and how busy a user is.
    assert model.users.shape == (N_USERS, 64 + 6 + 1)


def test_train__no_items_dataset() -> None:
    data = training_data(walks(np.random.default_rng(7)))
    with pytest.raises(TooLittleData, match="there are none in: Items"):
        train_and_evaluate(RECIPES[NAMES[1]], data, rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    ("columns", "fits"),
    [
        ({"CREATION_TIMESTAMP": [1] * N_ITEMS}, False),
        ({"ADULT": [True] * N_ITEMS}, False),
        ({"YEAR": [1999] * N_ITEMS}, True),
    ],
)
def test_train__attributes_to_ask_for(columns: dict[str, list[object]], fits: bool) -> None:
    table = items(**columns).drop_columns(["GENRES"])
    data = training_data(walks(np.random.default_rng(7)), table)
    spec = RECIPES[NAMES[1]]
    if fits:
        assert train_and_evaluate(spec, data, rng=np.random.default_rng(0)).metrics
    else:
        with pytest.raises(UnfitData, match="neither textual nor reserved"):
            train_and_evaluate(spec, data, rng=np.random.default_rng(0))


def test_save__ids_and_items(
    saved: tuple[Path, SavedVersion], version: TrainedVersion, data: TrainingData
) -> None:
    read = saved[1]
    assert read.user_ids is not None
    assert read.user_ids.equals(data.user_ids)
    assert read.item_ids.equals(data.item_ids)
    assert read.action_ids is None
    assert read.metrics == version.metrics
    if version.spec.name == "aws-item-attribute-affinity":
        assert read.items is not None
        assert read.items.equals(data.item_features)
    else:
        assert read.items is None


def test_save__no_item_model(saved: tuple[Path, SavedVersion]) -> None:
    with pytest.raises(WrongModel, match="AffinityModel does not recommend items"):
        _ = saved[1].model


def test_load__other_format(saved: tuple[Path, SavedVersion]) -> None:
    path = saved[0] / "model.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": 99}))
    with pytest.raises(ModelFormatError, match=r"format 99; this reads kind .*, format 2"):
        load_version(saved[0])


@pytest.mark.slow
def test_sample__better_than_the_busiest_users() -> None:
    data = training_data(interactions(SAMPLE), genres(SAMPLE))
    spec = RECIPES["aws-item-affinity"]
    trial = SegmentTrial.draw(spec, data, np.random.default_rng(0))
    version = train_and_evaluate(spec, data, rng=np.random.default_rng(0))
    simple, _ = trial.measure(active_users(data, trial.train, np.random.default_rng(0)))
    assert 0.55 <= version.metrics["hits_at_1_percent"] <= 0.75
    assert 0.22 <= version.metrics["recall_at_1_percent"] <= 0.32
    assert version.metrics["hits_at_1_percent"] > 1.2 * simple["hits_at_1_percent"]
    assert version.metrics["coverage"] > 2 * simple["coverage"]
