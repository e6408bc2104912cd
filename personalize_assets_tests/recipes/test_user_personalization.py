from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from personalize_assets.recipes.base import TrainingData, ignore_progress
from personalize_assets.recipes.evaluation import TrainedVersion
from personalize_assets.recipes.histories import Histories
from personalize_assets.recipes.options import SequenceOptions, UserHistoryOptions
from personalize_assets.recipes.ranking import recommend
from personalize_assets.recipes.solvers.cold_start import log_beginnings
from personalize_assets.recipes.tables import training_data
from personalize_assets.recipes.user_personalization import (
    Mixture,
    UserPersonalization,
    UserPersonalizationModel,
)
from personalize_assets_tests.planted import Planted, planted
from personalize_assets_tests.recipe_contract import RecipeContract, history
from personalize_assets_tests.recipes.examples import catalogue, histories_of


class TestUserPersonalization(RecipeContract):
    recipe = "aws-user-personalization"
    least_gain = 3.0

    def test_recommend__known_items_left_out(
        self, version: TrainedVersion, histories: Histories
    ) -> None:
        items, _ = recommend(version.model, histories, 25)
        for user in range(len(histories)):
            known = histories.slice(user, user + 1).items
            assert not set(known.tolist()) & set(items[user].tolist())

    def test_recommend__what_follows_the_newest(
        self, version: TrainedVersion, data: TrainingData
    ) -> None:
        items, _ = recommend(version.model, history(60, 61, 62, 3, 4, 5), 3)
        assert {item // 20 for item in items[0].tolist()} == {0}

    def test_recommend__everything_known(self, version: TrainedVersion) -> None:
        items, shares = recommend(version.model, history(*range(100)), 5)
        assert items.tolist() == [[-1] * 5]
        assert shares.tolist() == [[0.0] * 5]

    def test_mixture__is_learned(self, version: TrainedVersion) -> None:
        model = version.model
        assert isinstance(model, UserPersonalizationModel)
        # The walks are far easier to foresee than what people do.
        assert model.mixture.transitions > 1.5 * Mixture(recency=True).transitions
        assert (model.profiles.blocks, model.circumstances) == ((), ())


def fit(histories: Histories, n_items: int, recency: bool = True) -> UserPersonalizationModel:
    return UserPersonalization().fit(
        catalogue(n_items),
        histories,
        SequenceOptions(recency_mask=recency),
        UserHistoryOptions(),
        np.random.default_rng(0),
        ignore_progress,
    )


def test_score__repeats_where_people_repeat() -> None:
    # Everyone alternates between two items of their own: of 5 later events 4 are repeats.
    rows = [[n % 6, n % 6 + 6, n % 6, n % 6 + 6, n % 6, n % 6] for n in range(60)]
    model = fit(histories_of(*rows), 12)
    assert model.mixture.repeat_rate == pytest.approx(4 / 5)
    shares = np.exp(model.score(history(2, 8)))[0]
    assert shares[[2, 8]].sum() == pytest.approx(0.8, rel=1e-4)
    assert shares.sum() == pytest.approx(1, rel=1e-4)
    assert shares[8] > shares[2]


def test_score__item_that_leads_nowhere_is_a_new_users_question() -> None:
    model = fit(histories_of(*[[0, 1, 2]] * 30), 5)
    scores = model.score(history(4))[0]
    expected = model.beginnings.copy()
    expected[4] = -np.inf
    shares = np.exp(expected) / np.exp(expected).sum()
    np.testing.assert_allclose(np.exp(scores), shares, rtol=1e-5)


def test_recency_mask__decides_whether_the_newest_wins() -> None:
    # 0 leads to 4, and 1 to 5, less often.
    rows = [[0, 4]] * 40 + [[1, 5]] * 30 + [[2, 6], [3, 7]] * 5
    between = range(8, 16)
    newest = fit(histories_of(*rows), 16).liking(history(0, *between, 1))[0]
    assert newest[5] > newest[4]
    flat = fit(histories_of(*rows), 16, recency=False)
    first, second = (flat.liking(history(*ends))[0] for ends in ((0, 1), (1, 0)))
    assert first[4] > first[5]
    np.testing.assert_allclose(first, second, rtol=1e-5)


def test_log_beginnings__what_users_begin_with_and_what_is_popular() -> None:
    beginnings = log_beginnings(histories_of([0, 1], [0, 2]), 4, recent=False)
    # Half of the events are of item 0, a quarter of 1 and of 2, in both shares; 3 comes last.
    assert np.argsort(-beginnings, kind="stable").tolist() == [0, 1, 2, 3]
    assert np.exp(beginnings).sum() == pytest.approx(1)
    assert np.exp(beginnings[0] - beginnings[1]) == pytest.approx(2, rel=0.01)


def test_log_beginnings__recent_looks_at_the_newest_tenth() -> None:
    rows = [[item] for item in [0] * 18 + [1] * 2]
    histories = histories_of(*rows)
    late = Histories(histories.indptr, histories.items, np.arange(20))
    assert np.argmax(log_beginnings(late, 2, recent=False)) == 0
    gain = log_beginnings(late, 2, recent=True) - log_beginnings(late, 2, recent=False)
    assert gain[1] > 0 > gain[0]


@pytest.mark.parametrize("recency", [True, False])
@pytest.mark.parametrize("n_users", [15, 90])
def test_score__one_history_as_many(recency: bool, n_users: int) -> None:
    rng = np.random.default_rng(3)
    rows = [rng.integers(0, 30, size=size).tolist() for size in rng.integers(0, 70, size=n_users)]
    histories = histories_of(*rows)
    model = fit(histories, 30, recency)
    together = model.score(histories)
    alone = [model.score(histories.slice(at, at + 1)) for at in range(n_users)]
    np.testing.assert_allclose(np.concatenate(alone), together, atol=1e-4)


@pytest.fixture(scope="module")
def made() -> Planted:
    return planted(500, 800, 16_000)


@pytest.fixture(scope="module")
def informed(made: Planted) -> UserPersonalizationModel:
    """Trained with everything that is known."""
    data = made.data()
    histories = data.histories(np.random.default_rng(0))
    model = UserPersonalization().fit(
        data, histories, SequenceOptions(), UserHistoryOptions(), np.random.default_rng(0)
    )
    assert isinstance(model, UserPersonalizationModel)
    return model


def share_of(model: UserPersonalizationModel, asked: Histories, items: np.ndarray) -> float:
    scores = model.score(asked)[0]
    shares = np.exp(scores - scores.max())
    return float(shares[items].sum() / shares.sum())


def test_profiles__the_genre_of_the_history_comes_more_often(
    informed: UserPersonalizationModel, made: Planted
) -> None:
    # Descriptions tell the genre too, so that one of the two may do.
    assert {"GENRES", "DESCRIPTION"} & {block.column for block in informed.profiles.blocks}
    western = np.flatnonzero(made.genre == 0)
    asked = history(*western[:4].tolist())
    without = replace(
        informed, profiles=informed.profiles.only([False] * len(informed.profiles.blocks))
    )
    assert share_of(informed, asked, western) > 1.2 * share_of(without, asked, western)


def test_circumstances__a_device_leads_to_its_genres(
    informed: UserPersonalizationModel, made: Planted
) -> None:
    assert "Interactions.DEVICE" in informed.circumstances
    data = made.data()
    assert data.context is not None
    on_tv = np.asarray(data.context["DEVICE"].cast(pa.string())) == "tv"
    genres = made.genre[data.item]
    led = np.argmax(np.bincount(genres[on_tv]) / np.bincount(genres))
    of_genre = np.flatnonzero(made.genre == led)
    asked = [
        replace(history(1, 2, 3), about=pa.table({"Interactions.DEVICE": [device]}))
        for device in ("tv", "phone", "a watch", None)
    ]
    tv, phone, unknown, null = (share_of(informed, each, of_genre) for each in asked)
    assert tv > 1.1 * phone
    assert unknown == null == share_of(informed, history(1, 2, 3), of_genre)


def test_circumstances__a_new_user_of_a_known_age(
    informed: UserPersonalizationModel, made: Planted
) -> None:
    young, old = (
        replace(Histories.empty(1), about=pa.table({"Users.AGE_GROUP": [age]}))
        for age in ("18-24", "55+")
    )
    age = np.asarray(made.users["AGE_GROUP"].cast(pa.string()))
    tastes = [made.taste[age == group].mean(axis=0) for group in ("18-24", "55+")]
    liked = np.flatnonzero(made.genre == np.argmax(tastes[0] - tastes[1]))
    assert share_of(informed, young, liked) > 1.1 * share_of(informed, old, liked)


def test_save__with_everything_known(
    informed: UserPersonalizationModel, made: Planted, tmp_path: Path
) -> None:
    informed.save(tmp_path)
    again = UserPersonalizationModel.load(tmp_path)
    about = pa.table({"Interactions.DEVICE": ["tv"], "Users.AGE_GROUP": ["55+"]})
    asked = replace(history(1, 2, 3), about=about)
    np.testing.assert_array_equal(again.score(asked), informed.score(asked))
    assert again.circumstances == informed.circumstances


def test_profiles__useless_metadata_are_left_out(made: Planted) -> None:
    rng = np.random.default_rng(1)
    items = made.items.select(["ITEM_ID"]).append_column(
        "SHELF", pa.array(rng.choice(["a", "b", "c"], len(made.items)))
    )
    data = training_data(made.interactions.select(["USER_ID", "ITEM_ID", "TIMESTAMP"]), items)
    model = UserPersonalization().fit(
        data,
        data.histories(rng),
        SequenceOptions(),
        UserHistoryOptions(),
        rng,
    )
    assert model.profiles.blocks == ()
