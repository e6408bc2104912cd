"""Small hand-made histories and catalogues."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.histories import Histories


def histories_of(*rows: Sequence[int]) -> Histories:
    """Histories of these items, one event a second."""
    lengths = [len(row) for row in rows]
    return Histories(
        indptr=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        items=np.array([item for row in rows for item in row], dtype=np.int32),
        timestamps=np.array([second for row in rows for second in range(len(row))], np.int64),
    )


def catalogue(n_items: int) -> TrainingData:
    """Training data without any event."""
    return TrainingData(
        user_ids=pa.array([], pa.string()),
        item_ids=pa.array([f"i{item}" for item in range(n_items)], pa.string()),
        user=np.zeros(0, np.int32),
        item=np.zeros(0, np.int32),
        timestamp=np.zeros(0, np.int64),
    )
