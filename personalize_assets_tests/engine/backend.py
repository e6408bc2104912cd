"""Where the clients of the engine's tests send to: an app in this process, or behind a real port.

boto3 clients take a tenth of a second to make, so that they are made once; the app behind them is
exchanged for each test.
"""

import os
import threading
import time
from functools import cache
from typing import Any

import uvicorn
from botocore.model import OperationModel
from starlette.types import Receive, Scope, Send

from personalize_assets.engine.errors import CommonError
from personalize_assets.engine.wire.app import EngineApp
from personalize_assets.engine.wire.messages import HttpRequest, HttpResponse
from personalize_assets_tests.engine.clients import make_client

_START_TIMEOUT_S = 30


class Backend:
    """Hands requests to the app of the running test.

    Attributes:
        app: That app.
        endpoint: Address of a real port; None if all stays in this process.
    """

    def __init__(self) -> None:
        self.app: EngineApp | None = None
        self.endpoint: str | None = None
        self.client = cache(self._client)

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer in this process."""
        assert self.app is not None, "no test is running"
        return self.app.answer(request)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer on a real port."""
        assert self.app is not None, "no test is running"
        await self.app(scope, receive, send)

    def _client(
        self,
        service: str,
        *,
        access_key: str = "123456789012",
        region: str = "us-east-1",
        validate: bool = True,
    ) -> Any:
        client = make_client(
            service,
            self.endpoint or self.answer,
            access_key=access_key,
            region=region,
            validate=validate,
        )
        client.meta.events.register("after-call", _check_error)
        return client


def _check_error(parsed: dict[str, Any], model: OperationModel, **_: Any) -> None:
    """Whatever a test is about: an error is one that the operation declares, or a common one."""
    code = parsed.get("Error", {}).get("Code")
    declared = {shape.name for shape in model.error_shapes}
    common = {kind.code for kind in CommonError.__subclasses__()}
    assert code is None or code in declared | common, f"{model.name} does not declare {code}"


class ServedBackend(Backend):
    """A backend behind a real port, served by a thread."""

    def __init__(self) -> None:
        super().__init__()
        config = uvicorn.Config(
            self, port=0, http="httptools", lifespan="off", log_config=None, access_log=False
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="engine", daemon=True)
        self._thread.start()
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not self._server.started:
            assert self._thread.is_alive(), "the server did not start"
            assert time.monotonic() < deadline, "the server takes too long to start"
            time.sleep(0.005)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        """End the server and wait for it."""
        self._server.should_exit = True
        self._thread.join()


def wants_server() -> bool:
    """Tell whether ENGINE_TEST_SERVER asks for a real port."""
    return os.environ.get("ENGINE_TEST_SERVER", "") not in ("", "0")
