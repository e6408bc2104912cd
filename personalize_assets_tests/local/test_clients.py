"""Clients of the local deployment: revived stacks, and traps that would lead a request away."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from personalize_assets.aws.clients import Clients, make_clients
from personalize_assets.aws.deployment import Deployment
from personalize_assets.aws.endpoints import Endpoints
from personalize_assets.aws.objects import Bucket
from personalize_assets.local.clients import open_clients
from personalize_assets.local.stack import StackOptions
from personalize_assets.loopback import NotLoopbackError
from personalize_assets_tests.local.conftest import pid_of

CONFIG = """
[profile trap]
region = eu-north-1
endpoint_url = http://{address}
services = trapped
use_fips_endpoint = true
use_dualstack_endpoint = true
credential_process = false
s3 =
    use_accelerate_endpoint = true
    addressing_style = virtual
    endpoint_url = http://{address}
[services trapped]
s3 =
    endpoint_url = http://{address}
personalize =
    endpoint_url = http://{address}
"""


@pytest.fixture
def deployment(state_dir: Path) -> Deployment:
    """A local deployment with a state folder of its own."""
    return Deployment.from_environment({"PERSONALIZE_ASSETS_STATE_DIR": str(state_dir)})


@pytest.fixture
def trap() -> Iterator[tuple[str, list[Any]]]:
    """An address that nobody may call, and who did."""
    caught: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def watch() -> None:
            while True:
                try:
                    connection, caller = server.accept()
                except OSError:
                    return
                caught.append(caller)
                connection.close()

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        yield f"127.0.0.1:{server.getsockname()[1]}", caught
        server.shutdown(socket.SHUT_RDWR)
        watcher.join(5)


def set_traps(monkeypatch: pytest.MonkeyPatch, address: str, folder: Path) -> None:
    config = folder / "config"
    config.write_text(CONFIG.format(address=address))
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # another test may have made one
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, f"http://{address}")
    for name in ("", "_S3", "_PERSONALIZE", "_PERSONALIZE_RUNTIME", "_PERSONALIZE_EVENTS", "_STS"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL{name}", f"http://{address}")
    for name, value in {
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(config),
        "AWS_PROFILE": "trap",
        "AWS_DEFAULT_PROFILE": "trap",
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "token",
        "AWS_REGION": "eu-north-1",
        "AWS_DEFAULT_REGION": "eu-north-1",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_USE_DUALSTACK_ENDPOINT": "true",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": f"http://{address}",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://{address}",
        "AWS_CA_BUNDLE": str(config),
        "NO_PROXY": "",
    }.items():
        monkeypatch.setenv(name, value)


def use_all(clients: Clients) -> None:
    """One request to each service; the stand-in engine answers anything."""
    Bucket(clients.s3, "films").ensure(create=True)
    clients.s3.put_object(Bucket="films", Key="a", Body=b"content")
    assert clients.s3.get_object(Bucket="films", Key="a")["Body"].read() == b"content"
    clients.personalize.list_recipes()
    clients.personalize_runtime.get_recommendations(
        campaignArn="arn:aws:personalize:us-east-1:123456789012:campaign/x"
    )
    clients.personalize_events.put_items(datasetArn="arn:x", items=[{"itemId": "1"}])


def test_open_clients__nothing_leaves_loopback(
    deployment: Deployment,
    options: StackOptions,
    trap: tuple[str, list[Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address, caught = trap
    set_traps(monkeypatch, address, tmp_path)
    connected: list[Any] = []
    connect = socket.socket.connect

    def spy(self: socket.socket, peer: Any) -> None:
        connected.append(peer)
        connect(self, peer)

    monkeypatch.setattr(socket.socket, "connect", spy)
    clients = open_clients(deployment, options)
    use_all(clients)

    assert caught == []
    assert connected
    assert {peer[0] for peer in connected} == {"127.0.0.1"}
    assert clients.s3.meta.region_name == "us-east-1"


def test_open_clients__traps_work_at_all(
    trap: tuple[str, list[Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the test above relies on: plain boto3 walks into them."""
    set_traps(monkeypatch, trap[0], tmp_path)
    for name in ("AWS_CA_BUNDLE", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    with pytest.raises(Exception, match=r"(?i)connect|proxy"):
        boto3.client("personalize").list_recipes()
    assert trap[1]


@pytest.mark.parametrize("victim", ["engine", "s3", "supervisor"])
def test_open_clients__survive_a_kill(
    deployment: Deployment, options: StackOptions, state_dir: Path, victim: str
) -> None:
    clients = open_clients(deployment, options)
    use_all(clients)
    os.kill(pid_of(state_dir, victim), signal.SIGKILL)

    use_all(clients)


def test_open_clients__survive_an_idle_stop(
    deployment: Deployment, options: StackOptions, state_dir: Path
) -> None:
    clients = open_clients(deployment, options)
    os.kill(pid_of(state_dir, "supervisor"), signal.SIGTERM)

    use_all(clients)


def test_make_clients__local_refuses_other_hosts(deployment: Deployment) -> None:
    with pytest.raises(NotLoopbackError, match=r"s3\.amazonaws\.com is not on this machine"):
        make_clients(deployment, Endpoints("http://127.0.0.1:1", "https://s3.amazonaws.com"))
