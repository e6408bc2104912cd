"""What every recipe of items that trains must do: inherit ``RecipeContract`` and name the recipe.

    class TestSims(RecipeContract):
        recipe = "aws-sims"
        least_gain = 1.5

The model is trained once per class, on a seeded set of 200 users and 100 items. Recipes of users
and of actions have contracts of their own beside this one.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pytest

from personalize_assets.recipes.artifact import SavedVersion, load_version, save_version
from personalize_assets.recipes.base import Model, TrainingData
from personalize_assets.recipes.comparison.baselines import RandomItems
from personalize_assets.recipes.evaluation import (
    TrainedVersion,
    require_learner,
    train_and_evaluate,
)
from personalize_assets.recipes.histories import Histories
from personalize_assets.recipes.hyperparameters import (
    default_hyperparameters,
    hyperparameters,
    parse_hyperparameters,
)
from personalize_assets.recipes.minima import UnfitData
from personalize_assets.recipes.models import item_model
from personalize_assets.recipes.ranking import recommend
from personalize_assets.recipes.registry import RECIPES
from personalize_assets.recipes.spec import RecipeSpec
from personalize_assets.recipes.storage import ModelFormatError
from personalize_assets.recipes.tables import training_data
from personalize_assets.recipes.trials import make_trial

N_USERS, N_ITEMS, GROUP = 200, 100, 20
N_COLD = 5
MRR = "mean_reciprocal_rank_at_25"


def walks(rng: np.random.Generator) -> pa.Table:
    """Users walk through the items of one of five groups, mostly to one of the next three."""
    rows = []
    for user in range(N_USERS):
        group, at, known = user % 5, int(rng.integers(GROUP)), set[int]()
        for second in range(int(rng.integers(8, 30))):
            step = int(rng.integers(1, 4)) if rng.random() < 0.7 else int(rng.integers(GROUP))
            at = (at + step) % GROUP
            item = group * GROUP + at if rng.random() < 0.9 else int(rng.integers(N_ITEMS))
            if item not in known:
                known.add(item)
                rows.append((f"u{user}", f"i{item:02d}", 1_000_000 + 60 * second))
    users, items, times = zip(*rows, strict=True)
    return pa.table({"USER_ID": users, "ITEM_ID": items, "TIMESTAMP": times})


def history(*items: int) -> Histories:
    """One user's history."""
    return Histories(
        indptr=np.array([0, len(items)]),
        items=np.array(items, dtype=np.int32),
        timestamps=np.arange(len(items)),
    )


def train(spec: RecipeSpec, data: TrainingData, seed: int = 0) -> TrainedVersion:
    """Train with the defaults."""
    return train_and_evaluate(spec, data, rng=np.random.default_rng(seed))


def fit(spec: RecipeSpec, data: TrainingData, seed: int = 0) -> Model:
    """Train on all of the data, which may be less than a version needs."""
    rng = np.random.default_rng(seed)
    learner = require_learner(spec)
    histories = data.histories(rng)
    return item_model(learner.fit(data, histories, spec.config(), spec.featurization(), rng))


def of_one_second(data: TrainingData) -> TrainingData:
    """The same events, all at one time."""
    return replace(data, timestamp=np.full_like(data.timestamp, 1_000_000))


def of_one_item(data: TrainingData) -> TrainingData:
    """The same events, all with the only item."""
    items = data.item_features
    return replace(
        data,
        item_ids=data.item_ids[:1],
        item=np.zeros_like(data.item),
        item_features=None if items is None else items.slice(0, 1),
    )


def of_one_user(data: TrainingData) -> TrainingData:
    """The same items, met by a single user one after the other."""
    users = data.user_features
    return replace(
        data,
        user_ids=data.user_ids[:1],
        user=np.zeros_like(data.user),
        timestamp=np.arange(len(data), dtype=np.int64),
        user_features=None if users is None else users.slice(0, 1),
    )


def without_events(data: TrainingData) -> TrainingData:
    """The same users and items, who never met."""
    return data.where(np.zeros(len(data), dtype=np.bool_))


def with_cold_items(data: TrainingData) -> TrainingData:
    """The same events and more items, which are like the first ones."""
    ids = pa.array([f"z{item}" for item in range(N_COLD)], pa.string())
    items = data.item_features
    if items is not None:
        new = items.slice(0, N_COLD)
        new = new.set_column(new.column_names.index("ITEM_ID"), "ITEM_ID", ids)
        items = pa.concat_tables([items, new])
    return replace(data, item_ids=pa.concat_arrays([data.item_ids, ids]), item_features=items)


ODD: dict[str, Callable[[TrainingData], TrainingData]] = {
    "one second": of_one_second,
    "one item": of_one_item,
    "one user": of_one_user,
    "no events": without_events,
    "cold items": with_cold_items,
}


def chance(spec: RecipeSpec, data: TrainingData, runs: int = 5) -> float:
    """Mean reciprocal rank that chance reaches on the users whom ``train`` tests."""
    trial = make_trial(spec, data, np.random.default_rng(0))
    model = RandomItems(data.n_items, np.random.default_rng(1))
    return float(np.mean([trial.measure(model)[0][MRR] for _ in range(runs)]))


class RecipeContract:
    """Tests that hold for every recipe of items."""

    recipe: ClassVar[str]
    least_gain: ClassVar[float] = 0.0
    """How many times better than popularity the mean reciprocal rank must be."""
    least_gain_over_chance: ClassVar[float] = 1.3
    """How many times better than chance it must be."""
    may_refuse: ClassVar[frozenset[str]] = frozenset()
    """Names of odd data that a version of the recipe may fail on with a clear message."""

    @pytest.fixture(scope="class")
    @classmethod
    def spec(cls) -> RecipeSpec:
        return RECIPES[cls.recipe]

    @pytest.fixture(scope="class")
    @classmethod
    def data(cls) -> TrainingData:
        return training_data(walks(np.random.default_rng(7)))

    @pytest.fixture(scope="class")
    @classmethod
    def version(cls, spec: RecipeSpec, data: TrainingData) -> TrainedVersion:
        return train(spec, data)

    @pytest.fixture(scope="class")
    @classmethod
    def saved(
        cls,
        spec: RecipeSpec,
        data: TrainingData,
        version: TrainedVersion,
        tmp_path_factory: pytest.TempPathFactory,
    ) -> tuple[Path, SavedVersion]:
        folder = tmp_path_factory.mktemp("version")
        save_version(folder, data, version)
        return folder, load_version(folder)

    @pytest.fixture(scope="class")
    @classmethod
    def histories(cls, data: TrainingData) -> Histories:
        return data.histories(np.random.default_rng(0))

    def test_options__defaults_survive_the_wire(self, spec: RecipeSpec) -> None:
        for options in (spec.config, spec.featurization):
            tuned = {item.name for item in hyperparameters(options) if item.only_tuned}
            defaults = default_hyperparameters(options).items()
            given = {name: value for name, value in defaults if name not in tuned}
            assert parse_hyperparameters(options, given) == options()

    def test_score__shape_and_dtype(self, version: TrainedVersion, histories: Histories) -> None:
        scores = version.model.score(histories)
        assert scores.shape == (N_USERS, N_ITEMS)
        assert scores.dtype == np.float32
        assert not np.isnan(scores).any()
        assert (scores < np.inf).all()
        assert version.model.n_items == N_ITEMS

    def test_score__no_history_at_all(self, version: TrainedVersion) -> None:
        assert version.model.score(Histories.empty(0)).shape == (0, N_ITEMS)

    def test_score__leaves_the_histories_alone(
        self, version: TrainedVersion, histories: Histories
    ) -> None:
        items, indptr = histories.items.copy(), histories.indptr.copy()
        version.model.score(histories)
        np.testing.assert_array_equal(histories.items, items)
        np.testing.assert_array_equal(histories.indptr, indptr)

    def test_recommend__distinct_and_sorted(
        self, version: TrainedVersion, histories: Histories
    ) -> None:
        items, shares = recommend(version.model, histories, 25)
        assert all(len(set(row)) == 25 for row in items.tolist())
        assert items.min() >= 0
        assert items.max() < N_ITEMS
        assert (np.diff(shares, axis=1) <= 0).all()

    def test_recommend__shares_of_the_whole_catalogue_sum_to_one(
        self, version: TrainedVersion, histories: Histories
    ) -> None:
        items, shares = recommend(version.model, histories, N_ITEMS + 5)
        np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-4)
        assert (items[:, N_ITEMS:] == -1).all()

    def test_recommend__new_user(self, version: TrainedVersion) -> None:
        items, _ = recommend(version.model, Histories.empty(2), 25)
        assert items.min() >= 0
        assert items[0].tolist() == items[1].tolist()

    def test_recommend__one_event(self, version: TrainedVersion) -> None:
        items, _ = recommend(version.model, history(3), 25)
        assert items.min() >= 0

    def test_recommend__chunks_make_no_difference(
        self, version: TrainedVersion, histories: Histories
    ) -> None:
        whole, whole_shares = recommend(version.model, histories, 10)
        parts, parts_shares = recommend(version.model, histories, 10, chunk=7)
        np.testing.assert_allclose(whole_shares, parts_shares, rtol=1e-4)
        assert (whole == parts).mean() > 0.99  # rounding may swap near ties

    def test_train__same_seed_same_scores(
        self, spec: RecipeSpec, data: TrainingData, version: TrainedVersion, histories: Histories
    ) -> None:
        again = train(spec, data)
        np.testing.assert_allclose(
            again.model.score(histories), version.model.score(histories), atol=1e-6
        )
        assert again.metrics == version.metrics

    def test_train__counts_users(self, version: TrainedVersion, data: TrainingData) -> None:
        assert (version.n_train_users, version.n_test_users) == (180, 20)
        assert version.n_events == len(data)
        assert set(version.seconds) == {"split", "train", "evaluate"}

    def test_save__same_scores(
        self, saved: tuple[Path, SavedVersion], version: TrainedVersion, histories: Histories
    ) -> None:
        np.testing.assert_array_equal(
            saved[1].model.score(histories), version.model.score(histories)
        )

    def test_save__same_facts(
        self,
        saved: tuple[Path, SavedVersion],
        version: TrainedVersion,
        spec: RecipeSpec,
        data: TrainingData,
    ) -> None:
        assert saved[1].spec is spec
        assert saved[1].item_ids.equals(data.item_ids)
        assert saved[1].metrics == version.metrics
        assert saved[1].facts["n_train_users"] == 180

    def test_save__nothing_pickled(self, saved: tuple[Path, SavedVersion]) -> None:
        assert {path.suffix for path in saved[0].iterdir()} <= {".npz", ".parquet", ".json"}
        with np.load(saved[0] / "model.npz", allow_pickle=False) as arrays:
            assert all(arrays[name].dtype != np.object_ for name in arrays.files)

    def test_load__other_format(self, saved: tuple[Path, SavedVersion], tmp_path: Path) -> None:
        header = json.loads((saved[0] / "model.json").read_text())
        (tmp_path / "model.json").write_text(json.dumps({**header, "version": 99}))
        with pytest.raises(ModelFormatError, match=r"format 99; this reads kind .*, format \d+"):
            type(saved[1].model).load(tmp_path)

    def test_load__other_kind(self, saved: tuple[Path, SavedVersion], tmp_path: Path) -> None:
        (tmp_path / "model.json").write_text('{"kind": "other", "version": 1}')
        with pytest.raises(ModelFormatError, match="is of kind 'other'"):
            type(saved[1].model).load(tmp_path)

    @pytest.mark.parametrize("odd", ODD)
    def test_fit__odd_data(self, spec: RecipeSpec, data: TrainingData, odd: str) -> None:
        changed = ODD[odd](data)
        asked = changed.histories(np.random.default_rng(0)).slice(0, min(3, changed.n_users))
        try:
            model = fit(spec, changed)
        except UnfitData:
            assert odd in self.may_refuse
            return
        assert model.n_items == changed.n_items
        for histories in (asked, Histories.empty(2)):
            scores = model.score(histories)
            assert scores.shape == (len(histories), changed.n_items)
            assert not np.isnan(scores).any()
            items, shares = recommend(model, histories, 10)
            assert items.max(initial=-1) < changed.n_items
            assert np.isfinite(shares).all()
        again = fit(spec, changed).score(asked)
        np.testing.assert_allclose(again, model.score(asked), rtol=0, atol=1e-6)

    def test_fit__cold_items_harm_nobody(
        self, spec: RecipeSpec, data: TrainingData, histories: Histories
    ) -> None:
        model = fit(spec, with_cold_items(data))
        asked = histories.slice(0, 50)
        few = Histories(asked.indptr, asked.items % N_ITEMS, asked.timestamps)
        items, _ = recommend(model, few, 5)
        assert (items >= N_ITEMS).mean() < 0.3

    def test_recommend__cold_item_asked(self, spec: RecipeSpec, data: TrainingData) -> None:
        model = fit(spec, with_cold_items(data))
        items, _ = recommend(model, history(N_ITEMS), 10)
        assert items.min() >= 0

    def test_quality__better_than_popularity(
        self, version: TrainedVersion, data: TrainingData
    ) -> None:
        popularity = train(RECIPES["aws-popularity-count"], data).metrics[MRR]
        assert version.metrics[MRR] >= self.least_gain * popularity

    def test_quality__better_than_chance(
        self, version: TrainedVersion, data: TrainingData, spec: RecipeSpec
    ) -> None:
        assert version.metrics[MRR] >= self.least_gain_over_chance * chance(spec, data)
