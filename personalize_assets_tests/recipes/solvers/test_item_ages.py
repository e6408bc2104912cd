import pyarrow as pa

from personalize_assets.recipes.histories import Histories
from personalize_assets.recipes.solvers.item_ages import creation_times
from personalize_assets_tests.recipes.examples import histories_of


def test_creation_times__declared_then_oldest_event_then_newest_of_all() -> None:
    # Second 0 for item 0, seconds 1 and 0 for item 1; item 3 was never met.
    histories = histories_of([0, 1, 2], [1, 2])
    declared = pa.chunked_array([[77, None], [None, None]], pa.int64())
    assert creation_times(declared, histories, 4).tolist() == [77, 0, 1, 2]
    assert creation_times(None, histories, 4).tolist() == [0, 0, 1, 2]


def test_creation_times__nothing_known() -> None:
    assert creation_times(None, Histories.empty(0), 3).tolist() == [0, 0, 0]
    declared = pa.chunked_array([[5, None]], pa.int64())
    assert creation_times(declared, Histories.empty(0), 2).tolist() == [5, 0]
