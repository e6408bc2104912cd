import numpy as np
import pytest
from scipy import sparse

from personalize_assets.recipes.solvers import sparse_rows as module
from personalize_assets.recipes.solvers.sparse_rows import dense_product, sparse_rows


def random_rows(seed: int, n_rows: int, n_columns: int, share: float) -> sparse.csr_array:
    rng = np.random.default_rng(seed)
    cells = rng.random((n_rows, n_columns)) * (rng.random((n_rows, n_columns)) < share)
    return sparse.csr_array(cells.astype(np.float32))


def test_sparse_rows__small_indices() -> None:
    rows = sparse_rows(np.ones(2, np.float32), np.array([4, 0]), np.array([0, 1, 2]), 5)
    assert (rows.indices.dtype, rows.indptr.dtype) == (np.int32, np.int32)
    assert rows.toarray().tolist() == [[0, 0, 0, 0, 1], [1, 0, 0, 0, 0]]


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("at_a_time", [1, 40, 1_000_000])
def test_dense_product__as_the_sparse_one(
    share: float, at_a_time: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MAX_ENTRIES", at_a_time)
    left, right = random_rows(1, 9, 6, share), random_rows(2, 6, 11, 0.5)
    found = dense_product(left, right)
    assert (found.dtype, found.shape) == (np.float32, (9, 11))
    np.testing.assert_allclose(found, left.toarray() @ right.toarray(), rtol=1e-6)


def test_dense_product__rows_that_do_not_fit_into_small_indices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_LARGEST", 25)  # two rows of eleven columns
    left, right = random_rows(1, 9, 6, 0.5), random_rows(2, 6, 11, 0.5)
    np.testing.assert_allclose(dense_product(left, right), (left @ right).toarray(), rtol=1e-6)


def test_dense_product__leaves_its_arguments_alone() -> None:
    left, right = random_rows(1, 3, 4, 0.5), random_rows(2, 4, 5, 0.5)
    before = right.toarray()
    dense_product(left, right)
    assert right.toarray().tolist() == before.tolist()


def test_dense_product__no_rows() -> None:
    assert dense_product(random_rows(1, 0, 4, 0.5), random_rows(2, 4, 5, 0.5)).shape == (0, 5)
