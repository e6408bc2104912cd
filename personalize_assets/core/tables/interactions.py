"""Cleaning interactions of one's own: the same quarantine, accounts, order and files as MovieLens.

Ids are strings here and order by their UTF-8 bytes. All ids are held in memory while rows are read.
Knows no network and no S3.
"""

# pyarrow ships no types, and pyarrow.compute makes its functions when it is imported.
# pyright: standard, reportAttributeAccessIssue=false

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from personalize_assets.core.cleaning.blocks import Progress, no_progress
from personalize_assets.core.cleaning.columns import ColumnParts
from personalize_assets.core.cleaning.definitions import Reason
from personalize_assets.core.cleaning.events import (
    Events,
    apply_rules,
    encode_strings,
    event_types,
)
from personalize_assets.core.cleaning.interactions import Tally, write_interactions
from personalize_assets.core.cleaning.outputs import OutputPaths, staged
from personalize_assets.core.cleaning.quarantine import Quarantine
from personalize_assets.core.cleaning.report import CleaningReport
from personalize_assets.core.cleaning.rules import CleaningRules
from personalize_assets.core.cleaning.sampling import kept, string_numbers
from personalize_assets.core.columns import Columns
from personalize_assets.core.movielens.errors import RawDataError
from personalize_assets.core.tables.batches import Batch, read_batches
from personalize_assets.core.tables.checks import (
    Faulty,
    Texts,
    check_metadata,
    check_texts,
    check_timestamps,
    check_values,
)
from personalize_assets.core.tables.declaration import InteractionsTable
from personalize_assets.core.tables.rejection import reject

Rows = NDArray[np.int64]


def clean_interactions_table(
    source: Path,
    table: InteractionsTable,
    item_ids: pa.Array | pa.ChunkedArray | None,
    rules: CleaningRules,
    out: OutputPaths,
    progress: Progress = no_progress,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> CleaningReport:
    """Turn a table of interactions into a CSV and a parquet file, a quarantine file and a report.

    Columns in order: USER_ID, ITEM_ID, TIMESTAMP, EVENT_TYPE and EVENT_VALUE where there are any,
    then metadata as declared.

    Args:
        source: The file.
        table: What its columns mean; ``table.file`` is its name in messages.
        item_ids: Ids of all known items, strings; interactions with others go to quarantine. None
            if any item will do.
        rules: Which share is kept, and, with ``event_rules``, which values are which events.
        out: Where the outputs go; written only if all goes well.
        progress: Called with ``read``, ``sort`` or ``write`` and the rows done in that stage.
        clock: Seconds from any beginning, for the report.

    Raises:
        RawDataError: The file is missing, empty, unreadable, lacks a mapped column, has one of a
            type that cannot be, or has no valid row.
    """
    started = clock()
    with staged(out) as stage:
        with Quarantine(stage.quarantine) as quarantine:
            cleaning = _Cleaning(table, item_ids, rules, quarantine)
            for batch in read_batches(source, table):
                cleaning.add(batch)
                progress("read", cleaning.tally.read)
        if cleaning.tally.read == quarantine.total:
            raise RawDataError(f"{table.file} has no valid row: {quarantine.describe()}")
        report = write_interactions(cleaning.events(), cleaning.tally, quarantine, stage, progress)
    return replace(report, files=stage.files, seconds=clock() - started)


class _Cleaning:
    """Interactions on their way to events."""

    def __init__(
        self,
        table: InteractionsTable,
        item_ids: pa.Array | pa.ChunkedArray | None,
        rules: CleaningRules,
        quarantine: Quarantine,
    ) -> None:
        self._table = table
        self._item_ids = item_ids
        self._rules = rules
        self._quarantine = quarantine
        self._has_value = Columns.EVENT_VALUE in table.columns
        self._numbers = ColumnParts("timestamp", "event", "value")
        self._users: list[pa.Array] = []
        self._items: list[pa.Array] = []
        self._types: list[pa.Array] = []
        self._metadata: list[pa.Table] = []
        self.tally = Tally()

    def add(self, batch: Batch) -> None:
        """Take in some rows."""
        columns, table = batch.columns, self._table
        users = check_texts(columns[Columns.USER_ID], table.columns[Columns.USER_ID])
        items = check_texts(columns[Columns.ITEM_ID], table.columns[Columns.ITEM_ID])
        times = check_timestamps(columns[Columns.TIMESTAMP], table.columns[Columns.TIMESTAMP])
        missing = users.missing | items.missing | times.missing
        faults = [
            Faulty(Reason.USER_ID, users.invalid),
            Faulty(Reason.ITEM_ID, items.invalid),
        ]
        value = np.zeros(len(missing), dtype=np.int64)
        if self._has_value:
            column = columns[Columns.EVENT_VALUE]
            numbers = check_values(column, table.columns[Columns.EVENT_VALUE])
            value = numbers.values
            faults.extend(numbers.faults)
            missing = missing | (numbers.missing & table.event_rules)
        faults.extend(times.faults)
        types = self._event_types(batch)
        if types is not None:
            missing = missing | types.missing
            faults.append(Faulty(Reason.EVENT_TYPE, types.invalid))
        metadata = self._check_metadata(batch, faults)
        if self._item_ids is not None:
            known = pc.is_in(items.values, pa.array(self._item_ids))
            faults.append(Faulty(Reason.UNKNOWN_ITEM, ~known.to_numpy(zero_copy_only=False)))
        good = reject(batch, [Faulty(Reason.MISSING, missing), *faults], self._quarantine)
        self.tally.read += len(batch.lines) + len(batch.faults)
        rows, event = self._choose(good, users.values, items.values, value)
        taken = pa.array(rows)
        self._users.append(users.values.take(taken))
        self._items.append(items.values.take(taken))
        if types is not None:
            self._types.append(types.values.take(taken))
        self._metadata.append(metadata.take(taken))
        self._numbers.append(
            timestamp=times.values[rows].astype(np.uint32), event=event, value=value[rows]
        )

    def _event_types(self, batch: Batch) -> Texts | None:
        if Columns.EVENT_TYPE not in self._table.columns:
            return None
        name = self._table.columns[Columns.EVENT_TYPE]
        return check_texts(batch.columns[Columns.EVENT_TYPE], name)

    def _check_metadata(self, batch: Batch, faults: list[Faulty]) -> pa.Table:
        arrays: dict[str, pa.Array] = {}
        for name in self._table.metadata():
            declared = None if self._table.is_parquet else self._table.types.get(name)
            source = self._table.columns[name]
            arrays[name], fault = check_metadata(batch.columns[name], source, declared)
            faults.append(fault)
        return pa.table(arrays)

    def _choose(
        self, good: Rows, users: pa.Array, items: pa.Array, value: NDArray[np.int64]
    ) -> tuple[Rows, NDArray[np.uint8]]:
        """Sample the good rows and apply the rules: rows that become events, and their types."""
        fraction = self._rules.fraction
        if fraction < 1:
            at = pa.array(good)
            is_kept = kept(
                string_numbers(users.take(at).to_pylist()),
                string_numbers(items.take(at).to_pylist()),
                fraction,
            )
            self.tally.not_sampled += len(good) - int(np.count_nonzero(is_kept))
            good = good[is_kept]
        if not self._table.event_rules:
            return good, np.zeros(len(good), dtype=np.uint8)
        outcome = apply_rules(value[good], self._rules)
        self.tally.below_rule += outcome.below
        self.tally.extra_events += outcome.extra
        return good[outcome.rows], outcome.event

    def events(self) -> Events:
        """All events so far, in the order of their rows; ends the taking in."""
        users, user = encode_strings(pa.chunked_array(self._users, pa.string()))
        items, item = encode_strings(pa.chunked_array(self._items, pa.string()))
        names, event = self._event_codes()
        value = self._numbers.pop("value")
        return Events(
            users=users,
            items=items,
            user=user,
            item=item,
            timestamp=self._numbers.pop("timestamp").astype(np.uint32, copy=False),
            event_types=names,
            event=event,
            value=value if self._has_value else None,
            extras=pa.concat_tables(self._metadata) if self._table.metadata() else None,
        )

    def _event_codes(self) -> tuple[tuple[str, ...], NDArray[np.integer] | None]:
        codes = self._numbers.pop("event")
        if self._table.event_rules:
            return event_types(self._rules), codes
        if self._table.event_type is not None:
            return (self._table.event_type,), codes
        if Columns.EVENT_TYPE not in self._table.columns:
            return (), None
        names, event = encode_strings(pa.chunked_array(self._types, pa.string()))
        return tuple(names.to_pylist()), event
