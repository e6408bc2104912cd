"""What is known of the user of a question, and of the moment, as models take it.

Users' values come from the Users dataset as it is now, those of the moment from the request's
``context``. Knows neither models nor how a request is written.
"""
# pyarrow has no types.
# pyright: standard

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from personalize_assets.core.filters import EntityTable
from personalize_assets.recipes.circumstances import OF_CONTEXT, OF_USERS

Known = tuple[Any, ...]
"""A value, or None, for each column that a model wants to know."""


def known_of(
    wanted: Sequence[str],
    users: EntityTable | None,
    user_id: str | None,
    context: Mapping[str, str],
) -> Known:
    """Look up what a model wants to know.

    Args:
        wanted: Columns such as ``Users.AGE`` and ``Interactions.DEVICE``.
        users: The Users dataset; None if there is none.
        user_id: Whose question it is.
        context: Of the request; the case of its names does not matter.

    Returns:
        Empty if nothing of it is known.
    """
    if not wanted:
        return ()
    named = {name.upper(): value for name, value in context.items()}
    row = users.index_of(user_id) if users is not None and user_id is not None else -1
    values: list[Any] = []
    for column in wanted:
        if column.startswith(OF_CONTEXT):
            values.append(named.get(column.removeprefix(OF_CONTEXT).upper()))
        elif users is not None and row >= 0:
            values.append(users.value(row, column.removeprefix(OF_USERS).upper()))
        else:
            values.append(None)
    return tuple(values) if any(value is not None for value in values) else ()


def as_table(wanted: Sequence[str], rows: Sequence[Known]) -> pa.Table:
    """What is known of several questions, a row each, as ``Histories.about`` takes it.

    Args:
        wanted: Names of the columns.
        rows: What is known; an empty row knows nothing.
    """
    columns = {
        name: _column([str(row[at]) if row and row[at] is not None else None for row in rows])
        for at, name in enumerate(wanted)
    }
    return pa.Table.from_pydict(columns)


def _column(texts: Sequence[str | None]) -> pa.ChunkedArray:
    # Not pa.array, whose first list loads pandas: half a second within an answer.
    scalars = [pa.scalar(text, pa.string()) for text in texts]
    return pa.chunked_array([pa.repeat(scalar, 1) for scalar in scalars], pa.string())
