"""Bodies of messages as S3, SNS and EventBridge write them, and as nobody should."""

import json
from typing import Any

import pytest

from personalize_assets.aws.notices import NoticeError, parse_notices

KEY = "drop/Zoë & 100% käse+日本 ....json"
# What S3 makes of KEY, by hand: UTF-8, percent signs, and a plus for each space.
ENCODED = "drop/Zo%C3%AB+%26+100%25+k%C3%A4se%2B%E6%97%A5%E6%9C%AC+....json"


def record(key: str = ENCODED, event: str = "ObjectCreated:Put", bucket: str = "b") -> Any:
    found = {"bucket": {"name": bucket}, "object": {"key": key, "eTag": "e", "sequencer": "0A"}}
    return {"eventSource": "aws:s3", "eventName": event, "s3": found}


def from_s3(*records: Any) -> str:
    return json.dumps({"Records": records})


def in_sns(body: str) -> str:
    return json.dumps(
        {"Type": "Notification", "TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": body}
    )


def from_eventbridge(kind: str = "Object Created", bucket: str = "b") -> str:
    detail = {"bucket": {"name": bucket}, "object": {"key": KEY, "etag": "e"}}
    return json.dumps({"source": "aws.s3", "detail-type": kind, "detail": detail})


@pytest.mark.parametrize(
    "body",
    [
        from_s3(record()),
        from_s3(record(event="s3:ObjectCreated:CompleteMultipartUpload")),
        in_sns(from_s3(record())),
        from_eventbridge(),
        in_sns(from_eventbridge()),
    ],
    ids=["S3", "named with s3:", "SNS", "EventBridge", "EventBridge in SNS"],
)
def test_parse_notices__reads_every_dress(body: str) -> None:
    assert parse_notices(body, "b") == (KEY,)


def test_parse_notices__reads_all_records_of_a_message_in_order() -> None:
    body = from_s3(record("b.json"), record("a.json", event="ObjectCreated:Copy"), record("b.json"))

    assert parse_notices(body, "b") == ("b.json", "a.json", "b.json")


@pytest.mark.parametrize(
    "body",
    [
        from_s3(record(event="ObjectRemoved:Delete")),
        from_s3(record(event="ObjectTagging:Put")),
        from_s3(record(bucket="another")),
        from_s3(),
        json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}),
        from_eventbridge(kind="Object Deleted"),
        from_eventbridge(bucket="another"),
    ],
    ids=[
        "removed",
        "tagged",
        "another bucket",
        "no records",
        "test",
        "EventBridge removed",
        "EventBridge another",
    ],
)
def test_parse_notices__passes_over_what_is_no_new_object(body: str) -> None:
    assert parse_notices(body, "b") == ()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("hello", "not JSON"),
        ("[1]", "expected an object, got list"),
        ('{"order": 7}', "members order"),
        ("{}", "members none"),
        ('{"Records": 7}', "Records is no list"),
        (from_s3({"eventName": "ObjectCreated:Put", "s3": {"object": {}}}), "without key"),
        ('{"source": "aws.s3", "detail-type": "Object Created"}', "without key"),
        (in_sns(in_sns(in_sns(in_sns("{}")))), "more than 3 envelopes"),
    ],
)
def test_parse_notices__says_what_is_no_event(body: str, said: str) -> None:
    with pytest.raises(NoticeError, match=said):
        parse_notices(body, "b")
