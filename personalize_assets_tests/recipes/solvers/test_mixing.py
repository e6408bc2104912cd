import numpy as np
import pytest

from personalize_assets.recipes.solvers.mixing import Prior, learn_weights, sure_weights

NEVER = (np.zeros(0, np.int32), np.zeros(0, np.int32))


def choices(weights: list[float], n: int = 4_000) -> tuple[list[np.ndarray], np.ndarray]:
    """Random parts, and an item of each row drawn by the softmax of their weighted sum."""
    rng = np.random.default_rng(0)
    parts = [rng.normal(size=(n, 20)).astype(np.float32) for _ in weights]
    scores = sum(weight * part for weight, part in zip(weights, parts, strict=True))
    noise = -np.log(-np.log(rng.random((n, 20))))  # Gumbel's, which makes a maximum a softmax
    return parts, (scores + noise).argmax(axis=1).astype(np.int32)


def test_learn_weights__finds_those_that_made_the_choices() -> None:
    parts, items = choices([0.8, 0.3, 0.0])
    rows = np.arange(len(items), dtype=np.int32)
    found = learn_weights(parts, rows, items, NEVER, np.zeros(3), 1.0)
    np.testing.assert_allclose(found.weights, [0.8, 0.3, 0.0], atol=0.06)
    # A choice tells as much as the variance of a part is: 4,000 choices, 1 / sqrt(4,000).
    np.testing.assert_allclose(found.errors, 1 / np.sqrt(4_000), rtol=0.2)


def test_learn_weights__never_below_zero() -> None:
    parts, items = choices([0.5, -0.5])
    rows = np.arange(len(items), dtype=np.int32)
    found = learn_weights(parts, rows, items, NEVER, np.zeros(2), 1.0)
    assert found.weights[1] == 0
    assert found.weights[0] > 0.3


@pytest.mark.parametrize("never", [NEVER, (np.array([0, 1]), np.array([3, 5]))])
def test_learn_weights__few_choices_change_little(never: tuple[np.ndarray, np.ndarray]) -> None:
    parts, _ = choices([0.5, 0.5], 2)
    prior = np.array([0.25, 0.35])
    rows, items = np.array([0, 1], np.int32), np.array([3, 5], np.int32)
    found = learn_weights(parts, rows, items, never, prior, 1_000.0)
    np.testing.assert_allclose(found.weights, prior, atol=0.01)
    if never is not NEVER:  # then both choices were impossible
        np.testing.assert_array_equal(found.weights, prior)


def test_learn_weights__choices_of_one_row_say_less() -> None:
    parts, items = choices([0.8])
    once = learn_weights(parts, np.arange(4_000), items, NEVER, np.zeros(1), 1.0)
    rows = np.repeat(np.arange(400), 10)
    parts = [part[:400] for part in parts]
    tenfold = learn_weights(parts, rows, np.repeat(items[:400], 10), NEVER, np.zeros(1), 1.0)
    assert tenfold.errors[0] > 2.5 * once.errors[0]


def test_sure_weights__of_two_that_say_the_same_one_stays() -> None:
    parts, items = choices([0.8, 0.3], 400)
    rng = np.random.default_rng(1)
    same = [parts[1] + 0.01 * rng.normal(size=parts[1].shape).astype(np.float32) for _ in range(2)]
    noise = rng.normal(size=parts[0].shape).astype(np.float32)
    rows = np.arange(len(items), dtype=np.int32)
    prior = Prior(np.zeros(4), 1.0, certain=1)
    found = sure_weights([parts[0], *same, noise], rows, items, NEVER, prior)
    assert found[0] == pytest.approx(0.8, abs=0.15)
    assert sorted(found[1:3].tolist()) == [0, pytest.approx(0.3, abs=0.15)]
    assert found[3] == 0


def test_sure_weights__certain_parts_stay() -> None:
    parts, items = choices([0.0, 0.5], 400)
    rows = np.arange(len(items), dtype=np.int32)
    prior = Prior(np.array([0.3, 0.3]), 1_000.0, certain=1)
    found = sure_weights(parts, rows, items, NEVER, prior)
    assert found[0] > 0.1
    assert found[1] > 0.3
