"""Items, users and actions: imported rows and streamed records, merged to the newest of each id.

Used for whole tables and for what a running engine holds in memory. Knows nothing of interactions.
"""
# pyarrow has no types, and makes its compute functions at run time.
# pyright: standard, reportAttributeAccessIssue=false

import json
from collections.abc import Sequence
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from personalize_assets.engine.data.columns import (
    ID_COLUMNS,
    IMPORTED_AT,
    arrow_schema,
    read_stored,
    value_array,
)
from personalize_assets.engine.data.reader import Reader
from personalize_assets.engine.data.sources import DatasetSource
from personalize_assets.engine.data.streams import END

RecordType = Literal["ITEMS", "USERS", "ACTIONS"]

_ROWS: Final = """
    SELECT record_id, properties, received_at FROM records
    WHERE dataset_arn = ? AND sequence <= ? ORDER BY sequence
"""
_NEWEST: Final = "SELECT max(sequence) FROM records WHERE dataset_arn = ? AND sequence <= ?"
_Row = tuple[str, str, float]
"""Id, properties as JSON, epoch seconds of arrival."""


def load_records(source: DatasetSource) -> pa.Table | None:
    """The imported rows, with `IMPORTED_AT` beside the columns of the schema; None if none were."""
    if source.bulk is None:
        return None
    schema = arrow_schema(source.schema).append(pa.field(IMPORTED_AT, pa.int64()))
    return read_stored(source.bulk, schema)


def newest_record(reader: Reader, dataset_arn: str, upto: int | None) -> int:
    """Sequence number of a dataset's newest streamed record, up to one if given; 0 for none."""
    return reader.rows(_NEWEST, (dataset_arn, END if upto is None else upto))[0][0] or 0


def merge_newest(
    reader: Reader,
    source: DatasetSource,
    bulk: pa.Table | None,
    upto: int | None,
    *,
    every_version: bool = False,
) -> pa.Table:
    """Put streamed records over imported rows.

    Args:
        reader: Of the database.
        source: The dataset.
        bulk: From `load_records`; None if nothing was imported or shall count.
        upto: No later records than this one; None for all.
        every_version: Whether to give all distinct versions of streamed records instead of the
            newest of each id; only without ``bulk``.

    Returns:
        The schema's columns, imported ids first, then new ids in the order of their first arrival.
    """
    rows: list[Any] = reader.rows(_ROWS, (source.arn, END if upto is None else upto))
    if every_version:
        rows = list({(row[0], row[1]): row for row in rows}.values())
    else:
        rows = list({row[0]: row for row in rows}.values())
    streamed = _table(rows, source)
    if bulk is None:
        return streamed
    known = bulk.select(list(source.schema.columns))
    if not rows:
        return known
    return _over(known, bulk[IMPORTED_AT], streamed, rows, source)


def _over(
    known: pa.Table,
    imported_at: pa.ChunkedArray,
    streamed: pa.Table,
    rows: Sequence[_Row],
    source: DatasetSource,
) -> pa.Table:
    ids = known[ID_COLUMNS[source.dataset_type]].cast(pa.string()).combine_chunks()
    found = pc.index_in(pa.array([row[0] for row in rows], pa.string()), value_set=ids)
    at = np.asarray(found.fill_null(-1), dtype=np.int64)
    arrived = np.array([row[2] * 1_000 for row in rows])
    imported = np.asarray(imported_at.fill_null(0), dtype=np.int64)
    newer = np.ones(len(rows), dtype=np.bool_)
    newer[at >= 0] = arrived[at >= 0] >= imported[at[at >= 0]]
    order = np.arange(known.num_rows + len(rows), dtype=np.int64)
    replacing = np.flatnonzero((at >= 0) & newer)
    order[at[replacing]] = known.num_rows + replacing
    kept = np.concatenate((order[: known.num_rows], known.num_rows + np.flatnonzero(at < 0)))
    joined = pa.concat_tables([known, streamed]).unify_dictionaries()
    return joined.take(pa.array(kept))


def _table(rows: Sequence[_Row], source: DatasetSource) -> pa.Table:
    schema = arrow_schema(source.schema)
    key = ID_COLUMNS[source.dataset_type]
    properties: list[dict[str, Any]] = [json.loads(row[1]) for row in rows]
    columns = [
        value_array(
            [row[0] for row in rows] if name == key else [each.get(name) for each in properties],
            kind,
        )
        for name, kind in zip(schema.names, schema.types, strict=True)
    ]
    return pa.table(columns, schema=schema)
