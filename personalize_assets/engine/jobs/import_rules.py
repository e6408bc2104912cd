"""What imported data must keep to as a whole, beyond the type of each value.

The limits are those of limits.html, interactions-dataset-requirements.html and, for actions,
custom-datasets-and-schemas.html. Works on tables; knows no files.
"""
# pyarrow has no types, and makes its compute functions at run time.
# pyright: standard, reportAttributeAccessIssue=false

from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from personalize_assets.core.names import ACTION_BOUNDS, MAX_INTERACTION_COLUMNS, MIN_INTERACTIONS
from personalize_assets.core.schemas import Schema

_KEYS: Final = ("USER_ID", "ITEM_ID", "TIMESTAMP")
_ACTION_EVENTS: Final = ("TAKEN", "NOTTAKEN", "VIEWED")


class RuleBroken(ValueError):
    """The data of an import break a rule; the message says which."""


def check_read(table: pa.Table, schema: Schema) -> None:
    """Check what one import job brought.

    Raises:
        RuleBroken: There are too few interactions, or a value of an action is not allowed.
    """
    if schema.dataset_type == "INTERACTIONS" and table.num_rows < MIN_INTERACTIONS:
        raise RuleBroken(
            f"An import job needs at least {MIN_INTERACTIONS} interactions, the data has "
            f"{table.num_rows}."
        )
    if schema.dataset_type == "ACTIONS":
        for column in ACTION_BOUNDS.keys() & set(schema.columns):
            _check_bounds(table[column], column)
    if schema.dataset_type == "ACTION_INTERACTIONS":
        _check_action_events(table["EVENT_TYPE"])


def check_merged(table: pa.Table, schema: Schema) -> None:
    """Check what the dataset would hold with the data of an import job.

    Raises:
        RuleBroken: Interactions have too many event types and optional columns.
    """
    if schema.dataset_type != "INTERACTIONS":
        return
    optional = [column for column in schema.columns if column not in _KEYS]
    n_types = len(table["EVENT_TYPE"].unique()) if "EVENT_TYPE" in optional else 0
    if n_types + len(optional) > MAX_INTERACTION_COLUMNS:
        raise RuleBroken(
            f"An Interactions dataset may have {MAX_INTERACTION_COLUMNS} event types and optional "
            f"columns together, the data has {n_types} event types and {len(optional)} optional "
            f"columns ({', '.join(optional)})."
        )


def _check_bounds(values: pa.ChunkedArray, column: str) -> None:
    least, most = ACTION_BOUNDS[column]
    outside = pc.or_(pc.less(values, least), pc.greater(values, most))
    if pc.any(outside).as_py():
        raise RuleBroken(
            f"{column} of an action must be from {least} to {most}. {_first(values, outside)}"
        )


def _check_action_events(values: pa.ChunkedArray) -> None:
    text = values.cast(pa.string())
    plain = pc.utf8_upper(pc.replace_substring_regex(text, "[ _]", ""))
    unknown = pc.invert(pc.is_in(plain, pa.array(_ACTION_EVENTS)))
    if pc.any(unknown).as_py():
        raise RuleBroken(
            f"EVENT_TYPE of an action interaction must be Taken, Not Taken or Viewed. "
            f"{_first(text, unknown)}"
        )


def _first(values: Any, mask: Any) -> str:
    where = pc.index(mask, True).as_py()
    return f"Record {where + 1} has {values[where].as_py()!r}."
