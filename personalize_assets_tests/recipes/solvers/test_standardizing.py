import numpy as np

from personalize_assets.recipes.solvers.standardizing import deviations, scale_rows, standardize


def test_deviations__of_what_is_there() -> None:
    scores = np.array([[1, 3], [2, 2]], np.float32)
    np.testing.assert_allclose(deviations(scores, 2), [1, 0])


def test_deviations__columns_that_are_not_there_are_zero() -> None:
    # Of 0, 0, 0 and 4 the mean is 1 and the squares of the distances are 1, 1, 1 and 9.
    np.testing.assert_allclose(deviations(np.array([[4, 0]], np.float32), 4), [3**0.5])


def test_scale_rows__to_one_deviation() -> None:
    scores = np.array([[1, 3], [10, 20], [0, 0]], np.float32)
    assert scale_rows(scores, 0.5, 2).tolist() == [True, True, False]
    np.testing.assert_allclose(scores, [[0.5, 1.5], [1, 2], [0, 0]])


def test_scale_rows__weight_of_zero() -> None:
    scores = np.array([[1, 3]], np.float32)
    assert scale_rows(scores, 0.0, 2).tolist() == [True]
    assert scores.tolist() == [[0, 0]]


def test_standardize__mean_and_deviation() -> None:
    scores = np.array([[1, 3], [10, 20], [7, 7]], np.float32)
    np.testing.assert_allclose(standardize(scores), [[-1, 1], [-1, 1], [0, 0]])


def test_standardize__rows_of_large_numbers() -> None:
    scores = np.random.default_rng(1).normal(50, 2, (3, 50_000)).astype(np.float32)
    found = standardize(scores.copy())
    np.testing.assert_allclose(found.mean(axis=1), 0, atol=1e-4)
    np.testing.assert_allclose(found.std(axis=1), 1, rtol=1e-3)
    np.testing.assert_array_equal(np.argsort(found[0][:99]), np.argsort(scores[0][:99]))
