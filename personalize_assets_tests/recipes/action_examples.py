"""A small world of users, items and actions in which tastes for items decide on actions."""

import numpy as np
import pyarrow as pa

from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.tables import training_data

N_USERS, N_ITEMS, GROUP, N_ACTIONS = 200, 100, 20, 6
DAY = 24 * 60 * 60
START = 1_000_000_000


def action_tables(rng: np.random.Generator) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Interactions, actions and action interactions.

    Users like one of five groups of items. Action ``a`` (0 to 4) is mostly taken by those who like
    group ``a``; the last action is shown to nobody.
    """
    events, met = [], []
    for user in range(N_USERS):
        group = user % 5
        for item in rng.integers(GROUP, size=12):
            at = int(rng.integers(N_ITEMS)) if rng.random() < 0.1 else group * GROUP + int(item)
            events.append((f"u{user}", f"i{at:02d}", START + int(rng.integers(30 * DAY))))
        for _ in range(20):
            action = int(rng.integers(5))
            taken = rng.random() < (0.8 if action == group else 0.15)
            kind = "Taken" if taken else ("NOT_TAKEN" if rng.random() < 0.5 else "viewed")
            met.append((f"u{user}", f"a{action}", kind, START + int(rng.integers(30 * DAY))))
    users, items, times = zip(*events, strict=True)
    who, what, kinds, when = zip(*met, strict=True)
    return (
        pa.table({"USER_ID": users, "ITEM_ID": items, "TIMESTAMP": times}),
        pa.table({"ACTION_ID": [f"a{a}" for a in range(N_ACTIONS)], "VALUE": [5] * N_ACTIONS}),
        pa.table({"USER_ID": who, "ACTION_ID": what, "EVENT_TYPE": kinds, "TIMESTAMP": when}),
    )


def campaign_world(rng: np.random.Generator) -> TrainingData:
    """The tables as training data."""
    interactions, actions, met = action_tables(rng)
    return training_data(interactions, actions=actions, action_interactions=met)
