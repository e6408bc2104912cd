"""What clients send one by one, turned into events and records of a dataset under its schema.

Pure: members of a request and a schema in, rows for the store out. Knows neither datasets nor who
sends.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from personalize_assets.core.filters import normalize_event_type
from personalize_assets.core.names import ACTION_BOUNDS, MAX_EVENT_BYTES, MAX_TIMESTAMP
from personalize_assets.core.schemas import Schema, SchemaField
from personalize_assets.engine.data.properties import (
    PropertiesError,
    camel_case,
    read_properties,
    require_columns,
)
from personalize_assets.engine.store import Event, ItemRecord

ACTION_EVENT_TYPES: Final = ("Taken", "Not Taken", "Viewed")

_ELSEWHERE: Final = (
    "USER_ID",
    "SESSION_ID",
    "EVENT_TYPE",
    "TIMESTAMP",
    "RECOMMENDATION_ID",
    "IMPRESSION",
)
_OLD_FORM: Final = {
    "ITEM_ID": SchemaField("ITEM_ID", "string", nullable=True),
    "EVENT_VALUE": SchemaField("EVENT_VALUE", "float", nullable=True),
}
"""What older clients put among the properties, with or without such columns in the schema."""


def make_event(
    sent: Mapping[str, Any], schema: Schema, *, session_id: str, user_id: str | None, event_id: str
) -> Event:
    """Make an event of one entry of PutEvents.

    Args:
        sent: The entry, valid by the service model.
        schema: Of the Interactions dataset.
        session_id: Of the request.
        user_id: Of the request; None if it has none.
        event_id: If the entry has none of its own.

    Raises:
        PropertiesError: Something does not fit; the message says what is allowed.
    """
    _check_size(sent)
    fields = {item.column: item for item in schema.fields if item.column not in _ELSEWHERE}
    values = read_properties(sent.get("properties"), fields | _OLD_FORM, _ELSEWHERE)
    item_id = sent.get("itemId", values.pop("ITEM_ID", None))
    event_value = sent.get("eventValue", values.pop("EVENT_VALUE", None))
    source = values.pop("EVENT_ATTRIBUTION_SOURCE", None)
    source = sent.get("metricAttribution", {}).get("eventAttributionSource", source)
    event = Event(
        event_id=sent.get("eventId", event_id),
        session_id=session_id,
        event_type=sent["eventType"],
        sent_at=_seconds(sent["sentAt"], "sentAt"),
        user_id=user_id,
        item_id=item_id,
        event_value=event_value,
        properties=values,
        recommendation_id=sent.get("recommendationId"),
        impression=_joined(sent.get("impression")),
        source=source,
    )
    _require(event, schema)
    return event


def make_action_event(sent: Mapping[str, Any], schema: Schema, *, event_id: str) -> Event:
    """Make an event of one entry of PutActionInteractions.

    Args:
        sent: The entry, valid by the service model.
        schema: Of the Action interactions dataset.
        event_id: If the entry has none of its own.

    Raises:
        PropertiesError: Something does not fit; the message says what is allowed.
    """
    _check_size(sent)
    elsewhere = (*_ELSEWHERE, "ACTION_ID")
    fields = {item.column: item for item in schema.fields if item.column not in elsewhere}
    values = read_properties(sent.get("properties"), fields, elsewhere)
    known = map(normalize_event_type, ACTION_EVENT_TYPES)
    if normalize_event_type(sent["eventType"]) not in known:
        raise PropertiesError(
            f"the event type of an action interaction is {', '.join(ACTION_EVENT_TYPES[:-1])} or "
            f"{ACTION_EVENT_TYPES[-1]}, got {sent['eventType']!r}"
        )
    event = Event(
        event_id=sent.get("eventId", event_id),
        session_id=sent["sessionId"],
        event_type=sent["eventType"],
        sent_at=_seconds(sent["timestamp"], "timestamp"),
        user_id=sent.get("userId"),
        item_id=sent["actionId"],
        properties=values,
        recommendation_id=sent.get("recommendationId"),
        impression=_joined(sent.get("impression")),
    )
    _require(event, schema)
    return event


def make_record(record_id: str, properties: str | None, schema: Schema, key: str) -> ItemRecord:
    """Make a record of one entry of PutItems, PutUsers or PutActions.

    Args:
        record_id: Id of the item, user or action.
        properties: JSON object of the other columns; None for none.
        schema: Of the dataset.
        key: Column of the id.

    Raises:
        PropertiesError: Something does not fit; the message says what is allowed.
    """
    fields = {item.column: item for item in schema.fields if item.column != key}
    values = read_properties(properties, fields, (key,))
    require_columns(values, schema, (key,))
    if schema.dataset_type == "ACTIONS":
        _check_action(values)
    return ItemRecord(record_id, values)


def _check_action(values: Mapping[str, Any]) -> None:
    for column, (least, most) in ACTION_BOUNDS.items():
        if column in values and not least <= values[column] <= most:
            raise PropertiesError(
                f'"{camel_case(column)}" of an action must be from {least} to {most}, got '
                f"{values[column]}"
            )


def _check_size(sent: Mapping[str, Any]) -> None:
    size = len(json.dumps(sent, default=str, ensure_ascii=False).encode())
    if size > MAX_EVENT_BYTES:
        raise PropertiesError(f"an event may have {MAX_EVENT_BYTES} bytes, this one has {size}")


def _seconds(moment: datetime, member: str) -> int:
    seconds = int(moment.timestamp())
    if not 0 <= seconds <= MAX_TIMESTAMP:
        raise PropertiesError(
            f"{member} must be in seconds since 1970-01-01, from 0 to {MAX_TIMESTAMP}; got "
            f"{seconds}"
        )
    return seconds


def _joined(impression: list[str] | None) -> str | None:
    return None if impression is None else "|".join(impression)


def _require(event: Event, schema: Schema) -> None:
    values = {
        **event.properties,
        "EVENT_VALUE": event.event_value,
        "RECOMMENDATION_ID": event.recommendation_id,
        "IMPRESSION": event.impression,
        "EVENT_ATTRIBUTION_SOURCE": event.source,
    }
    # The model lets an event come without user and item; such ones are no interactions.
    besides = ("USER_ID", "ITEM_ID", "ACTION_ID", "EVENT_TYPE", "TIMESTAMP")
    require_columns(values, schema, besides)
