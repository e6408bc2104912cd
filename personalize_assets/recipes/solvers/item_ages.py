"""Since when each item has been there, also where nobody wrote it down.

Knows nothing of what ages are used for.
"""

# pyarrow has no types.
# pyright: standard

import numpy as np
import pyarrow as pa

from personalize_assets.recipes.histories import Histories, LongArray


def creation_times(
    declared: pa.ChunkedArray | None, histories: Histories, n_items: int
) -> LongArray:
    """The creation of each item, in epoch seconds.

    As the guide's page items-datasets.html has it: an item without a time is as old as its oldest
    interaction, and one without any interaction is as new as the newest interaction of all.

    Args:
        declared: Epoch seconds of each item, null where unknown; None where no item has one.
        histories: What users did.
        n_items: Size of the catalogue.

    Returns:
        int64, shape ``(n_items,)``; where nothing has any time, all are 0.
    """
    newest = int(histories.timestamps.max(initial=0))
    oldest = np.full(n_items, np.iinfo(np.int64).max)
    np.minimum.at(oldest, histories.items, histories.timestamps)
    times = np.where(oldest == np.iinfo(np.int64).max, newest, oldest)
    if declared is None:
        return times
    known = np.asarray(declared.is_valid())
    return np.where(known, np.asarray(declared.cast(pa.int64()).fill_null(0)), times)
