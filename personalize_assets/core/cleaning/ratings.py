"""Cleaning MovieLens ratings into interactions for Amazon Personalize.

The stages in order: lines to numbers (``rating_lines``), sample, rules to events, total order and
duplicates, files (``interactions``). Blocks of lines pass through the first three; the columns of
all events are held in memory, about 17 bytes a rating. Knows no network and no S3.
"""

# pyarrow ships no types, and pyarrow.compute makes its functions when it is imported.
# pyright: standard, reportAttributeAccessIssue=false

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from personalize_assets.core.cleaning.blocks import (
    Progress,
    exact_header,
    no_progress,
    opened,
    read_blocks,
)
from personalize_assets.core.cleaning.columns import ColumnParts
from personalize_assets.core.cleaning.events import (
    Events,
    apply_rules,
    compact,
    encode_numbers,
    event_types,
)
from personalize_assets.core.cleaning.interactions import Tally, write_interactions
from personalize_assets.core.cleaning.lines import Lines
from personalize_assets.core.cleaning.outputs import OutputPaths, staged
from personalize_assets.core.cleaning.quarantine import Quarantine
from personalize_assets.core.cleaning.rating_lines import (
    RatingColumns,
    membership,
    parse_ratings,
)
from personalize_assets.core.cleaning.report import CleaningReport
from personalize_assets.core.cleaning.rules import CleaningRules
from personalize_assets.core.cleaning.sampling import kept
from personalize_assets.core.movielens.errors import RawDataError
from personalize_assets.core.movielens.formats import RATINGS
from personalize_assets.core.movielens.layouts import Layout

log = logging.getLogger(__name__)


def clean_ratings(
    ratings: BinaryIO | Path,
    layout: Layout,
    item_ids: NDArray[np.int64],
    rules: CleaningRules,
    out: OutputPaths,
    progress: Progress = no_progress,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> CleaningReport:
    """Turn a file of ratings into interactions, a quarantine file and a report.

    Args:
        ratings: The file, or a stream of it that stays open.
        layout: The release that it belongs to; ``layout.ratings`` is its name in messages.
        item_ids: Ids of all known movies; ratings of others go to quarantine.
        rules: Which ratings are which events, and which share is kept.
        out: Where the outputs go; written only if all goes well.
        progress: Called with ``read``, ``sort`` or ``write`` and the rows done in that stage.
        clock: Seconds from any beginning, for the report.

    Raises:
        RawDataError: The file is missing, empty, not in the layout's format or has no valid row.
    """
    started = clock()
    with (
        opened(ratings, layout.ratings) as stream,
        staged(out) as stage,
    ):
        with Quarantine(stage.quarantine) as quarantine:
            cleaning = _Cleaning(layout, item_ids, rules, quarantine)
            check_header = exact_header(layout.ratings, RATINGS[layout.kind])
            for block in read_blocks(stream, layout.ratings, check_header):
                cleaning.add(Lines(block))
                progress("read", cleaning.tally.read)
        if cleaning.tally.read == quarantine.total:
            raise RawDataError(f"{layout.ratings} has no valid rating: {quarantine.describe()}")
        report = write_interactions(cleaning.events(), cleaning.tally, quarantine, stage, progress)
    report = replace(report, files=stage.files, seconds=clock() - started)
    log.info(
        "cleaned %s: %d read, %d written, %d in quarantine, %.1f s",
        layout.ratings,
        report.accounts.read,
        report.accounts.written,
        report.accounts.quarantined,
        report.seconds,
    )
    return report


class _Cleaning:
    """Ratings on their way to events."""

    def __init__(
        self,
        layout: Layout,
        item_ids: NDArray[np.int64],
        rules: CleaningRules,
        quarantine: Quarantine,
    ) -> None:
        self._format = RATINGS[layout.kind]
        self._is_known = membership(item_ids)
        self._rules = rules
        self._quarantine = quarantine
        self._parts = ColumnParts("user", "item", "timestamp", "event", "value")
        self.tally = Tally()

    def add(self, lines: Lines) -> None:
        """Take in one block of lines."""
        columns, faults = parse_ratings(lines, self._format, self._is_known)
        self._quarantine.add(faults)
        sampled = self._sample(columns)
        outcome = apply_rules(sampled.micros, self._rules)
        self.tally.read += len(lines)
        self.tally.not_sampled += len(columns.user) - len(sampled.user)
        self.tally.below_rule += outcome.below
        self.tally.extra_events += outcome.extra
        self._parts.append(
            user=compact(sampled.user[outcome.rows]),
            item=compact(sampled.item[outcome.rows]),
            timestamp=sampled.timestamp[outcome.rows].astype(np.uint32),
            event=outcome.event,
            value=sampled.micros[outcome.rows].astype(np.int32),
        )

    def _sample(self, columns: RatingColumns) -> RatingColumns:
        if self._rules.fraction >= 1:
            return columns
        return columns.where(kept(columns.user, columns.item, self._rules.fraction))

    def events(self) -> Events:
        """All events so far, in the order of their lines; ends the taking in."""
        users, user = encode_numbers(self._parts.pop("user"))
        items, item = encode_numbers(self._parts.pop("item"))
        return Events(
            users=pa.array(users).cast(pa.string()),
            items=pa.array(items).cast(pa.string()),
            user=user,
            item=item,
            timestamp=self._parts.pop("timestamp").astype(np.uint32, copy=False),
            event_types=event_types(self._rules),
            event=self._parts.pop("event").astype(np.uint8, copy=False),
            value=self._parts.pop("value").astype(np.int32, copy=False),
        )
