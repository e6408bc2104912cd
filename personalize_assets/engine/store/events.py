"""The table of events: what PutEvents and PutActionInteractions brought, in the order of arrival.

An event without a user belongs to its session; once an event of the same session names a user, the
session's events are that user's. Knows neither schemas nor what recommenders make of events; the
reading of many events at once is in `engine.data`.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from personalize_assets.engine.store.database import Database, Row

_IDS_AT_A_TIME: Final = 500


@dataclass(frozen=True, slots=True)
class Event:
    """One interaction that a client sent.

    Attributes:
        event_id: Tells it from the dataset's other events.
        session_id: Of the client.
        event_type: As sent.
        sent_at: When it happened by the client's clock, in epoch seconds.
        user_id: Whose it is; None while the session is anonymous.
        item_id: The item, or the action; None where the event has none.
        event_value: As sent.
        properties: Values of further columns of the dataset, by upper-case column.
        recommendation_id: Of the list that the item was shown in.
        impression: Ids of the items that were shown, joined by ``|``.
        shown: Ids of the items in that list, joined by ``|``; None where the engine does not know.
        source: What the event is attributed to.
        sequence: Its place in the order of arrival; 0 before it is stored.
        received_at: When it arrived, in epoch seconds; 0 before it is stored.
    """

    event_id: str
    session_id: str
    event_type: str
    sent_at: int
    user_id: str | None = None
    item_id: str | None = None
    event_value: float | None = None
    properties: Mapping[str, Any] = field(default_factory=dict[str, Any])
    recommendation_id: str | None = None
    impression: str | None = None
    shown: str | None = None
    source: str | None = None
    sequence: int = 0
    received_at: float = 0.0


class EventTable:
    """Events of all datasets.

    Args:
        database: Where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, dataset_arn: str, events: Collection[Event], now: datetime) -> int:
        """Add events and tell how many were new.

        An event whose id the dataset has already is left out, and so is one that equals another
        of the same user in its time and all that it says.
        """
        added = 0
        for event in events:
            user_id, known_since = event.user_id, 0
            if user_id is None:
                user_id, known_since = self._user_of(dataset_arn, event.session_id)
            added += self._insert(dataset_arn, event, user_id, known_since, now)
        for session, user in {
            event.session_id: event.user_id for event in events if event.user_id is not None
        }.items():
            self._identify(dataset_arn, session, user)
        return added

    def _user_of(self, dataset_arn: str, session_id: str) -> tuple[str | None, int]:
        """The user whom a session named last, and since which event that is known."""
        rows = self._database.query(
            "SELECT user_id, max(sequence, known_since) FROM events WHERE dataset_arn = ?"
            " AND session_id = ? AND user_id IS NOT NULL ORDER BY sequence DESC LIMIT 1",
            dataset_arn,
            session_id,
        )
        return (rows[0][0], rows[0][1]) if rows else (None, 0)

    def _insert(
        self,
        dataset_arn: str,
        event: Event,
        user_id: str | None,
        known_since: int,
        now: datetime,
    ) -> int:
        properties = json.dumps(dict(event.properties), sort_keys=True, ensure_ascii=False)
        return self._database.write(
            "INSERT OR IGNORE INTO events (dataset_arn, event_id, user_id, known_since, session_id,"
            " item_id, event_type, event_value, sent_at, recommendation_id, impression, source,"
            " properties, received_at, shown)"
            " SELECT ?1, ?2, ?3, ?14, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?15"
            " WHERE NOT EXISTS (SELECT 1 FROM events WHERE dataset_arn = ?1 AND user_id IS ?3"
            " AND sent_at = ?8 AND (?3 IS NOT NULL OR session_id = ?4) AND item_id IS ?5"
            " AND event_type = ?6 AND event_value IS ?7 AND recommendation_id IS ?9"
            " AND impression IS ?10 AND source IS ?11 AND properties = ?12)",
            dataset_arn,
            event.event_id,
            user_id,
            event.session_id,
            event.item_id,
            event.event_type,
            event.event_value,
            event.sent_at,
            event.recommendation_id,
            event.impression,
            event.source,
            properties,
            now.timestamp(),
            known_since,
            event.shown,
        )

    def _identify(self, dataset_arn: str, session_id: str, user_id: str | None) -> None:
        """Give the anonymous events of a session to the user that it turned out to be."""
        self._database.write(
            "UPDATE events SET user_id = ?, known_since = (SELECT max(sequence) FROM events)"
            " WHERE dataset_arn = ? AND session_id = ? AND user_id IS NULL",
            user_id,
            dataset_arn,
            session_id,
        )

    def newest(self, dataset_arn: str | None = None) -> int:
        """The sequence number of the newest event, of all or of one dataset; 0 if there is none."""
        if dataset_arn is None:
            rows = self._database.query("SELECT max(sequence) FROM events")
        else:
            rows = self._database.query(
                "SELECT max(sequence) FROM events WHERE dataset_arn = ?", dataset_arn
            )
        return rows[0][0] or 0

    def after(self, dataset_arn: str, sequence: int, limit: int = -1) -> list[Event]:
        """The events of a dataset that came after one, oldest first; -1 gives all."""
        rows = self._database.query(
            "SELECT * FROM events WHERE dataset_arn = ? AND sequence > ? ORDER BY sequence LIMIT ?",
            dataset_arn,
            sequence,
            limit,
        )
        return [_event_of(row) for row in rows]

    def delete_users(self, dataset_arn: str, user_ids: Collection[str]) -> int:
        """Remove the events of some users, those of their sessions too, and tell how many."""
        ids = list(user_ids)
        return sum(
            self._database.write(
                "DELETE FROM events WHERE dataset_arn = ? AND user_id IN"
                " (SELECT value FROM json_each(?))",
                dataset_arn,
                json.dumps(ids[start : start + _IDS_AT_A_TIME]),
            )
            for start in range(0, len(ids), _IDS_AT_A_TIME)
        )


def _event_of(row: Row) -> Event:
    return Event(
        event_id=row["event_id"],
        session_id=row["session_id"],
        event_type=row["event_type"],
        sent_at=row["sent_at"],
        user_id=row["user_id"],
        item_id=row["item_id"],
        event_value=row["event_value"],
        properties=json.loads(row["properties"]),
        recommendation_id=row["recommendation_id"],
        impression=row["impression"],
        shown=row["shown"],
        source=row["source"],
        sequence=row["sequence"],
        received_at=row["received_at"],
    )
