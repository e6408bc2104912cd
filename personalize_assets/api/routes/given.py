"""What routes are given by the application that they belong to."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import BaseModel

from personalize_assets.api.asking import Asking
from personalize_assets.api.services import Services


@dataclass(frozen=True)
class Parts:
    """What the application was made of."""

    services: Services
    asking: Asking


async def parts_of(request: Request) -> Parts:
    """The parts of the application that got this request; async, or it would need a thread."""
    return request.app.state.parts


Given = Annotated[Parts, Depends(parts_of)]


class Refusal(BaseModel):
    """Why a request was refused."""

    code: str
    message: str
    parameter: str | None = None
    allowed: list[str] | None = None
    details: list[dict[str, Any]] | None = None


class RefusalAnswer(BaseModel):
    """The body of every refusal."""

    error: Refusal


REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": RefusalAnswer, "description": "Not allowed; says what would be."},
    429: {"model": RefusalAnswer, "description": "Asked too often; see Retry-After."},
    503: {"model": RefusalAnswer, "description": "Cannot be answered now; see Retry-After."},
}
"""What every endpoint that asks the service may answer beside its own answer."""
