"""What is known of users and of moments beside the histories: the Users dataset and the context.

Columns are named as filters name fields, ``Users.AGE_GROUP`` and ``Interactions.DEVICE``. Knows
nothing of requests or of any one recipe.
"""

# pyarrow.compute makes its functions when it is imported, where pyright cannot see them.
# pyright: reportAttributeAccessIssue=false

from dataclasses import replace
from typing import Final, Protocol, runtime_checkable

import numpy as np
import pyarrow as pa

from personalize_assets.core.columns import Columns
from personalize_assets.recipes.base import TrainingData
from personalize_assets.recipes.histories import Histories, LongArray
from personalize_assets.recipes.solvers.lifts import Lifts, fit_lifts, known_columns

OF_USERS: Final = "Users."
OF_CONTEXT: Final = "Interactions."


@runtime_checkable
class Circumstantial(Protocol):
    """A model whose answers depend on what is known beside the history."""

    @property
    def circumstances(self) -> tuple[str, ...]:
        """Columns of ``Histories.about`` that it looks at."""
        ...


def circumstances_of(model: object) -> tuple[str, ...]:
    """What a model wants to know beside the history: see ``Circumstantial``."""
    return model.circumstances if isinstance(model, Circumstantial) else ()


def fit_circumstances(data: TrainingData, histories: Histories) -> Lifts:
    """How much likelier items are for what is known of users and moments.

    Args:
        data: With the Users dataset and the context of the interactions, where there are any.
        histories: Of the users to learn from.
    """
    empty = Lifts({}, np.zeros((0, data.n_items), dtype=np.float32))
    if histories.users is None or (data.user_features is None and data.context is None):
        return empty
    rows = _rows_of(data, histories.users)
    columns: dict[str, pa.ChunkedArray] = {}
    if data.context is not None:
        columns |= {
            OF_CONTEXT + name: data.context[name].take(rows)
            for name in known_columns(data.context, ())
        }
    if data.user_features is not None:
        users = data.user[rows]
        columns |= {
            OF_USERS + name: data.user_features[name].take(users)
            for name in known_columns(data.user_features, (Columns.USER_ID,))
        }
    return fit_lifts(columns, data.item[rows], data.n_items)


def with_circumstances(data: TrainingData, given: Histories, truth: Histories) -> Histories:
    """What was known when the users of a test met the first event that is held out.

    Args:
        data: As for ``fit_circumstances``.
        given: What the users did before.
        truth: What is held out, same rows; each row has an event.

    Returns:
        ``given``, with ``about`` where the data say anything.
    """
    if given.users is None or (data.user_features is None and data.context is None):
        return given
    columns: dict[str, pa.ChunkedArray] = {}
    if data.user_features is not None:
        table = data.user_features.take(given.users)
        columns |= {
            OF_USERS + name: table[name] for name in known_columns(table, (Columns.USER_ID,))
        }
    if data.context is not None:
        table = data.context.take(pa.array(_first_rows(data, given.users, truth)))
        columns |= {OF_CONTEXT + name: table[name] for name in known_columns(table, ())}
    return replace(given, about=pa.table(columns)) if columns else given


def _rows_of(data: TrainingData, users: np.ndarray) -> LongArray:
    chosen = np.zeros(data.n_users, dtype=np.bool_)
    chosen[users] = True
    return np.flatnonzero(chosen[data.user])


def _first_rows(data: TrainingData, users: np.ndarray, truth: Histories) -> LongArray:
    """A row of the data that is the first event held out of each user."""
    at = np.full(data.n_users, -1, dtype=np.int64)
    at[users] = np.arange(len(users))
    first = truth.indptr[:-1]
    rows = _rows_of(data, users)
    place = at[data.user[rows]]
    same = (data.item[rows] == truth.items[first][place]) & (
        data.timestamp[rows] == truth.timestamps[first][place]
    )
    found = np.zeros(len(users), dtype=np.int64)
    found[place[same]] = rows[same]
    return found
