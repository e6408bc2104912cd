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


def refusal(
    site: Site,
    operation: str,
    request: Mapping[str, Any],
    *,
    account: str = "123456789012",
    region: str = "us-east-1",
) -> tuple[str, str]:
    """Code, without ``Exception``, and message of the refusal of a call.

    Of a call that is accepted ``accepted`` and the JSON of the answer. Any other answer than one
    that the operation may give by its model fails.
    """
    metadata = model(operation).service_model.metadata
    headers = {"authorization": _SIGNED.format(account, region)}
    if metadata["protocol"] == "json":
        headers["x-amz-target"] = f"{metadata['targetPrefix']}.{operation}"
    body = json.dumps(request, default=datetime.timestamp).encode()
    path = model(operation).http["requestUri"]
    assert site.backend.app is not None
    answer = site.backend.app.answer(HttpRequest("POST", path, headers, body))
    if answer.status == 200:
        return "accepted", answer.body.decode()
    document = json.loads(answer.body)
    code = document.get("__type") or answer.headers["x-amzn-errortype"]
    common = {kind.code for kind in CommonError.__subclasses__()} - {"InternalFailure"}
    plain = code.removesuffix("Exception")
    assert plain in declared(operation) or code in common, (operation, document)
    return plain, document["message"]
