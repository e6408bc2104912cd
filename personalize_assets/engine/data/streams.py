"""What PutEvents and PutActionInteractions brought, as tables and as rows of one user.

The one place that knows which streamed event belongs to whom: an event without a user belongs to
its session until the session names one. Knows nothing of imported data.
"""
# pyarrow has no types.
# pyright: standard

import json
from collections.abc import Callable
from typing import Any, Final

import pyarrow as pa

from personalize_assets.engine.data.columns import arrow_schema, value_array
from personalize_assets.engine.data.reader import Reader
from personalize_assets.engine.data.sources import DatasetSource

END: Final = 2**62
"""A sequence number that no event reaches."""

_ROWS: Final = """
    SELECT user_id, item_id, sent_at, event_type, event_value, impression, recommendation_id,
        source, properties
    FROM events
    WHERE dataset_arn = ? AND sequence <= ? AND user_id IS NOT NULL AND known_since <= ?
        AND item_id IS NOT NULL
    ORDER BY sequence
"""
_COLUMNS: Final = {
    "USER_ID": 0,
    "ITEM_ID": 1,
    "ACTION_ID": 1,
    "TIMESTAMP": 2,
    "EVENT_TYPE": 3,
    "EVENT_VALUE": 4,
    "IMPRESSION": 5,
    "RECOMMENDATION_ID": 6,
    "EVENT_ATTRIBUTION_SOURCE": 7,
}
_PROPERTIES: Final = 8

# The plus signs keep SQLite from walking the dataset's events in order instead of the user's.
_OF_USER: Final = """
    SELECT item_id, sent_at, event_type, event_value, sequence FROM events
    WHERE dataset_arn = ?1 AND user_id = ?2 AND known_since <= ?3 AND +sequence <= ?4
        AND item_id IS NOT NULL
    UNION ALL
    SELECT item_id, sent_at, event_type, event_value, sequence FROM events
    WHERE dataset_arn = ?1 AND session_id = ?2 AND (user_id IS NULL OR known_since > ?3)
        AND +sequence <= ?4 AND item_id IS NOT NULL
    ORDER BY sent_at DESC, sequence DESC LIMIT ?5
"""
_USERS: Final = """
    SELECT DISTINCT user_id, event_type FROM events
    WHERE dataset_arn = ? AND sequence <= ? AND user_id IS NOT NULL AND known_since <= ?
        AND item_id IS NOT NULL
"""

EventRow = tuple[str, int, str, float | None]
"""Item or action, epoch seconds, event type, value."""


def read_event_table(reader: Reader, source: DatasetSource, upto: int | None) -> pa.Table:
    """All streamed events of users with an item, in the columns of the schema, by arrival."""
    last = END if upto is None else upto
    rows = reader.rows(_ROWS, (source.arn, last, last))
    schema = arrow_schema(source.schema)
    properties: list[dict[str, Any]] = [json.loads(row[_PROPERTIES]) for row in rows]
    columns = [
        value_array(
            [row[_COLUMNS[name]] for row in rows]
            if name in _COLUMNS
            else [each.get(name) for each in properties],
            kind,
        )
        for name, kind in zip(schema.names, schema.types, strict=True)
    ]
    return pa.table(columns, schema=schema)


def events_of(
    reader: Reader,
    dataset_arn: str,
    user_id: str,
    *,
    limit: int | None,
    joined_upto: int | None,
    upto: int | None,
) -> list[EventRow]:
    """The newest streamed events of a user or of an anonymous session, oldest first.

    Args:
        reader: Of the database.
        dataset_arn: Of the dataset of interactions.
        user_id: Id of a user, or of a session.
        limit: At most so many; None for all.
        joined_upto: Only what was known at this event about whose session is whose counts; None:
            all that is known now.
        upto: No later events than this one; None for all.
    """
    last = END if upto is None else upto
    joined = last if joined_upto is None else joined_upto
    rows = reader.rows(
        _OF_USER, (dataset_arn, user_id, joined, last, -1 if limit is None else limit)
    )
    rows.reverse()
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def users_with(
    reader: Reader, dataset_arn: str, counts: Callable[[str], bool], upto: int | None
) -> set[str]:
    """The users with streamed events of the types that count."""
    last = END if upto is None else upto
    rows = reader.rows(_USERS, (dataset_arn, last, last))
    return {user for user, event_type in rows if counts(event_type)}
