import numpy as np
import pyarrow as pa
import pytest
from scipy import sparse

from personalize_assets.recipes.solvers.categories import category_matrix, compact
from personalize_assets.recipes.solvers.weighting import rarity, unit_rows


def cosines(table: pa.Table, *columns: str) -> np.ndarray:
    matrix = category_matrix(table, columns)
    return (matrix @ matrix.T).toarray()


def test_rarity__logarithm_of_rows_over_rows_that_have_it() -> None:
    matrix = sparse.csr_array(np.array([[1, 2, 0], [1, 0, 0], [1, 0, 0], [1, 3, 0]], np.float32))
    assert rarity(matrix).tolist() == pytest.approx([0, np.log(2), 0])


def test_unit_rows__length_one_or_empty() -> None:
    rows = unit_rows(sparse.csr_array(np.array([[3, 4], [0, 0], [0, 2]], np.float32)))
    assert rows.toarray().ravel().tolist() == pytest.approx([0.6, 0.8, 0, 0, 0, 1])


def test_category_matrix__cosine_of_rarity() -> None:
    table = pa.table({"GENRES": ["a|b", "a", "b", "c"]})
    # a and b are of two items in four each, so they weigh the same: cosine 1 / sqrt(2).
    expected = [[1, 0.5**0.5, 0.5**0.5, 0], [0.5**0.5, 1, 0, 0]]
    np.testing.assert_allclose(cosines(table, "GENRES")[:2], expected, rtol=1e-6)


def test_category_matrix__columns_do_not_mix() -> None:
    table = pa.table({"MAKER": ["x", "y", "z"], "SELLER": ["y", "x", "z"]})
    assert cosines(table, "MAKER", "SELLER")[0, 1] == 0


def test_category_matrix__nulls_blanks_and_doubles() -> None:
    table = pa.table({"GENRES": ["a | a", "a", None, "", "||", "b"]})
    similar = cosines(table, "GENRES")
    assert similar[0, 1] == pytest.approx(1)
    assert not similar[2:5].any()


def test_category_matrix__no_columns() -> None:
    assert category_matrix(pa.table({"YEAR": [1, 2]}), []).shape == (2, 0)


def test_compact__few_columns_stay() -> None:
    matrix = category_matrix(pa.table({"KIND": ["a", "b", "a|b"]}), ["KIND"])
    dense = compact(matrix, 2, np.random.default_rng(0))
    np.testing.assert_array_equal(dense, matrix.toarray())


def test_compact__many_columns_keep_their_products() -> None:
    # A hundred categories that come in five bundles: five directions tell them all apart.
    kinds = ["|".join(f"k{20 * (row % 5) + at}" for at in range(20)) for row in range(50)]
    matrix = category_matrix(pa.table({"KIND": kinds}), ["KIND"])
    dense = compact(matrix, 8, np.random.default_rng(0))
    assert dense.shape == (50, 8)
    np.testing.assert_allclose(dense @ dense.T, (matrix @ matrix.T).toarray(), atol=1e-4)
