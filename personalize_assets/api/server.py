"""The service as a process: listens, tells its address, answers, and ends politely."""

import gc
import logging
import sys
from collections.abc import Callable

import uvicorn

from personalize_assets.api.app import make_app
from personalize_assets.api.services import Services
from personalize_assets.engine.listening import (
    StartError,
    StopSignals,
    address_of,
    listen,
    print_address,
)

log = logging.getLogger(__name__)

EXIT_CANNOT_START = 2
_GRACE_S = 10
_KEEP_ALIVE_S = 75
_SWITCH_S = 0.0005


def serve(
    services: Services,
    host: str,
    port: int,
    announce: Callable[[str], None] = print_address,
    forwarded_by: str | None = None,
) -> int:
    """Answer until SIGTERM or SIGINT; what is being answered then is answered to its end.

    Args:
        services: What to answer with.
        host: Where to listen.
        port: Where to listen; any free one where 0.
        announce: Takes the address once connections are accepted; by default it becomes the first
            line of stdout.
        forwarded_by: Address of a proxy whose ``X-Forwarded-For`` tells the client; none where
            None.

    Returns:
        Exit code: 0 after a clean end, 2 if it could not listen (stderr says why).
    """
    stop = StopSignals()
    try:
        with listen(host, port) as listener:
            app = make_app(services)
            # Modules stay: going through all their objects holds answers up.
            gc.freeze()
            # boto3 works in threads: the loop must not wait 5 ms for each of them to pause.
            sys.setswitchinterval(_SWITCH_S)
            announce(address_of(listener))
            log.info("answers for %s at %s", services.group.name, address_of(listener))
            stop.run(uvicorn.Server(_config(app, forwarded_by)), listener)
            log.info("stopped")
    except StartError as error:
        sys.stderr.write(f"personalize-assets api: {error}\n")
        return EXIT_CANNOT_START
    return 0


def _config(app: object, forwarded_by: str | None) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # pyright: ignore[reportArgumentType]
        loop="asyncio",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=forwarded_by is not None,
        forwarded_allow_ips=forwarded_by or "",
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )
