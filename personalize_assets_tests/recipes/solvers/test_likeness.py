from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from scipy import sparse

from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.solvers.likeness import likeness, most_alike
from personalize_assets_tests.recipes.examples import catalogue

RNG = np.random.default_rng(0)


def described(**columns: list[str] | list[float]) -> TrainingData:
    n_items = len(next(iter(columns.values())))
    data = catalogue(n_items)
    return replace(data, item_features=pa.table({"ITEM_ID": data.item_ids, **columns}))


def pairs(n_items: int, *met: tuple[int, int]) -> sparse.csr_array:
    rows, columns = np.array(met).T
    return sparse.coo_array(
        (np.ones(len(met), np.float32), (rows, columns)), shape=(n_items, n_items)
    ).tocsr()


def test_likeness__column_that_tells_nothing_counts_nothing() -> None:
    # Users meet 0 with 1 and 2 with 3: of one genre each, and of different colours.
    data = described(GENRE=["a", "a", "b", "b"], COLOUR=["r", "g", "r", "g"])
    features = likeness(data, pairs(4, (0, 1), (2, 3)), RNG)
    np.testing.assert_allclose(
        features @ features.T,
        [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]],
        atol=1e-3,
    )


def test_likeness__numbers() -> None:
    met = pairs(24, *[(item, item + 1) for item in range(23)])
    features = likeness(described(YEAR=[1950.0 + item for item in range(24)]), met, RNG)
    alike = (features @ features.T)[0]
    assert alike[1] > alike[2] > alike[12] == 0


@pytest.mark.parametrize("data", [catalogue(3), described(GENRE=["a", "a", "a"])])
def test_likeness__nothing_to_tell_items_by(data: TrainingData) -> None:
    features = likeness(data, pairs(3, (0, 1)), RNG)
    assert len(features) == 3
    assert most_alike(features, np.arange(3, dtype=np.int32), 2).nnz == 0


def test_likeness__nobody_met_anything() -> None:
    data = described(GENRE=["a", "a", "b"])
    features = likeness(data, pairs(3, (0, 1)) * 0, RNG)
    np.testing.assert_allclose((features @ features.T)[0], [1, 1, 0], atol=1e-3)


def test_most_alike__never_itself_and_no_more_than_asked() -> None:
    features = np.array([[1, 0], [1, 0], [0.8, 0.6], [0, 1], [1, 0]], np.float32)
    found = most_alike(features, np.array([2, 1, 0, 3], np.int32), 2)
    # Of items 0 and 1, which are equally like item 4, both are nearer than item 2.
    assert sorted(found[[4]].indices.tolist()) == [0, 1]
    assert sorted(found[[0]].indices.tolist()) == [1, 2]
    assert found[[3]].indices.tolist() == [2]
    assert found[[0], [1]][0] == pytest.approx(1, abs=1e-5)


def test_most_alike__equals_in_the_order_of_the_targets() -> None:
    features = np.ones((5, 1), np.float32)
    found = most_alike(features, np.array([3, 1, 4, 0, 2], np.int32), 2)
    assert sorted(found[[0]].indices.tolist()) == [1, 3]
