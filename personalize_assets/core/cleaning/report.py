"""What a cleaning did: counts that add up, what was written, and a glance at it. Values only."""

# pyarrow ships no types, and pyarrow.compute makes its functions when it is imported.
# pyright: standard, reportAttributeAccessIssue=false

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from personalize_assets.core.cleaning.outputs import OutputFile


@dataclass(frozen=True)
class Accounts:
    """Where every row went.

    Attributes:
        read: Lines (or rows) of data, without the header.
        written: Rows in the outputs.
        duplicates: Rows dropped because another with the same key stayed.
        quarantined: Lines in the quarantine file.
        below_rule: Valid rows that no event rule matched.
        not_sampled: Valid rows left out by the sampling fraction.
        extra_events: Events beyond the first of a row (mode ``all``).
    """

    read: int
    written: int
    duplicates: int
    quarantined: int
    below_rule: int = 0
    not_sampled: int = 0
    extra_events: int = 0

    @property
    def unaccounted(self) -> int:
        """Rows that went nowhere known: 0, or cleaning has a fault."""
        gone = self.duplicates + self.quarantined + self.below_rule + self.not_sampled
        return self.read + self.extra_events - self.written - gone


@dataclass(frozen=True)
class CleaningReport:
    """Outcome of cleaning interactions.

    Attributes:
        accounts: Where every row went.
        reasons: Lines in quarantine by reason, the most frequent first.
        files: The outputs by ``csv``, ``parquet``, ``quarantine``.
        schema: Columns of the outputs with the types of the parquet file, which are those that
            Amazon Personalize has for them; ``nullable`` tells where empty values may be.
        preview: The first ten rows.
        users: Distinct users written.
        items: Distinct items written.
        users_with_two_or_more: Users with at least two interactions written.
        event_counts: Rows written by event type.
        min_timestamp: Oldest event in epoch seconds; None without rows.
        max_timestamp: Newest event in epoch seconds; None without rows.
        seconds: Wall time.
    """

    accounts: Accounts
    reasons: Mapping[str, int]
    files: Mapping[str, OutputFile]
    schema: pa.Schema
    preview: pa.Table
    users: int
    items: int
    users_with_two_or_more: int
    event_counts: Mapping[str, int]
    min_timestamp: int | None
    max_timestamp: int | None
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Everything but the preview, ready for JSON."""
        return _common(self) | {
            "users": self.users,
            "items": self.items,
            "users_with_two_or_more": self.users_with_two_or_more,
            "event_counts": dict(self.event_counts),
            "min_timestamp": self.min_timestamp,
            "max_timestamp": self.max_timestamp,
        }


@dataclass(frozen=True)
class EntitiesReport:
    """Outcome of cleaning items or users; the attributes are those of ``CleaningReport``.

    Attributes:
        ids: Ids written, as strings in the order of the outputs.
        missing: Rows written without a value, by column; for columns that are filled in where
            nothing is known (TITLE, CREATION_TIMESTAMP), how often that was done.
    """

    accounts: Accounts
    reasons: Mapping[str, int]
    files: Mapping[str, OutputFile]
    schema: pa.Schema
    preview: pa.Table
    ids: pa.Array
    missing: Mapping[str, int]
    seconds: float

    def numeric_ids(self) -> NDArray[np.int64]:
        """The ids as numbers, for ``clean_ratings``; see ``numeric_ids``."""
        return numeric_ids(self.ids)

    def as_dict(self) -> dict[str, Any]:
        """Everything but the preview and the ids, ready for JSON."""
        return _common(self) | {"ids": len(self.ids), "missing": dict(self.missing)}


def numeric_ids(ids: pa.Array | pa.ChunkedArray) -> NDArray[np.int64]:
    """Turn ids of MovieLens, strings as they are written, into numbers.

    Raises:
        ValueError: Some id is not an integer.
    """
    return ids.cast(pa.int64()).to_numpy()


def _common(report: CleaningReport | EntitiesReport) -> dict[str, Any]:
    accounts = report.accounts
    return {
        "accounts": {
            "read": accounts.read,
            "written": accounts.written,
            "duplicates": accounts.duplicates,
            "quarantined": accounts.quarantined,
            "below_rule": accounts.below_rule,
            "not_sampled": accounts.not_sampled,
            "extra_events": accounts.extra_events,
        },
        "reasons": dict(report.reasons),
        "files": {
            name: {"path": str(file.path), "size": file.size, "sha256": file.sha256}
            for name, file in report.files.items()
        },
        "columns": {field.name: str(field.type) for field in report.schema},
        "seconds": round(report.seconds, 3),
    }
