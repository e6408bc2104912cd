"""What a solution takes of its group's data, as workers read it.

Used by training and by batch inference, so that both see the same interactions. Knows no recipe.
"""
# pyarrow has no types, and makes its compute functions at run time.
# pyright: standard, reportAttributeAccessIssue=false

from typing import Any

import pyarrow as pa

from personalize_assets.core.columns import Columns
from personalize_assets.engine.data import sources, tables
from personalize_assets.engine.data.records import RecordType
from personalize_assets.engine.jobs.kinds import JobFailed, Json
from personalize_assets.engine.store import Resource, Store
from personalize_assets.recipes.tables import select_events

_EVENT_COLUMNS = (
    Columns.USER_ID,
    Columns.ITEM_ID,
    Columns.TIMESTAMP,
    Columns.EVENT_TYPE,
    Columns.EVENT_VALUE,
)


def describe_data(store: Store, group_arn: str | None, solution: Resource) -> Json:
    """Write down where the data of a group lie and what a solution takes of them.

    Args:
        store: Of the engine.
        group_arn: The dataset group.
        solution: A solution, or a version with the same members.
    """
    config: dict[str, Any] = solution.body.get("solutionConfig", {})
    return {
        "sources": sources.describe_group(store, str(group_arn)).to_json(),
        "event_type": solution.body.get("eventType"),
        "event_value_threshold": config.get("eventValueThreshold"),
    }


def read_interactions(order: Json) -> pa.Table:
    """The interactions that a solution takes.

    Raises:
        JobFailed: There are none, or columns to choose them by are missing.
    """
    group = sources.GroupSources.from_json(order["sources"])
    table = tables.read_interactions(group, columns=_EVENT_COLUMNS)
    if table is None:
        raise JobFailed(
            "Dataset has fewer than 1000 interactions: nothing was imported or sent into an "
            "Interactions dataset of the dataset group"
        )
    event_type, threshold = order["event_type"], order["event_value_threshold"]
    for given, column in ((event_type, Columns.EVENT_TYPE), (threshold, Columns.EVENT_VALUE)):
        if given is not None and column not in table.column_names:
            raise JobFailed(
                f"The solution chooses interactions by {column} ({given}), but the Interactions "
                f"dataset has no column {column}"
            )
    return select_events(table, event_type, None if threshold is None else float(threshold))


def read_dataset(order: Json, dataset_type: RecordType) -> pa.Table | None:
    """One of the other datasets, or None if it has no rows."""
    return tables.read_records(sources.GroupSources.from_json(order["sources"]), dataset_type)
