"""Tells errors that pass by themselves from those that somebody has to cure, and explains these.

What passes is worth another try some seconds later: throttling, a lost connection, a service that
is down. Nothing else is: a wrong configuration stays wrong however often it is sent.
"""

from collections.abc import Iterator
from typing import Final

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    HTTPClientError,
    ReadTimeoutError,
)
from botocore.exceptions import ConnectionError as BotocoreConnectionError

from personalize_assets.aws.ensuring import ConfigurationDrift
from personalize_assets.aws.kinds import error_code
from personalize_assets.aws.quotas import explain_limit
from personalize_assets.aws.waiters import THROTTLED

SERVICE_FAULTS: Final = (
    "InternalServerError",
    "InternalServerException",
    "InternalFailure",
    "InternalError",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "SlowDown",
)
"""Codes by which AWS services say that the fault is theirs."""

CONFIGURATION: Final = (
    "AccessDenied",
    "AccessDeniedException",
    "InvalidClientTokenId",
    "InvalidInputException",
    "NoSuchBucket",
    "UnrecognizedClientException",
    "ValidationException",
)
"""Codes that only a change of configuration or of permissions cures."""

_LOST = (BotocoreConnectionError, ConnectTimeoutError, ReadTimeoutError, HTTPClientError)
_SERVER_FAULT = 500


def passes(error: BaseException) -> bool:
    """Whether the same request may well succeed some seconds later."""
    if isinstance(error, _LOST):
        return True
    if not isinstance(error, ClientError):
        return False
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return error_code(error) in (*THROTTLED, *SERVICE_FAULTS) or status >= _SERVER_FAULT


def explain_refusal(error: BaseException) -> str | None:
    """Say why a request was refused for good, and what to do; None where nobody knows more.

    Looks at the error and at those that it came from, so that a time-out says what was waited for.
    """
    for one in _chain(error):
        if isinstance(one, ConfigurationDrift):
            return f"{one}: delete what exists, or declare it as it is; it was left untouched"
        if not isinstance(one, ClientError):
            continue
        if limit := explain_limit(one):
            return limit
        if error_code(one) in CONFIGURATION:
            return f"{one}: this needs another configuration or permission, not another try"
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
