"""From what goes wrong in a route to a refusal that says what would have been allowed."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from personalize_assets.api.calls import Forbidden, Invalid, Unavailable
from personalize_assets.api.questions import NotAllowed, NothingAnswers
from personalize_assets.api.refusals import refusal
from personalize_assets.api.request_log import note

_CODES: Final = {
    400: "invalid_request",
    404: "no_such_path",
    405: "method_not_allowed",
    413: "body_too_large",
}
_SHOULD: Final = re.compile(r"^\w+ should ")  # as pydantic begins: "String should have at least"
_ORDERED: Final = ("query", "body", "path", "header")


def add_refusals(app: FastAPI) -> None:
    """Let the application answer what is raised in its routes."""
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(NotAllowed, _not_allowed)
    app.add_exception_handler(Invalid, _invalid)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(Forbidden, _forbidden)
    app.add_exception_handler(HTTPException, _http)


def _answer(
    status: int, code: str, message: str, headers: Mapping[str, str] | None = None, **more: Any
) -> JSONResponse:
    note(refused=code)
    return JSONResponse(refusal(code, message, **more), status, headers)


async def _not_valid(request: Request, error: Any) -> JSONResponse:
    details = [_detail(one, request) for one in error.errors()]
    message = "; ".join(dict.fromkeys(one["message"] for one in details))
    first = details[0]
    return _answer(
        400,
        "invalid_request",
        message,
        parameter=first["parameter"] if len(details) == 1 else None,
        allowed=first.get("allowed", ()) if len(details) == 1 else (),
        details=details if len(details) > 1 else (),
    )


async def _not_allowed(_: Request, error: Any) -> JSONResponse:
    code = "nothing_answers" if isinstance(error, NothingAnswers) else "invalid_request"
    return _answer(400, code, str(error), parameter=error.parameter, allowed=error.allowed)


async def _invalid(_: Request, error: Any) -> JSONResponse:
    return _answer(400, "refused_by_service", str(error))


async def _unavailable(_: Request, error: Any) -> JSONResponse:
    headers = {"Retry-After": str(error.retry_after_s)}
    return _answer(503, error.code, str(error), headers)


async def _forbidden(_: Request, error: Any) -> JSONResponse:
    return _answer(502, "forbidden_by_service", str(error))


async def _http(request: Request, error: Any) -> JSONResponse:
    code = _CODES.get(error.status_code, "refused")
    message = str(error.detail)
    if error.status_code == 404:
        message = f"there is no {request.url.path}; /docs shows what there is"
    elif error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        message = f"{request.method} is not allowed for {request.url.path}, but {allowed} is"
    return _answer(error.status_code, code, message, error.headers)


def _detail(error: Mapping[str, Any], request: Request) -> dict[str, Any]:
    """One thing that is wrong with a request, in a sentence that names it and what is allowed."""
    place, kind = list(error["loc"]), error["type"]
    if place and place[0] in _ORDERED:
        place = place[1:]
    name = ".".join(map(str, place)) or "the request"
    if kind == "missing":
        return {"parameter": name, "message": f"{name} is required"}
    if kind == "extra_forbidden":
        allowed = _allowed_names(request)
        said = f"there is no parameter {name}; allowed are {', '.join(allowed)}"
        return {"parameter": name, "message": said, "allowed": allowed}
    if kind == "json_invalid":
        said = f"the body is not JSON: {error.get('ctx', {}).get('error', error['msg'])}"
        return {"parameter": "body", "message": said}
    if kind == "model_attributes_type":
        said = "the body must be a JSON object, sent as Content-Type: application/json"
        return {"parameter": "body", "message": said}
    if kind == "value_error":
        said = str(error["msg"]).removeprefix("Value error, ")
        return {"parameter": name, "message": said if not place else f"{name}: {said}"}
    said = _SHOULD.sub("", str(error["msg"]))
    return {"parameter": name, "message": f"{name} must {said}, got {_short(error['input'])}"}


def _allowed_names(request: Request) -> Sequence[str]:
    """Names that the query or the body of the request's route may hold."""
    route: Any = request.scope["route"]
    models = [one.field_info.annotation for one in route.dependant.query_params]
    models += [one.field_info.annotation for one in route.dependant.body_params]
    return [name for model in models for name in getattr(model, "model_fields", ())]


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
