import numpy as np
import pytest
from scipy import sparse

from personalize_assets.recipes.solvers import ease
from personalize_assets.recipes.solvers.ease import Ease, fit_ease

HALF = 2**-11  # weights are rounded to 16 bits; some of them are summed


def random_matrix(n_users: int, n_items: int, seed: int = 3) -> sparse.csr_array:
    rng = np.random.default_rng(seed)
    return sparse.csr_array((rng.random((n_users, n_items)) < 0.3).astype(np.float32))


def by_definition(seen: sparse.csr_array, ridge: float) -> np.ndarray:
    dense = seen.toarray().astype(np.float64)
    inverse = np.linalg.inv(dense.T @ dense + ridge * np.eye(dense.shape[1]))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return weights


@pytest.mark.parametrize(("n_users", "n_items"), [(30, 12), (12, 30), (20, 20)])
def test_fit_ease__as_defined(n_users: int, n_items: int) -> None:
    seen = random_matrix(n_users, n_items)
    query = random_matrix(5, n_items, seed=4) * 0.5
    scores = fit_ease(seen, 7.0).score(query.tocsr())
    np.testing.assert_allclose(scores, query @ by_definition(seen, 7.0), atol=HALF * 3)


def test_fit_ease__dual_form_where_users_are_fewer() -> None:
    assert fit_ease(random_matrix(12, 30), 7.0).right.shape == (12, 30)
    assert fit_ease(random_matrix(30, 12), 7.0).right.shape == (12, 12)


@pytest.mark.parametrize("n_users", [40, 6])
def test_fit_ease__head_is_the_most_popular(n_users: int) -> None:
    seen = random_matrix(n_users, 20)
    model = fit_ease(seen, 7.0, max_head=8, max_dual_cells=0)
    popularity = seen.sum(axis=0)
    assert len(model.items) == 8
    assert popularity[model.items].min() >= np.sort(popularity)[-8]
    scores = model.score(seen)
    expected = seen[:, model.items] @ by_definition(seen[:, model.items], 7.0)
    np.testing.assert_allclose(scores[:, model.items], expected, atol=HALF * 3)
    assert not np.delete(scores, model.items, axis=1).any()


@pytest.mark.parametrize(("few", "rows"), [(12, 12), (11, 30)])
def test_fit_ease__primal_weights_where_the_dual_form_has_many_users(
    few: int, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ease, "_FEW_USERS", few)
    seen, query = random_matrix(12, 30), random_matrix(5, 30, seed=4)
    model = fit_ease(seen, 7.0)
    assert model.right.shape == (rows, 30)
    expected = query @ by_definition(seen, 7.0)
    np.testing.assert_allclose(model.score(query), expected, atol=HALF * 4)


def test_none__says_nothing() -> None:
    model = Ease.none(30)
    assert model.score(random_matrix(5, 30)).tolist() == [[0.0] * 30] * 5
    assert model.score_one(np.array([3]), np.ones(1, np.float32)).shape == (0,)
    again = Ease.from_arrays(model.arrays(), 30)
    assert again.score(random_matrix(1, 30)).tolist() == [[0.0] * 30]


@pytest.mark.parametrize("shape", [(30, 12), (12, 30)])
def test_arrays__round_trip(shape: tuple[int, int]) -> None:
    seen = random_matrix(*shape)
    model = fit_ease(seen, 7.0)
    again = Ease.from_arrays(model.arrays(), shape[1])
    np.testing.assert_array_equal(again.score(seen), model.score(seen))


def test_fit_ease__nobody() -> None:
    model = fit_ease(sparse.csr_array((0, 4), dtype=np.float32), 7.0)
    assert model.score(random_matrix(2, 4)).tolist() == [[0.0] * 4] * 2
