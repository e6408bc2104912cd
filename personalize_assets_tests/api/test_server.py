"""The service at a port, in a thread of this process."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import uvicorn

from personalize_assets.api.calls import Calls
from personalize_assets.api.server import EXIT_CANNOT_START, serve
from personalize_assets.api.services import Services
from personalize_assets.aws.clients import Clients
from personalize_assets_tests.api.shop import SHOP


@pytest.fixture
def services(clients: Clients) -> Iterator[Services]:
    services = Services.make(SHOP, clients, calls=Calls(threads=1))
    yield services
    services.close()


def test_serve__a_port_that_is_taken(
    services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with ThreadPoolExecutor() as pool:
            code = pool.submit(serve, services, "127.0.0.1", port).result()

    assert code == EXIT_CANNOT_START
    said = f"personalize-assets api: cannot listen on 127.0.0.1 port {port}: Address already in use"
    assert said in capsys.readouterr().err


def test_serve__tells_its_address_and_answers_there(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers: list[uvicorn.Server] = []
    make = uvicorn.Server

    def remember(config: uvicorn.Config) -> uvicorn.Server:
        servers.append(make(config))
        return servers[0]

    monkeypatch.setattr(uvicorn, "Server", remember)
    told, addresses = threading.Event(), []

    def announce(address: str) -> None:
        addresses.append(address)
        told.set()

    with ThreadPoolExecutor() as pool:
        serving = pool.submit(serve, services, "127.0.0.1", 0, announce)
        assert told.wait(60)
        answer = httpx.get(f"{addresses[0]}/health", timeout=60)
        servers[0].should_exit = True
        assert serving.result(60) == 0

    assert answer.status_code == 200
    assert "server" not in answer.headers
