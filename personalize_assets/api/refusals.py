"""How the service says no: one shape of answer for every refusal."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.types import Send


def refusal(
    code: str,
    message: str,
    *,
    parameter: str | None = None,
    allowed: Sequence[str] = (),
    details: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The body of a refusal.

    Args:
        code: One word for programs, such as ``invalid_request``.
        message: One sentence for people.
        parameter: What was wrong, where it was one thing.
        allowed: What would have been allowed, where it can be listed.
        details: One entry for each thing that was wrong, where they are several.
    """
    body: dict[str, Any] = {"code": code, "message": message}
    if parameter is not None:
        body["parameter"] = parameter
    if allowed:
        body["allowed"] = list(allowed)
    if details:
        body["details"] = list(details)
    return {"error": body}


async def send_refusal(
    send: Send, status: int, code: str, message: str, retry_after_s: int | None = None
) -> None:
    """Send a refusal from outside of the application."""
    body = json.dumps(refusal(code, message)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    if retry_after_s is not None:
        headers.append((b"retry-after", b"%d" % retry_after_s))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
