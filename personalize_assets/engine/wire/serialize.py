"""From what an operation gives, or the error it ends with, to an HTTP response.

The mirror of ``botocore.parsers`` for the two protocols. Timestamps become seconds since 1970,
members that are None are left out as AWS leaves them out, members that the model does not know are
never sent.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from personalize_assets.engine.errors import InvalidInput, ServiceError, ValidationFailure
from personalize_assets.engine.wire.messages import HttpResponse
from personalize_assets.engine.wire.model import Operation, Protocol
from personalize_assets.engine.wire.shapes import Shape

_CONTENT_TYPES: dict[Protocol, str] = {
    "json": "application/x-amz-json-1.1",
    "rest-json": "application/json",
}


_AS_THEY_ARE = frozenset({str, int, float, bool})


def serialize(operation: Operation, result: Mapping[str, Any], request_id: str) -> HttpResponse:
    """Make the response of a successful ``operation``.

    Raises:
        TypeError: ``result`` holds a value that JSON or the model has no place for.
        ValueError: ``result`` holds a number that is not finite.
    """
    body = b"" if operation.answer is None else _dump(_plain(operation.answer, result))
    return HttpResponse(200, _headers(operation.protocol, request_id), body)


def serialize_error(
    operation: Operation | None, protocol: Protocol, error: ServiceError, request_id: str
) -> HttpResponse:
    """Make the response of a call that ended with ``error``.

    Args:
        operation: Which one; None where that was not clear yet.
        protocol: In which to say it.
        error: Its status comes from itself, or else from the model of ``operation``.
        request_id: Of the request.
    """
    if operation and isinstance(error, InvalidInput) and error.code not in operation.errors:
        error = ValidationFailure(error.message)
    status = error.status
    if status is None:
        status = 400 if operation is None else operation.error_status(error.code)
    headers = _headers(protocol, request_id)
    if protocol == "json":
        body = {"__type": error.code, "message": error.message}
    else:
        headers["x-amzn-errortype"] = error.code
        body = {"message": error.message}
    return HttpResponse(status, headers, _dump(body))


def _headers(protocol: Protocol, request_id: str) -> dict[str, str]:
    return {"content-type": _CONTENT_TYPES[protocol], "x-amzn-requestid": request_id}


def _dump(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":"), allow_nan=False).encode("ascii")


def _plain(shape: Shape, value: Any) -> Any:
    if type(value) in _AS_THEY_ARE:
        return value
    if shape.kind == "structure":
        members = shape.members
        # In the order of the answer, which costs less than to look for all that the model has.
        return {
            name: each if type(each) in _AS_THEY_ARE else _plain(members[name], each)
            for name, each in value.items()
            if each is not None and name in members
        }
    if shape.kind == "list":
        assert shape.element is not None
        return [_plain(shape.element, each) for each in value]
    if shape.kind == "map":
        assert shape.element is not None
        return {key: _plain(shape.element, each) for key, each in value.items()}
    if isinstance(value, datetime):
        return _epoch(value)
    return value


def _epoch(moment: datetime) -> float:
    if moment.tzinfo is None:
        raise TypeError(f"{moment} has no time zone")
    return round(moment.timestamp(), 3)  # AWS sends milliseconds
