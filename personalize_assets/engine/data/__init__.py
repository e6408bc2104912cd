"""The data of a dataset group, bulk and streamed together: as tables for jobs, live for requests.

Modules here are imported by kinds of jobs, so none imports `engine.jobs`.
"""
# pyarrow has no types.
# pyright: standard

from personalize_assets.engine.data.live import LiveData, LiveGroup, UserEvents
from personalize_assets.engine.data.sources import DatasetSource, GroupSources, describe_group
from personalize_assets.engine.data.tables import (
    Ingestion,
    read_action_interactions,
    read_interactions,
    read_records,
)

__all__ = [
    "DatasetSource",
    "GroupSources",
    "Ingestion",
    "LiveData",
    "LiveGroup",
    "UserEvents",
    "describe_group",
    "read_action_interactions",
    "read_interactions",
    "read_records",
]
