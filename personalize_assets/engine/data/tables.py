"""The data of a group as tables, for jobs: imported files and streamed events and records together.

Training, batch jobs and exports read here, so that all see the same data. Knows no recipe, and of
the API only what an ingestion mode is.
"""
# pyarrow has no types, and makes its compute functions at run time.
# pyright: standard, reportAttributeAccessIssue=false

from collections.abc import Collection
from contextlib import closing
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from personalize_assets.core.schemas import DatasetType
from personalize_assets.engine.data.columns import arrow_schema, read_stored
from personalize_assets.engine.data.merging import merge_interactions
from personalize_assets.engine.data.reader import Reader
from personalize_assets.engine.data.records import RecordType, load_records, merge_newest
from personalize_assets.engine.data.sources import DatasetSource, GroupSources
from personalize_assets.engine.data.streams import read_event_table

Ingestion = Literal["ALL", "BULK", "PUT"]
"""Which data: those imported, those sent one by one, or both."""


def read_interactions(
    sources: GroupSources, ingestion: Ingestion = "ALL", columns: Collection[str] | None = None
) -> pa.Table | None:
    """The item interactions of a group; those that are equal in every column count once.

    Events of a session that never named a user are left out, and so are events without an item.

    Args:
        sources: Of the group.
        ingestion: Which of them.
        columns: Upper-case names; those that the schema lacks are ignored. None takes all.

    Returns:
        Columns of the schema, imported rows first; None if there are no rows or no dataset.
    """
    return _read_events(sources, "INTERACTIONS", ingestion, columns)


def read_action_interactions(
    sources: GroupSources, ingestion: Ingestion = "ALL", columns: Collection[str] | None = None
) -> pa.Table | None:
    """The action interactions of a group, as `read_interactions` gives those with items."""
    return _read_events(sources, "ACTION_INTERACTIONS", ingestion, columns)


def read_records(
    sources: GroupSources, dataset_type: RecordType, ingestion: Ingestion = "ALL"
) -> pa.Table | None:
    """The items, users or actions of a group.

    Args:
        sources: Of the group.
        dataset_type: ``ITEMS``, ``USERS`` or ``ACTIONS``.
        ingestion: ``ALL`` gives the newest record of each id, by arrival: a streamed record
            replaces an older import, and a later import that has the id replaces a streamed one.
            ``BULK`` gives what was imported, ``PUT`` every distinct version that was streamed.

    Returns:
        Columns of the schema; None if there are no rows or no dataset. The order of ids stays when
        records are replaced, new ones come last.
    """
    source = sources.datasets.get(dataset_type)
    if source is None:
        return None
    bulk = load_records(source) if ingestion != "PUT" else None
    if ingestion == "BULK":
        return _present(None if bulk is None else bulk.select(list(source.schema.columns)))
    with closing(Reader(sources.database)) as reader:
        return _present(
            merge_newest(reader, source, bulk, sources.upto_records)
            if ingestion == "ALL"
            else merge_newest(reader, source, None, sources.upto_records, every_version=True)
        )


def _read_events(
    sources: GroupSources,
    dataset_type: DatasetType,
    ingestion: Ingestion,
    columns: Collection[str] | None,
) -> pa.Table | None:
    source = sources.datasets.get(dataset_type)
    if source is None:
        return None
    names = [name for name in source.schema.columns if columns is None or name in columns]
    tables: list[pa.Table] = []
    if ingestion != "PUT" and source.bulk is not None:
        full = arrow_schema(source.schema)
        tables.append(read_stored(source.bulk, pa.schema([full.field(name) for name in names])))
    if ingestion != "BULK":
        with closing(Reader(sources.database)) as reader:
            events = read_event_table(reader, source, sources.upto_events)
        if events.num_rows:
            known = source.bulk is not None and ingestion == "ALL"
            fresh = _unseen(events, source) if known else merge_interactions([events])
            tables.append(fresh.select(names))
    return _present(pa.concat_tables(tables).unify_dictionaries()) if tables else None


def _unseen(events: pa.Table, source: DatasetSource) -> pa.Table:
    """The streamed events that equal neither one another nor an imported row."""
    # An equal row has an equal time, so that few of the imported rows need a look.
    times = events["TIMESTAMP"].unique()
    bulk = read_stored(
        str(source.bulk), arrow_schema(source.schema), pc.field("TIMESTAMP").isin(times)
    )
    n_known = merge_interactions([bulk]).num_rows
    return merge_interactions([bulk, events]).slice(n_known)


def _present(table: pa.Table | None) -> pa.Table | None:
    return table if table is not None and table.num_rows else None
