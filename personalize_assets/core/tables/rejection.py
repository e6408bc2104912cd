"""Sending the rows of a batch that have a fault to quarantine. Knows no kinds of faults."""

# pyarrow ships no types.
# pyright: standard

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from personalize_assets.core.cleaning.quarantine import Fault, Quarantine
from personalize_assets.core.tables.batches import Batch
from personalize_assets.core.tables.checks import Faulty


def reject(batch: Batch, faults: Sequence[Faulty], quarantine: Quarantine) -> NDArray[np.int64]:
    """Write the faulty rows of a batch to quarantine, with the lines that were no rows at all.

    Args:
        batch: The rows.
        faults: In the order of ``Reason``: the first that a row has is its reason.
        quarantine: Gets them.

    Returns:
        Indices of the rows without fault.
    """
    first = np.full(len(batch.lines), len(faults))
    for index in reversed(range(len(faults))):
        first[faults[index].rows] = index
    rejected = [
        Fault(int(batch.lines[row]), faults[first[row]].reason, batch.text(row))
        for row in np.flatnonzero(first < len(faults)).tolist()
    ]
    quarantine.add([*batch.faults, *rejected])
    return np.flatnonzero(first == len(faults))
