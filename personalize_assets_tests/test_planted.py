import numpy as np

from personalize_assets_tests.planted import N_SUCCESSORS, planted


def test_planted__size_and_seed() -> None:
    made = planted(100, 500, 3_000, seed=3)
    assert made.interactions.num_rows == 3_000
    assert made.interactions.equals(planted(100, 500, 3_000, seed=3).interactions)
    assert not made.interactions.equals(planted(100, 500, 3_000, seed=4).interactions)
    data = made.data()
    assert (data.n_items, data.n_users) == (500, 100)
    assert data.item_ids[7].as_py() == "i007"


def test_planted__histories_show_the_structure() -> None:
    made = planted(200, 500, 12_000)
    data = made.data()
    histories = data.histories(np.random.default_rng(0))
    pairs = np.stack((histories.items[:-1], histories.items[1:]))
    same = histories.rows[:-1] == histories.rows[1:]
    follows = (made.successors[pairs[0, same]] == pairs[1, same, None]).any(axis=1).mean()
    assert 0.2 < follows < 0.4
    keys = data.user.astype(np.int64) * data.n_items + data.item
    assert len(np.unique(keys)) == len(data)
    assert np.bincount(data.item, minlength=500)[-500 // 50 :].sum() == 0
    created = made.items["CREATION_TIMESTAMP"].to_numpy()
    assert (data.timestamp >= created[data.item]).all()
    assert made.successors.shape == (500, N_SUCCESSORS)


def test_planted__repeats() -> None:
    data = planted(100, 500, 4_000, repeats=0.4).data()
    keys = data.user.astype(np.int64) * data.n_items + data.item
    assert 0.25 < 1 - len(np.unique(keys)) / len(data) < 0.6
