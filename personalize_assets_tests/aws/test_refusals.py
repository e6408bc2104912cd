"""What passes by itself is told from what somebody has to cure."""

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from personalize_assets.aws.ensuring import ConfigurationDrift
from personalize_assets.aws.refusals import explain_refusal, passes
from personalize_assets.aws.waiters import ResourceFailed, WaitTimeout

URL = "http://127.0.0.1:1"


def refusal(code: str, status: int = 400) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}},
        "CreateSolution",
    )


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (refusal("ThrottlingException"), True),
        (refusal("TooManyRequestsException", 429), True),
        (refusal("InternalServerError"), True),
        (refusal("SomethingNew", 503), True),
        (refusal("SlowDown", 503), True),
        (EndpointConnectionError(endpoint_url=URL), True),
        (ConnectionClosedError(endpoint_url=URL), True),
        (ReadTimeoutError(endpoint_url=URL), True),
        (refusal("InvalidInputException"), False),
        (refusal("AccessDeniedException", 403), False),
        (refusal("LimitExceededException"), False),
        (refusal("ResourceNotFoundException"), False),
        (NoCredentialsError(), False),
        (ResourceFailed("arn", "CREATE FAILED", "too few rows"), False),
        (WaitTimeout("still CREATE PENDING"), False),
        (KeyError("arn"), False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_passes(error: Exception, expected: bool) -> None:
    assert passes(error) is expected


def test_explain_refusal__names_the_quota_that_a_timeout_waited_for() -> None:
    timeout = WaitTimeout("create solution films-sims was still refused")
    timeout.__cause__ = refusal("LimitExceededException")

    said = explain_refusal(timeout)

    assert said is not None
    assert "10 solutions for each dataset group" in said


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConfigurationDrift("solution s exists otherwise"), "declare it as it is"),
        (refusal("InvalidInputException"), "needs another configuration or permission"),
    ],
)
def test_explain_refusal__says_what_to_do(error: Exception, expected: str) -> None:
    said = explain_refusal(error)

    assert said is not None
    assert said.startswith(str(error))
    assert expected in said


@pytest.mark.parametrize("error", [KeyError("arn"), refusal("ThrottlingException")])
def test_explain_refusal__is_silent_about_the_rest(error: Exception) -> None:
    assert explain_refusal(error) is None
