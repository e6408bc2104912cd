"""What S3 says of new objects: the bodies of messages in a queue, read into keys.

The same event comes in four dresses: from S3 itself, through an SNS topic, from EventBridge, and
from EventBridge through a topic. A notice tells only that a key was written at some time; which
version lies there now is asked of S3. Pure: no client, no clock.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast
from urllib.parse import unquote_plus

_CREATED = "ObjectCreated:"
_MAX_ENVELOPES = 3


class NoticeError(ValueError):
    """A message is no event of S3; the message says what was found instead."""


def parse_notices(body: str, bucket: str) -> tuple[str, ...]:
    """Read the keys that a message says were written to ``bucket``.

    Deletions, tests, other buckets and everything else that S3 tells give no key. S3 itself encodes
    keys as in a URL's query, EventBridge does not.

    Args:
        body: The body of the message.
        bucket: Name of the bucket that counts.

    Raises:
        NoticeError: The body is no event of S3.

    Example:
        >>> parse_notices(
        ...     '{"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "b"},'
        ...     ' "object": {"key": "in/two+words.json"}}}]}', "b")
        ('in/two words.json',)
    """
    event = _unwrap(body)
    if "Records" in event:
        return tuple(_keys_of_records(event["Records"], bucket))
    if event.get("Event") == "s3:TestEvent":
        return ()
    if event.get("source") == "aws.s3":
        return tuple(_keys_of_eventbridge(event, bucket))
    raise NoticeError(f"no event of S3: members {', '.join(sorted(event)[:8]) or 'none'}")


def _unwrap(body: str) -> Mapping[str, Any]:
    """The event inside any envelopes of SNS."""
    text = body
    for _ in range(_MAX_ENVELOPES):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise NoticeError(f"no event of S3: not JSON ({error})") from error
        if not isinstance(value, dict):
            raise NoticeError(f"no event of S3: expected an object, got {type(value).__name__}")
        event = cast("dict[str, Any]", value)
        message = event.get("Message")
        if "TopicArn" not in event or not isinstance(message, str):
            return event
        text = message
    raise NoticeError(f"no event of S3: more than {_MAX_ENVELOPES} envelopes")


def _keys_of_records(records: Any, bucket: str) -> Iterator[str]:
    if not isinstance(records, list):
        raise NoticeError("no event of S3: Records is no list")
    for record in cast("list[Any]", records):
        name, found = _member(record, "eventName"), _member(record, "s3")
        if not isinstance(name, str) or _CREATED not in name:
            continue
        key = _key_in(found, bucket)
        if key is not None:
            yield unquote_plus(key)


def _keys_of_eventbridge(event: Mapping[str, Any], bucket: str) -> Iterator[str]:
    if event.get("detail-type") != "Object Created":
        return
    key = _key_in(event.get("detail"), bucket)
    if key is not None:
        yield key


def _key_in(found: Any, bucket: str) -> str | None:
    """The key of an event's description; None where it is of another bucket."""
    key = _member(_member(found, "object"), "key")
    if not isinstance(key, str) or not key:
        raise NoticeError("no event of S3: an object without key")
    return key if _member(_member(found, "bucket"), "name") == bucket else None


def _member(value: Any, name: str) -> Any:
    return cast("dict[str, Any]", value).get(name) if isinstance(value, dict) else None
