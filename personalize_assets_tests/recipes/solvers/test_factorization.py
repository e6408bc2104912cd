import numpy as np
import pytest
from scipy import sparse

from personalize_assets.recipes.solvers.factorization import truncated_svd


def random_matrix(rows: int, columns: int) -> np.ndarray:
    rng = np.random.default_rng(3)
    strengths = 0.7 ** np.arange(min(rows, columns))
    left, right = rng.standard_normal((rows, rows)), rng.standard_normal((columns, columns))
    middle = np.zeros((rows, columns))
    np.fill_diagonal(middle, strengths)
    return np.linalg.qr(left)[0] @ middle @ np.linalg.qr(right)[0]


@pytest.mark.parametrize(("rows", "columns"), [(60, 40), (40, 60)])
def test_truncated_svd__the_strongest_directions(rows: int, columns: int) -> None:
    dense = random_matrix(rows, columns)
    left, values, right = truncated_svd(sparse.csr_array(dense), 5, np.random.default_rng(0))
    assert (left.shape, values.shape, right.shape) == ((rows, 5), (5,), (5, columns))
    np.testing.assert_allclose(values, 0.7 ** np.arange(5), rtol=1e-4)
    # What is left out is as strong as the sixth direction.
    rest = np.linalg.norm(dense - (left * values) @ right, 2)
    assert rest == pytest.approx(0.7**5, rel=1e-3)


def test_truncated_svd__no_more_directions_than_the_matrix_has() -> None:
    dense = random_matrix(4, 7)
    left, values, right = truncated_svd(sparse.csr_array(dense), 100, np.random.default_rng(0))
    assert (left.shape, right.shape) == ((4, 4), (4, 7))
    np.testing.assert_allclose((left * values) @ right, dense, atol=1e-5)


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (3, 3)])
def test_truncated_svd__nothing_to_learn(shape: tuple[int, int]) -> None:
    left, values, right = truncated_svd(
        sparse.csr_array(shape, dtype=np.float32), 2, np.random.default_rng(0)
    )
    assert left.shape == (shape[0], min(2, *shape))
    assert right.shape == (min(2, *shape), shape[1])
    assert not values.any()
