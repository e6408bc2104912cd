import numpy as np
import pytest

from personalize_assets.recipes.solvers.logistic import Examples, fit_logistic


def examples(n: int, seed: int = 0) -> tuple[Examples, np.ndarray]:
    """Rows of three groups with known weights, and the true log odds."""
    rng = np.random.default_rng(seed)
    group = rng.integers(3, size=n).astype(np.int32)
    shared = rng.standard_normal((n, 2)).astype(np.float32)
    own = rng.standard_normal((n, 1)).astype(np.float32)
    logits = (
        np.array([-1.0, 0.0, 2.0])[group]
        + shared @ np.array([1.0, -0.5])
        + np.array([2.0, 0.0, -2.0])[group] * own[:, 0]
    )
    label = rng.random(n) < 1 / (1 + np.exp(-logits))
    return Examples(group, shared, own, label), logits


def test_fit_logistic__finds_the_weights() -> None:
    found = fit_logistic(examples(20_000)[0], 3, 0.01)
    np.testing.assert_allclose(found.bias, [-1, 0, 2], atol=0.15)
    np.testing.assert_allclose(found.shared, [1, -0.5], atol=0.1)
    np.testing.assert_allclose(found.own[:, 0], [2, 0, -2], atol=0.2)


def test_fit_logistic__a_ridge_holds_back() -> None:
    weak, strong = (fit_logistic(examples(500)[0], 3, ridge) for ridge in (0.1, 1e4))
    assert np.abs(strong.own).max() < 0.1 * np.abs(weak.own).max()
    assert np.abs(strong.shared).max() < 0.1 * np.abs(weak.shared).max()


def test_fit_logistic__a_group_without_examples_is_like_all() -> None:
    given, _ = examples(1_000)
    found = fit_logistic(given, 4, 1.0)
    share = given.label.mean()
    assert found.bias[3] == pytest.approx(np.log(share / (1 - share)), abs=0.01)
    assert not found.own[3].any()


def test_fit_logistic__no_examples() -> None:
    found = fit_logistic(examples(0)[0], 3, 1.0)
    assert not found.bias.any()
    assert found.loss(examples(0)[0]) == 0


def test_fit_logistic__a_group_without_examples_is_like_its_kind() -> None:
    given, _ = examples(5_000)
    kinds = np.array([[1, 0], [0, 1], [0, 1], [1, 0]], np.float32)  # 3 is like 0
    found = fit_logistic(given, 4, 1.0, kinds)
    assert found.own[3, 0] > 0.8
    assert found.bias[3] < found.bias[1] < found.bias[2]


def test_fit_logistic__kinds_help_groups_of_few_examples() -> None:
    given, judge = examples(600)[0], examples(2_000, seed=1)[0]
    rng = np.random.default_rng(2)
    # Each group is split into twenty of the same kind, so that each has few examples.
    many, judged = (
        Examples(
            part.group * 20 + rng.integers(20, size=len(part)), part.shared, part.own, part.label
        )
        for part in (given, judge)
    )
    kinds = np.repeat(np.eye(3, dtype=np.float32), 20, axis=0)
    with_kinds = fit_logistic(many, 60, 3.0, kinds).loss(judged)
    assert with_kinds < 0.95 * fit_logistic(many, 60, 3.0).loss(judged)


def test_loss__better_than_guessing() -> None:
    known, judge = examples(2_000)[0], examples(2_000, seed=1)[0]
    assert fit_logistic(known, 3, 1.0).loss(judge) < 0.55 < np.log(2)


def test_where__keeps_rows_together() -> None:
    given, _ = examples(10)
    kept = given.where(given.group == 1)
    assert (kept.group == 1).all()
    assert len(kept.label) == len(kept.shared) == len(kept.own) == (given.group == 1).sum()
