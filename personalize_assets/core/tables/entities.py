"""Cleaning items and users of one's own: the same quarantine, accounts and order as MovieLens.

Knows no network and no S3.
"""

# pyarrow ships no types, and pyarrow.compute makes its functions when it is imported.
# pyright: standard, reportAttributeAccessIssue=false

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from personalize_assets.core.cleaning.definitions import Reason
from personalize_assets.core.cleaning.entities import write_entities
from personalize_assets.core.cleaning.outputs import OutputPaths, staged
from personalize_assets.core.cleaning.quarantine import Quarantine
from personalize_assets.core.cleaning.report import EntitiesReport
from personalize_assets.core.columns import Columns
from personalize_assets.core.movielens.errors import RawDataError
from personalize_assets.core.tables.batches import Batch, read_batches
from personalize_assets.core.tables.checks import (
    Faulty,
    check_metadata,
    check_texts,
    check_timestamps,
)
from personalize_assets.core.tables.declaration import ItemsTable, UsersTable
from personalize_assets.core.tables.rejection import reject


def clean_items_table(
    source: Path,
    table: ItemsTable,
    out: OutputPaths,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> EntitiesReport:
    """Turn a table of items into a CSV and a parquet file, a quarantine file and a report.

    Columns in order: ITEM_ID, then the others as declared. The last row of an id counts. A mapped
    TITLE that is missing becomes the id, a mapped CREATION_TIMESTAMP that is missing becomes 0, as
    old as can be, because it may not be empty; ``missing`` in the report counts these.

    Args:
        source: The file.
        table: What its columns mean; ``table.file`` is its name in messages.
        out: Where the outputs go; written only if all goes well.
        clock: Seconds from any beginning, for the report.

    Raises:
        RawDataError: The file is missing, empty, unreadable, lacks a mapped column, has one of a
            type that cannot be, or has no valid row.
    """
    return _clean(source, table, Columns.ITEM_ID, Reason.ITEM_ID, out, clock)


def clean_users_table(
    source: Path,
    table: UsersTable,
    out: OutputPaths,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> EntitiesReport:
    """Turn a table of users into a CSV and a parquet file, a quarantine file and a report.

    Like ``clean_items_table``, with USER_ID and without the reserved columns.

    Raises:
        RawDataError: As ``clean_items_table``.
    """
    return _clean(source, table, Columns.USER_ID, Reason.USER_ID, out, clock)


def _clean(
    source: Path,
    table: ItemsTable | UsersTable,
    key: str,
    invalid: Reason,
    out: OutputPaths,
    clock: Callable[[], float],
) -> EntitiesReport:
    started = clock()
    read = 0
    filled: dict[str, int] = {}
    parts: list[pa.Table] = []
    with staged(out) as stage:
        with Quarantine(stage.quarantine) as quarantine:
            for batch in read_batches(source, table):
                read += len(batch.lines) + len(batch.faults)
                parts.append(_clean_batch(batch, table, key, invalid, quarantine, filled))
        rows = pa.concat_tables(parts) if parts else None
        if rows is None or rows.num_rows == 0:
            raise RawDataError(f"{table.file} has no valid row: {quarantine.describe()}")
        report = write_entities(rows, read, filled, quarantine, stage)
    return replace(report, files=stage.files, seconds=clock() - started)


def _clean_batch(
    batch: Batch,
    table: ItemsTable | UsersTable,
    key: str,
    invalid: Reason,
    quarantine: Quarantine,
    filled: dict[str, int],
) -> pa.Table:
    ids = check_texts(batch.columns[key], table.columns[key])
    faults = [Faulty(Reason.MISSING, ids.missing), Faulty(invalid, ids.invalid)]
    arrays = {key: ids.values}
    fields = [pa.field(key, pa.string(), nullable=False)]
    unfilled: dict[str, pa.Array] = {}
    for name in (name for name in table.columns if name != key):
        source = table.columns[name]
        if name == Columns.CREATION_TIMESTAMP:
            times = check_timestamps(batch.columns[name], source)
            faults.extend(times.faults)
            unfilled[name] = pa.array(times.missing)
            arrays[name] = pa.array(times.values)  # 0 where missing
        else:
            declared = None if table.is_parquet else table.types.get(name)
            arrays[name], fault = check_metadata(batch.columns[name], source, declared)
            faults.append(fault)
            if name == Columns.TITLE:
                unfilled[name] = arrays[name].is_null()
                arrays[name] = pc.coalesce(arrays[name].cast(pa.string()), ids.values)
        fields.append(pa.field(name, arrays[name].type, nullable=name not in unfilled))
    good = pa.array(reject(batch, faults, quarantine))
    for name, mask in unfilled.items():
        filled[name] = filled.get(name, 0) + (pc.sum(mask.take(good)).as_py() or 0)
    return pa.Table.from_arrays(list(arrays.values()), schema=pa.schema(fields)).take(good)
