import numpy as np
import pytest

from personalize_assets.recipes.comparison.results import Comparison, Estimate, Row


def row(*values: float, left_out: bool = False, **changes: object) -> Row:
    given = {"method": "aws-x", "seen": "served", "metadata": False, **changes}
    folds = tuple({"m": value} for value in values)
    return Row(**given, folds=folds, n_test_users=7, cpu_s=0.5, left_out=left_out)  # type: ignore[arg-type]


def comparison(*rows: Row) -> Comparison:
    return Comparison("items", None, 20, 30, 400, 2, 0, rows)


def test_estimate__mean_and_standard_error() -> None:
    # Deviations -1, 0, 1: s = 1, over the root of three.
    found = row(0.0, 1.0, 2.0).estimate("m")
    assert found.mean == 1.0
    assert found.error == pytest.approx(1 / np.sqrt(3))


def test_estimate__one_fold_has_no_error() -> None:
    assert row(0.5).estimate("m") == Estimate(0.5, None)


def test_estimate__jackknife_of_ten_left_out() -> None:
    values = [float(number) for number in range(10)]
    found = row(*values, left_out=True).estimate("m")
    # sqrt((g - 1) / g * sum of squared deviations) with g = 10 and a sum of 82.5
    assert found.error == pytest.approx(np.sqrt(0.9 * 82.5))


def test_gain__fold_by_fold() -> None:
    # Differences of 1 and 3, though the values themselves differ by far more.
    gain = row(101.0, 53.0).gain_over(row(100.0, 50.0), "m")
    assert gain.mean == 2.0
    assert gain.error == pytest.approx(1.0)


def test_gain__needs_the_same_folds() -> None:
    with pytest.raises(ValueError, match="longer"):
        row(1.0).gain_over(row(1.0, 2.0), "m")


def test_names__only_what_every_fold_has() -> None:
    found = Row("aws-x", "served", False, ({"m": 1.0, "rare": 2.0}, {"m": 1.0}), 7, 0.5)
    assert found.names == ("m",)


def test_comparison__find_and_pairs() -> None:
    without, having = row(1.0), row(2.0, metadata=True)
    other = row(3.0, method="aws-y")
    found = comparison(without, having, other)
    assert found.find("aws-x", metadata=True) is having
    assert found.pairs() == ((without, having),)
    with pytest.raises(KeyError, match="no row of 'aws-z'"):
        found.find("aws-z")
