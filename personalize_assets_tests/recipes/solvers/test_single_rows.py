import numpy as np
import pytest
from scipy import sparse

from personalize_assets.recipes.solvers.ease import fit_ease
from personalize_assets.recipes.solvers.single_rows import FactoredRows, newest_items, sum_rows
from personalize_assets.recipes.solvers.sparse_rows import sparse_rows

MATRIX = sparse.csr_array(np.array([[0, 2, 0], [1, 0, 3], [0, 0, 0]], dtype=np.float32))


def test_newest_items__each_once_and_the_newest_first() -> None:
    items, weights = newest_items(np.array([4, 7, 4, 9], dtype=np.int32), decay=2.0, limit=2)
    assert items.tolist() == [9, 4]
    assert weights.tolist() == pytest.approx([1.0, np.exp(-0.5)])


def test_newest_items__of_an_empty_history() -> None:
    items, weights = newest_items(np.zeros(0, dtype=np.int32), decay=None, limit=5)
    assert (len(items), len(weights)) == (0, 0)


def test_sum_rows__weighs_rows() -> None:
    summed = sum_rows(MATRIX, np.array([1, 0, 2]), np.array([2, 0.5, 9], dtype=np.float32))
    assert summed.tolist() == [2.0, 1.0, 6.0]  # 2 * (1, 0, 3) + 0.5 * (0, 2, 0)
    assert summed.dtype == np.float32


def test_sum_rows__of_no_rows() -> None:
    nothing = np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.float32)
    assert sum_rows(MATRIX, *nothing).tolist() == [0, 0, 0]


@pytest.mark.parametrize("kept_rows", [0, 1, 3])
def test_factored_rows__with_and_without_kept_rows(kept_rows: int) -> None:
    right = np.array([[1, 0], [0, 1], [2, 2]], dtype=np.float32)
    product = FactoredRows(MATRIX, right, max_bytes=kept_rows * right.shape[1] * 4)
    for _ in range(2):  # worked out, then kept
        summed = product.sum(np.array([0, 1]), np.array([1, 10], dtype=np.float32))
        # (0, 2) from the first row, (1 + 6, 6) from the second
        assert summed.tolist() == [70.0, 62.0]


def test_factored_rows__long_rows_at_once() -> None:
    left = sparse.csr_array(np.ones((3, 2), dtype=np.float32))
    product = FactoredRows(left, np.array([[1, 0], [0, 5]], dtype=np.float32))
    summed = product.sum(np.array([0, 2]), np.array([1, 2], dtype=np.float32))
    assert summed.tolist() == [3.0, 15.0]


@pytest.mark.parametrize(("n_users", "n_items", "head"), [(6, 9, 9), (6, 9, 7), (12, 8, 8)])
def test_ease__one_row_as_many(n_users: int, n_items: int, head: int) -> None:
    rng = np.random.default_rng(5)
    seen = sparse.csr_array((rng.random((n_users, n_items)) < 0.4).astype(np.float32))
    cells = n_users * n_items if head == n_items else 0
    ease = fit_ease(seen, 2.0, max_head=head, max_dual_cells=cells)
    items, weights = np.array([1, 4, 6]), np.array([0.5, 1.0, 0.25], dtype=np.float32)
    row = sparse_rows(weights, items, np.array([0, 3]), n_items)
    expected = ease.score_taking_part(row)[0]
    np.testing.assert_allclose(ease.score_one(items, weights), expected, atol=1e-6)
