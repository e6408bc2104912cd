"""The packed sort against numpy's own, and what is kept of equal rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_assets.core.cleaning import ordering
from personalize_assets.core.cleaning.ordering import equal_runs, one_of_each_run, sorted_rows

ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1)),
    min_size=1,
    max_size=40,
)


@given(ROWS)
def test_sorted_rows__stable_and_like_lexsort(rows: list[tuple[int, int, int]]) -> None:
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    order = sorted_rows(columns)
    expected = np.lexsort(columns[::-1])
    found = np.arange(len(rows)) if order is None else order
    assert found.tolist() == expected.tolist()


@given(ROWS)
def test_sorted_rows__across_chunks(rows: list[tuple[int, int, int]]) -> None:
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordering, "_CHUNK", 7)
        order = sorted_rows(columns)
    found = np.arange(len(rows)) if order is None else order
    assert found.tolist() == np.lexsort(columns[::-1]).tolist()


def test_sorted_rows__none_when_in_order() -> None:
    assert sorted_rows([np.array([1, 1, 2]), np.array([5, 5, 0])]) is None


def test_sorted_rows__too_wide() -> None:
    with pytest.raises(OverflowError, match="63 bits of a column and 4 rows exceed 64 bits"):
        sorted_rows([np.array([0, 2**62, 1, 0])])


@pytest.mark.parametrize(
    ("keys", "values", "kept"),
    [
        ([1, 2, 3], [0, 0, 0], [0, 1, 2]),
        ([1, 1, 2], [5, 9, 0], [1, 2]),
        ([1, 1, 2], [9, 5, 0], [0, 2]),
        ([1, 1, 1, 2, 2], [7, 9, 9, 4, 4], [1, 3]),
        ([1, 2, 2, 2, 3, 3], [0, 1, 2, 3, 5, 4], [0, 3, 4]),
        ([1, 1], None, [0]),
    ],
)
def test_one_of_each_run__highest_then_first(
    keys: list[int], values: list[int] | None, kept: list[int]
) -> None:
    same = equal_runs([np.array(keys)])
    keep = one_of_each_run(same, None if values is None else np.array(values))
    assert np.flatnonzero(keep).tolist() == kept
