import string

import botocore.exceptions
import pytest

from personalize_assets.engine.errors import InvalidInput
from personalize_assets.engine.wire.model import load_operations
from personalize_assets.engine.wire.shapes import Shape
from personalize_assets.engine.wire.validate import validate
from personalize_assets_tests.engine.clients import make_client
from personalize_assets_tests.engine.fakes import make_wire_app

NAME_PATTERN = r"^[a-zA-Z0-9][a-zA-Z0-9\-_]*"
ARN_PATTERN = r"arn:([a-z\d-]+):personalize:.*:.*:.+"
ARN = "arn:aws:personalize:us-east-1:123456789012:campaign/c"


def _shape(service: str, operation: str) -> Shape:
    return load_operations().by_name[service, operation].request


# What botocore 1.44 sends without complaint.
@pytest.mark.parametrize(
    ("service", "method", "parameters", "message"),
    [
        (
            "personalize",
            "list_recipes",
            {"maxResults": 500},
            "1 validation error detected: Value '500' at 'maxResults' failed to satisfy "
            "constraint: Member must have value less than or equal to 100",
        ),
        (
            "personalize",
            "describe_campaign",
            {"campaignArn": "bad arn"},
            "1 validation error detected: Value 'bad arn' at 'campaignArn' failed to satisfy "
            f"constraint: Member must satisfy regular expression pattern: {ARN_PATTERN}",
        ),
        (
            "personalize",
            "create_dataset_group",
            {"name": "-" * 64, "domain": "BOOKS"},
            f"2 validation errors detected: Value '{'-' * 64}' at 'name' failed to satisfy "
            "constraint: Member must have length less than or equal to 63; Value 'BOOKS' at "
            "'domain' failed to satisfy constraint: Member must satisfy enum value set: "
            "[ECOMMERCE, VIDEO_ON_DEMAND]",
        ),
        (
            "personalize-events",
            "put_events",
            {
                "trackingId": "t",
                "sessionId": "s",
                "eventList": [{"eventType": "e", "sentAt": 1}] * 20,
            },
            "at 'eventList' failed to satisfy constraint: Member must have length less than or "
            "equal to 10",
        ),
        (
            "personalize-runtime",
            "get_recommendations",
            {"campaignArn": ARN, "promotions": [{"name": "p"}] * 3},
            "at 'promotions' failed to satisfy constraint: Member must have length less than or "
            "equal to 1",
        ),
    ],
)
def test_validate__what_botocore_lets_through(
    service: str, method: str, parameters: dict, message: str
) -> None:
    client = make_client(service, make_wire_app(None).answer)
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        getattr(client, method)(**parameters)
    assert caught.value.response["Error"]["Code"] == "InvalidInputException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert message in caught.value.response["Error"]["Message"]


# What botocore would refuse, from a client that does not look.
@pytest.mark.parametrize(
    ("method", "parameters", "message"),
    [
        ("create_schema", {"name": "s"}, "Value null at 'schema' failed to satisfy constraint: "),
        ("create_schema", {}, "2 validation errors detected: Value null at 'name' failed to"),
        ("list_campaigns", {"maxResults": 0}, "Member must have value greater than or equal to 1"),
        ("list_campaigns", {"maxResults": "ten"}, "Member must be an integer of 32 bits"),
        (
            "list_campaigns",
            {"nextToken": 5},
            "Value '5' at 'nextToken' failed to satisfy constraint",
        ),
        (
            "tag_resource",
            {"resourceArn": ARN, "tags": [{"tagKey": "a", "tagValue": "b"}, {"tagKey": "c"}]},
            "Value null at 'tags.2.member.tagValue' failed to satisfy constraint: Member must not",
        ),
    ],
)
def test_validate__without_botocores_own_checks(
    method: str, parameters: dict, message: str
) -> None:
    client = make_client("personalize", make_wire_app(None).answer, validate=False)
    with pytest.raises(client.exceptions.InvalidInputException) as caught:
        getattr(client, method)(**parameters)
    assert message in caught.value.response["Error"]["Message"]


@pytest.mark.parametrize("name", ["a", "A-1_b", "9", string.ascii_lowercase, "a" * 63])
def test_validate__good_names(name: str) -> None:
    validate(_shape("personalize", "CreateDatasetGroup"), {"name": name})


@pytest.mark.parametrize("name", ["-a", "_a", "a b", "a\n", "ä", "a.b", "a/b", "名"])
def test_validate__bad_names(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        validate(_shape("personalize", "CreateDatasetGroup"), {"name": name})
    assert caught.value.message == (
        f"1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: "
        f"Member must satisfy regular expression pattern: {NAME_PATTERN}"
    )


def test_validate__map_keys_and_values() -> None:
    with pytest.raises(InvalidInput) as caught:
        validate(
            _shape("personalize-runtime", "GetRecommendations"),
            {"campaignArn": ARN, "context": {"A B": "x", "DEVICE": "y" * 1001}},
        )
    first, second = caught.value.message.split("; ")
    assert first == (
        "2 validation errors detected: Value 'A B' at 'context' failed to satisfy constraint: "
        "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: "
        r"[A-Za-z\d_]+]"
    )
    # AttributeValue is marked sensitive: the value is not repeated
    assert second == (
        "Value at 'context.DEVICE.member' failed to satisfy constraint: Member must have length "
        "less than or equal to 1000"
    )


def test_validate__long_values_are_cut_in_the_message() -> None:
    with pytest.raises(InvalidInput) as caught:
        validate(_shape("personalize", "CreateSchema"), {"name": "s", "schema": "x" * 20_001})
    assert len(caught.value.message) < 600
    assert "Member must have length less than or equal to 20000" in caught.value.message


def test_validate__length_counts_characters() -> None:
    shape = _shape("personalize", "TagResource")
    validate(shape, {"resourceArn": ARN, "tags": [{"tagKey": "\U0001d48c" * 128, "tagValue": ""}]})
    with pytest.raises(InvalidInput, match="less than or equal to 128"):
        validate(
            shape, {"resourceArn": ARN, "tags": [{"tagKey": "\U0001d48c" * 129, "tagValue": ""}]}
        )
