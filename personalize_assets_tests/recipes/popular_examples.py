"""Two small worlds in which all users want the same: what is popular, and what has just come up."""

from typing import Final

import numpy as np
import pyarrow as pa

from personalize_assets_tests.recipe_contract import N_ITEMS, N_USERS

HOUR: Final = 3_600
END: Final = 1_000_000
RISING: Final = tuple(range(70, 90))
"""The items of ``waves`` that nearly all events of the last two hours are about."""


def crowds(rng: np.random.Generator) -> pa.Table:
    """Users meet items by Zipf's law: the first ones of the catalogue most."""
    shares = 1 / np.arange(1, N_ITEMS + 1)
    rows = []
    for user in range(N_USERS):
        met = rng.choice(N_ITEMS, int(rng.integers(8, 30)), replace=False, p=shares / shares.sum())
        for item, age in zip(rng.permutation(met), rng.integers(24 * HOUR, size=30), strict=False):
            rows.append((user, int(item), END - int(age)))
    return _table(rows)


def waves(rng: np.random.Generator) -> pa.Table:
    """Crowds of yesterday, and three events of each user in the last two hours, mostly rising."""
    table = crowds(rng).to_pydict()
    times = [moment - 4 * HOUR for moment in table["TIMESTAMP"]]
    rows = [
        (int(user[1:]), int(item[1:]), moment)
        for user, item, moment in zip(table["USER_ID"], table["ITEM_ID"], times, strict=True)
    ]
    for user in range(N_USERS):
        for item in rng.choice(RISING, 3, replace=False):
            chosen = int(item) if rng.random() < 0.8 else int(rng.integers(N_ITEMS))
            rows.append((user, chosen, END - int(rng.integers(2 * HOUR))))
    return _table(rows)


def _table(rows: list[tuple[int, int, int]]) -> pa.Table:
    users, items, times = zip(*rows, strict=True)
    return pa.table(
        {
            "USER_ID": [f"u{user}" for user in users],
            "ITEM_ID": [f"i{item:02d}" for item in items],
            "TIMESTAMP": times,
        }
    )
