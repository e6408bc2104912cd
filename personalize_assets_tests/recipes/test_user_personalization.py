import numpy as np
import pytest

from personalize_assets.recipes.base import Histories, TrainingData, ignore_progress
from personalize_assets.recipes.evaluation import TrainedVersion
from personalize_assets.recipes.options import SequenceOptions, UserHistoryOptions
from personalize_assets.recipes.ranking import recommend
from personalize_assets.recipes.solvers.cold_start import log_beginnings
from personalize_assets.recipes.user_personalization import (
    UserPersonalization,
    UserPersonalizationModel,
)
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

    def test_score__confidence_is_learned(self, version: TrainedVersion) -> None:
        model = version.model
        assert isinstance(model, UserPersonalizationModel)
        assert 1 < model.serving.temperature < 4


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
    assert model.serving.repeat_rate == pytest.approx(4 / 5)
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
    newest = fit(histories_of(*rows), 16).affinity(history(0, *between, 1))[0]
    assert newest[5] > newest[4]
    flat = fit(histories_of(*rows), 16, recency=False)
    first, second = (flat.affinity(history(*ends))[0] for ends in ((0, 1), (1, 0)))
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
