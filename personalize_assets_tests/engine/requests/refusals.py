"""Calls that must be refused: with the right code, a declared one, and nothing changed.

They are sent without a client, which takes most of the time of a call and refuses some itself.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from botocore.model import OperationModel

from personalize_assets.engine.errors import CommonError
from personalize_assets.engine.wire.messages import HttpRequest
from personalize_assets_tests.engine.examples import all_operations
from personalize_assets_tests.engine.requests.opening import Site

_SIGNED = "AWS4-HMAC-SHA256 Credential={}/20240101/{}/personalize/aws4_request, Signature=0f"


@cache
def model(operation: str) -> OperationModel:
    """botocore's model of an operation."""
    [found] = [each for each in all_operations() if each.name == operation]
    return found


@cache
def declared(operation: str) -> frozenset[str]:
    """Codes of the errors that the model lists for an operation, without ``Exception``."""
    return frozenset(
        shape.name.removesuffix("Exception") for shape in model(operation).error_shapes
    )


def as_sent(
    operation: str,
    request: Mapping[str, Any],
    *,
    account: str = "123456789012",
    region: str = "us-east-1",
) -> HttpRequest:
    """What a client would send."""
    metadata = model(operation).service_model.metadata
    headers = {"authorization": _SIGNED.format(account, region)}
    if metadata["protocol"] == "json":
        headers["x-amz-target"] = f"{metadata['targetPrefix']}.{operation}"
    body = json.dumps(request, default=datetime.timestamp).encode()
    return HttpRequest("POST", model(operation).http["requestUri"], headers, body)


def outcome(
    operation: str, status: int, headers: Mapping[str, str], body: bytes
) -> tuple[str, str]:
    """Code, without ``Exception``, and message of a refusal; ``accepted`` and the answer's JSON.

    Any other answer than one that the operation may give by its model fails.
    """
    if status == 200:
        return "accepted", body.decode()
    document = json.loads(body)
    code = document.get("__type") or headers["x-amzn-errortype"]
    common = {kind.code for kind in CommonError.__subclasses__()} - {"InternalFailure"}
    plain = code.removesuffix("Exception")
    assert plain in declared(operation) or code in common, (operation, document)
    return plain, document["message"]


def refusal(
    site: Site, operation: str, request: Mapping[str, Any], **caller: str
) -> tuple[str, str]:
    """Make a call, which should be refused, and give its `outcome`."""
    assert site.backend.app is not None
    answer = site.backend.app.answer(as_sent(operation, request, **caller))
    return outcome(operation, answer.status, answer.headers, answer.body)
