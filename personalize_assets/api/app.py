"""The service as one application: middleware, routes, refusals, documentation.

``make_app`` is where everything comes together, the page for people included.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Final

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from personalize_assets.api.asking import Asking
from personalize_assets.api.documentation import add_documentation
from personalize_assets.api.limits import KnownHosts, RateLimit, SizeLimit, TokenBuckets
from personalize_assets.api.page import add_page
from personalize_assets.api.refusing import add_refusals
from personalize_assets.api.request_log import HEADER, RequestLog
from personalize_assets.api.routes import health, looking_up, people, recommending
from personalize_assets.api.routes.given import Parts
from personalize_assets.api.services import ApiOptions, Services

_DESCRIPTION: Final = (
    "Recommendations of one dataset group, with titles. Refusals say what would have been allowed; "
    f"each answer has an id in `{HEADER}`, which its line in the log has too."
)


def make_app(services: Services) -> FastAPI:
    """Make the application; its start begins to read the cleaned files, its end closes services.

    Args:
        services: What it answers with.
    """

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        services.start()
        try:
            yield
        finally:
            services.close()

    app = FastAPI(
        title="personalize-assets",
        version=version("personalize-assets"),
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=life,
        middleware=_middleware(services.options),
    )
    app.state.parts = Parts(services, Asking(services))
    for part in (recommending, people, looking_up, health):
        app.include_router(part.router)
    add_refusals(app)
    add_documentation(app)
    add_page(app)
    return app


def _middleware(options: ApiOptions) -> list[Middleware]:
    """What each request passes, the outermost first."""
    found = [Middleware(RequestLog), Middleware(KnownHosts, hosts=options.hosts)]
    if options.cors_origins:
        found.append(
            Middleware(
                CORSMiddleware,
                allow_origins=list(options.cors_origins),
                allow_methods=["GET", "POST"],
                allow_headers=["Content-Type", HEADER],
                expose_headers=[HEADER, "Retry-After"],
            )
        )
    buckets = TokenBuckets(options.rate)
    return [
        *found,
        Middleware(RateLimit, buckets=buckets, rate=options.rate),
        Middleware(SizeLimit, body=options.max_body_bytes),
    ]
