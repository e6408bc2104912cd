"""The table of records: what PutItems, PutUsers and PutActions brought, in the order of arrival.

Every version of a record is kept; which one counts is decided where they are read, in
`engine.data`. Knows no schemas.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from personalize_assets.engine.store.database import Database


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """One item, user or action as a client sent it.

    Attributes:
        record_id: Id of the item, user or action.
        properties: Values by upper-case column, the id left out.
    """

    record_id: str
    properties: Mapping[str, Any]


class RecordTable:
    """Records of all datasets.

    Args:
        database: Where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, dataset_arn: str, records: Collection[ItemRecord], now: datetime) -> None:
        """Add records; earlier versions stay."""
        for record in records:
            self._database.write(
                "INSERT INTO records (dataset_arn, record_id, properties, received_at)"
                " VALUES (?, ?, ?, ?)",
                dataset_arn,
                record.record_id,
                json.dumps(dict(record.properties), sort_keys=True, ensure_ascii=False),
                now.timestamp(),
            )

    def newest(self, dataset_arn: str | None = None) -> int:
        """The sequence number of the newest record, of all or of one dataset; 0 if none."""
        if dataset_arn is None:
            rows = self._database.query("SELECT max(sequence) FROM records")
        else:
            rows = self._database.query(
                "SELECT max(sequence) FROM records WHERE dataset_arn = ?", dataset_arn
            )
        return rows[0][0] or 0

    def delete(self, dataset_arn: str, record_ids: Collection[str]) -> int:
        """Remove all versions of some records and tell how many rows that were.

        The dataset's hidden member ``erasures`` counts such deletions, so that who holds the
        records in memory notices.
        """
        deleted = self._database.write(
            "DELETE FROM records WHERE dataset_arn = ? AND record_id IN"
            " (SELECT value FROM json_each(?))",
            dataset_arn,
            json.dumps(list(record_ids)),
        )
        if deleted:
            self._database.write(
                "UPDATE resources SET hidden = json_set(hidden, '$.erasures',"
                " coalesce(json_extract(hidden, '$.erasures'), 0) + 1) WHERE arn = ?",
                dataset_arn,
            )
        return deleted
