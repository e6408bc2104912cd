import pytest

from personalize_assets.engine.errors import (
    IncompleteSignature,
    MissingAuthenticationToken,
    UnrecognizedClient,
)
from personalize_assets.engine.wire.identify import Caller, identify
from personalize_assets.engine.wire.messages import HttpRequest

REST = "SignedHeaders=host;x-amz-date, Signature=0f"


def _request(authorization: str | None, **headers: str) -> HttpRequest:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if authorization is not None:
        given["authorization"] = authorization
    return HttpRequest("POST", "/", given, b"")


def _signed(key: str, region: str = "us-east-1") -> HttpRequest:
    return _request(
        f"AWS4-HMAC-SHA256 Credential={key}/20261121/{region}/personalize/aws4_request, {REST}"
    )


@pytest.mark.parametrize(
    ("key", "account"),
    [
        ("123456789012", "123456789012"),
        ("000000000001", "000000000001"),
        ("test", "123456789012"),
        ("1234567890123", "123456789012"),
        ("12345678901", "123456789012"),
        ("AKIA", "123456789012"),
        ("akia00000000000000000", "123456789012"),
    ],
)
def test_identify__account(key: str, account: str) -> None:
    assert identify(_signed(key)) == Caller(account, "us-east-1")


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "us-gov-west-1"])
def test_identify__region(region: str) -> None:
    assert identify(_signed("123456789012", region)).region == region


@pytest.mark.parametrize(
    ("regions", "expected"),
    [("eu-west-1,eu-west-2", "eu-west-1"), ("*", "us-east-1"), ("", "us-east-1")],
)
def test_identify__sigv4a_names_regions_in_a_header(regions: str, expected: str) -> None:
    authorization = (
        "AWS4-ECDSA-P256-SHA256 Credential=123456789012/20261121/personalize/aws4_request, " + REST
    )
    assert identify(_request(authorization, x_amz_region_set=regions)).region == expected


def test_identify__order_and_spaces_do_not_matter() -> None:
    authorization = (
        "AWS4-HMAC-SHA256 SignedHeaders=host,Credential=000000000002/20261121/eu-west-1/"
        "personalize/aws4_request,Signature=0f"
    )
    assert identify(_request(authorization)) == Caller("000000000002", "eu-west-1")


@pytest.mark.parametrize("key", ["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"])
def test_identify__real_looking_keys_are_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(UnrecognizedClient) as caught:
        identify(_signed(key))
    assert "looks like a real AWS key" in caught.value.message
    assert "AWS_ACCESS_KEY_ID=123456789012" in caught.value.message
    assert key not in caught.value.message


@pytest.mark.parametrize("authorization", [None, ""])
def test_identify__unsigned(authorization: str | None) -> None:
    with pytest.raises(MissingAuthenticationToken, match="not signed"):
        identify(_request(authorization))


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer abc",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=123456789012, " + REST,
        "AWS4-HMAC-SHA256 Credential=/20261121/us-east-1/personalize/aws4_request, " + REST,
        "AWS4-HMAC-SHA256 Credential=a/20261121/us-east-1/personalize/aws5_request, " + REST,
        "AWS4-HMAC-SHA256 Credential=a/20261121/../personalize/aws4_request, " + REST,
        "AWS4-HMAC-SHA256 Credential=a/b/20261121/us-east-1/personalize/aws4_request, " + REST,
    ],
)
def test_identify__malformed(authorization: str) -> None:
    with pytest.raises(IncompleteSignature, match=r"Authorization header|region"):
        identify(_request(authorization))
