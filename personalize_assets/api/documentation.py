"""The OpenAPI description and its page, which asks no other machine for anything."""

from pathlib import Path
from typing import Any, Final

import fastapi_offline
from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

_ASSETS: Final = Path(fastapi_offline.__file__).parent / "static"
_AT: Final = "/docs/assets"


def add_documentation(app: FastAPI) -> None:
    """Serve ``/docs`` with assets of this machine, and a description without status 422."""

    async def page(request: Request) -> HTMLResponse:
        root = request.scope.get("root_path", "")
        return get_swagger_ui_html(
            openapi_url=f"{root}{app.openapi_url}",
            title=f"{app.title}: API",
            swagger_js_url=f"{root}{_AT}/swagger-ui-bundle.js",
            swagger_css_url=f"{root}{_AT}/swagger-ui.css",
            swagger_favicon_url="data:,",
        )

    app.add_api_route("/docs", page, methods=["GET"], include_in_schema=False)
    app.mount(_AT, StaticFiles(directory=_ASSETS), name="docs-assets")
    app.openapi = lambda: _description(app)


def _description(app: FastAPI) -> dict[str, Any]:
    """The description, made once: requests that are not allowed are answered with 400."""
    if app.openapi_schema is None:
        found = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
        )
        for operations in found["paths"].values():
            for operation in operations.values():
                operation["responses"].pop("422", None)
        for name in ("HTTPValidationError", "ValidationError"):
            found["components"]["schemas"].pop(name, None)
        app.openapi_schema = found
    return app.openapi_schema
