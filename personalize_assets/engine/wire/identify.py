"""Who asks: account and region, from the signature's header.

The signature itself is not checked, there is no secret to check it with. What is checked is that
no real AWS key is spent here, since a program that sends one believes to be talking to AWS. Keys
never appear in a message or a log.
"""

import re
from dataclasses import dataclass

from personalize_assets.engine.errors import (
    IncompleteSignature,
    MissingAuthenticationToken,
    UnrecognizedClient,
)
from personalize_assets.engine.wire.messages import HttpRequest
from personalize_assets.loopback import LOCAL_ACCOUNT, LOCAL_REGION

# SigV4: key/date/region/service/aws4_request. SigV4a leaves the region out and sends a set of them.
_CREDENTIAL = re.compile(
    r"AWS4-[A-Z0-9-]+\s+(?:.*[\s,])?Credential=(?P<key>[^/,\s]+)/(?P<scope>[^,\s]+)"
)
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_REAL_KEY = re.compile(r"(?:AKIA|ASIA)\w{12,124}", re.ASCII)  # 20 characters today, 128 at most
_REGION = re.compile(r"[a-z0-9-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom resources belong to.

    Attributes:
        account: Twelve digits.
        region: For example ``us-east-1``.
    """

    account: str
    region: str


def identify(request: HttpRequest) -> Caller:
    """Read account and region of ``request``.

    An access key of twelve digits is the account, any other stands for 123456789012.

    Raises:
        MissingAuthenticationToken: The request is not signed.
        IncompleteSignature: The header has no credential scope.
        UnrecognizedClient: The key looks like one of AWS's own.
    """
    header = request.headers.get("authorization")
    if not header:
        raise MissingAuthenticationToken(
            "The request is not signed. Use an AWS SDK or the AWS CLI with any access key, for "
            f"example {LOCAL_ACCOUNT}; a key of 12 digits is taken as the account."
        )
    match = _CREDENTIAL.match(header)
    scope = match["scope"].split("/") if match else []
    if match is None or scope[-1] != "aws4_request" or len(scope) not in (3, 4):
        raise IncompleteSignature(
            "The Authorization header must read AWS4-HMAC-SHA256 "
            "Credential=KEY/DATE/REGION/personalize/aws4_request, SignedHeaders=..., Signature=..."
        )
    if _REAL_KEY.fullmatch(match["key"]):
        raise UnrecognizedClient(
            "The access key looks like a real AWS key (AKIA or ASIA and 16 more characters). This "
            "is the local engine, not Amazon Personalize: give it dummy credentials, for example "
            f"AWS_ACCESS_KEY_ID={LOCAL_ACCOUNT} AWS_SECRET_ACCESS_KEY=local."
        )
    account = match["key"] if _ACCOUNT.fullmatch(match["key"]) else LOCAL_ACCOUNT
    region = scope[1] if len(scope) == 4 else _first_region(request)
    if not _REGION.fullmatch(region):
        raise IncompleteSignature("The region of the credential scope is not a region's name.")
    return Caller(account, region)


def _first_region(request: HttpRequest) -> str:
    regions = request.headers.get("x-amz-region-set", "").split(",")
    first = regions[0].strip()
    return first if first not in ("", "*") else LOCAL_REGION
