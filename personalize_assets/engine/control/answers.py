"""What control requests carry and what they are answered: JSON both ways, errors in one form.

Knows nothing of any one path.
"""

import json
from datetime import datetime
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse

from personalize_assets.engine.settings import describe_problems

MAX_BODY_BYTES: Final = 1 << 20
_M = TypeVar("_M", bound=BaseModel)


class ControlError(Exception):
    """A control request is refused.

    Args:
        status: HTTP status.
        message: What was wrong and what is allowed, in one line.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def error_answer(error: ControlError) -> JSONResponse:
    """The answer to a refused request: ``{"error": message}``."""
    return JSONResponse({"error": error.message}, error.status)


async def read_json(request: Request) -> Any:
    """Read the body of a request; an empty one is an empty object.

    Raises:
        ControlError: It is too long or not JSON.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise ControlError(413, f"the body is larger than {MAX_BODY_BYTES} bytes")
    try:
        return json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise ControlError(400, f"the body is not JSON: {error}") from None


def check(model: type[_M], document: Any) -> _M:
    """Bring a document into the form of a model.

    Raises:
        ControlError: It does not fit; the message names each member that is wrong.
    """
    if not isinstance(document, dict):
        raise ControlError(400, f"a JSON object is needed, got {json.dumps(document)[:100]}")
    try:
        return model.model_validate(document)
    except ValidationError as error:
        allowed = ", ".join(model.model_fields)
        raise ControlError(400, f"{describe_problems(error)} (members: {allowed})") from None


def iso(moment: datetime | None) -> str | None:
    """A moment as ISO 8601."""
    return moment.isoformat() if moment is not None else None
